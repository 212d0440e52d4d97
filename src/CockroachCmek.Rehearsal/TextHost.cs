using System.Collections.ObjectModel;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;
using System.Text.RegularExpressions;

namespace CockroachCmek.Rehearsal;

/// <summary>A PowerShell host that writes text: what a console of 80 columns shows, without colours.</summary>
/// <param name="writer">What is written to.</param>
/// <param name="width">Another width than 80.</param>
/// <param name="showProgress">Writes each change of a progress bar as a line.</param>
/// <param name="keepColours">Leaves the escape sequences of colours in the text, for a picture.</param>
internal sealed class TextHost(TextWriter writer, int width = 80, bool showProgress = false, bool keepColours = false)
    : PSHost
{
    private readonly TextHostUI _ui = new(writer, width, showProgress, keepColours);

    public override CultureInfo CurrentCulture => CultureInfo.InvariantCulture;

    public override CultureInfo CurrentUICulture => CultureInfo.GetCultureInfo("en-US");

    public override Guid InstanceId { get; } = Guid.NewGuid();

    public override string Name => "CockroachCmek.Rehearsal";

    public override Version Version => new(1, 0);

    public override PSHostUserInterface UI => _ui;

    public int? ExitCode { get; private set; }

    public override void SetShouldExit(int exitCode) => ExitCode = exitCode;

    public override void EnterNestedPrompt() => throw new PSNotSupportedException("This host has no prompt.");

    public override void ExitNestedPrompt() { }

    public override void NotifyBeginApplication() { }

    public override void NotifyEndApplication() { }

    private sealed class TextHostUI(TextWriter writer, int width, bool showProgress, bool keepColours)
        : PSHostUserInterface
    {
        private readonly TextRawUI _raw = new(width);
        private readonly Dictionary<int, string> _shown = [];

        public override PSHostRawUserInterface RawUI => _raw;

        public override bool SupportsVirtualTerminal => keepColours;

        public override void Write(string value) => writer.Write(Plain(value));

        public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) =>
            writer.Write(Plain(value));

        public override void WriteLine(string value) => writer.WriteLine(Plain(value));

        public override void WriteErrorLine(string value) => writer.WriteLine(Plain(value));

        public override void WriteWarningLine(string message) => writer.WriteLine($"WARNING: {Plain(message)}");

        public override void WriteVerboseLine(string message) => writer.WriteLine($"VERBOSE: {Plain(message)}");

        public override void WriteDebugLine(string message) => writer.WriteLine($"DEBUG: {Plain(message)}");

        /// <summary>Writes one line for each change of a status, because a log cannot redraw a bar.</summary>
        public override void WriteProgress(long sourceId, ProgressRecord record)
        {
            if (!showProgress || record.RecordType == ProgressRecordType.Completed)
                return;
            // "ENABLING for 00:01:20", "for 00:00:20": the time would make every poll a new line.
            var status = Regex.Replace(record.StatusDescription, @"(^| )for [\d:.]+$", "");
            var text = status.Length == 0 ? record.Activity : $"{record.Activity}: {status}";
            if (_shown.TryGetValue(record.ActivityId, out var last) && last == text)
                return;
            _shown[record.ActivityId] = text;
            writer.WriteLine($"{(record.ParentActivityId < 0 ? "  " : "     ")}[{Plain(text)}]");
        }

        public override string ReadLine() => throw NoPrompt("input");

        public override SecureString ReadLineAsSecureString() => throw NoPrompt("a secret");

        public override Dictionary<string, PSObject> Prompt(
            string caption,
            string message,
            Collection<FieldDescription> descriptions
        ) => throw NoPrompt(string.Join(", ", descriptions.Select(d => d.Name)));

        public override int PromptForChoice(
            string caption,
            string message,
            Collection<ChoiceDescription> choices,
            int defaultChoice
        ) => throw NoPrompt(caption);

        public override PSCredential PromptForCredential(
            string caption,
            string message,
            string userName,
            string targetName
        ) => throw NoPrompt("a credential");

        public override PSCredential PromptForCredential(
            string caption,
            string message,
            string userName,
            string targetName,
            PSCredentialTypes allowedCredentialTypes,
            PSCredentialUIOptions options
        ) => throw NoPrompt("a credential");

        /// <summary>
        /// PowerShell's formatting colours its headers even for a host without colours. Any other control character
        /// comes from outside, and a terminal would obey it.
        /// </summary>
        private string Plain(string text) =>
            Regex.Replace(text, @"\u001b\[[0-9;]*m|[\p{Cf}\p{Cc}-[\r\n\t]]", hidden => hidden.Length == 1
                    ? $"\\u{(int)hidden.Value[0]:X4}"
                : keepColours ? hidden.Value
                : "");

        // As in a runbook, a prompt is an error.
        private static PSInvalidOperationException NoPrompt(string what) =>
            new($"The rehearsal cannot prompt for {what}.");
    }

    private sealed class TextRawUI(int width) : PSHostRawUserInterface
    {
        public override ConsoleColor BackgroundColor { get; set; }

        public override Size BufferSize { get; set; } = new(width, 3_000);

        public override Coordinates CursorPosition { get; set; }

        public override int CursorSize { get; set; }

        public override ConsoleColor ForegroundColor { get; set; }

        public override bool KeyAvailable => false;

        public override Size MaxPhysicalWindowSize => new(width, 3_000);

        public override Size MaxWindowSize => new(width, 3_000);

        public override Coordinates WindowPosition { get; set; }

        public override Size WindowSize { get; set; } = new(width, 50);

        public override string WindowTitle { get; set; } = "";

        public override void FlushInputBuffer() { }

        public override BufferCell[,] GetBufferContents(Rectangle rectangle) => new BufferCell[0, 0];

        public override KeyInfo ReadKey(ReadKeyOptions options) =>
            throw new PSInvalidOperationException("The rehearsal cannot wait for a key.");

        public override void ScrollBufferContents(
            Rectangle source,
            Coordinates destination,
            Rectangle clip,
            BufferCell fill
        ) { }

        public override void SetBufferContents(Coordinates origin, BufferCell[,] contents) { }

        public override void SetBufferContents(Rectangle rectangle, BufferCell fill) { }
    }
}
