using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Text.RegularExpressions;
using CockroachCmek.Session;

namespace CockroachCmek.Completion;

/// <summary>
/// Offers values that are known without a call: from the session, from files on this machine, or fixed. Tab never
/// waits for a cloud.
/// </summary>
public abstract class ValueCompleter : IArgumentCompleter
{
    /// <summary>Text that the parser takes for one argument as it is.</summary>
    private static readonly Regex Plain = new(@"^[A-Za-z0-9/_][\w./:-]*$", RegexOptions.CultureInvariant);

    /// <summary>The values that can be offered, the best first.</summary>
    private protected abstract IEnumerable<Candidate> Candidates(CommandLineSoFar line);

    /// <summary>Called by the engine.</summary>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName,
        string parameterName,
        string wordToComplete,
        CommandAst commandAst,
        IDictionary fakeBoundParameters
    )
    {
        var word = (wordToComplete ?? "").Trim('\'', '"');
        var line = new CommandLineSoFar(parameterName, word, commandAst, fakeBoundParameters);
        var pattern = new WildcardPattern(WildcardPattern.Escape(word) + "*", WildcardOptions.IgnoreCase);
        return
        [
            .. Candidates(line)
                .Where(c => c.Text.Length > 0 && (pattern.IsMatch(c.Text) || pattern.IsMatch(c.Label)))
                .GroupBy(c => c.Text, StringComparer.OrdinalIgnoreCase)
                .Select(group => group.First())
                .Select(c => new CompletionResult(
                    c.IsExpression ? c.Text : Quoted(c.Text),
                    c.Label,
                    CompletionResultType.ParameterValue,
                    c.ToolTip.Length > 0 ? c.ToolTip : c.Text
                )),
        ];
    }

    /// <summary>Quotes text that the parser would split or misread.</summary>
    private static string Quoted(string text) =>
        Plain.IsMatch(text) ? text : $"'{CodeGeneration.EscapeSingleQuotedStringContent(text)}'";
}

/// <summary>A value to offer: what is typed, what the list shows, and what it is.</summary>
internal sealed record Candidate(string Text, string Label, string ToolTip)
{
    public Candidate(string text, string toolTip)
        : this(text, text, toolTip) { }

    /// <summary>True for PowerShell, such as a variable: it is not quoted.</summary>
    public bool IsExpression { get; private init; }

    public static Candidate Expression(string text, string toolTip) => new(text, toolTip) { IsExpression = true };
}
