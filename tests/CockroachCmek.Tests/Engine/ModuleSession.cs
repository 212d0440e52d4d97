using System.Management.Automation;
using System.Management.Automation.Runspaces;
using CockroachCmek.Rehearsal;

namespace CockroachCmek.Tests.Engine;

/// <summary>A PowerShell with the staged module imported, and what a script wrote to each of its streams.</summary>
public sealed class ModuleSession : IDisposable
{
    /// <summary>Connects to the sandbox with its administrator's API key; parameters may follow.</summary>
    public const string Connect =
        "Connect-CrdbCloud -Endpoint $sandbox.CloudEndpoint "
        + "-ApiKey ([System.Net.NetworkCredential]::new('', $sandbox.ApiKey).SecurePassword)";

    private readonly StringWriter _screen = new();
    private readonly SecretNet _secrets;

    public ModuleSession(bool import = true, int width = 80)
    {
        Runspace = ModuleEngine.Open(new TextHost(_screen, width), import);
        _secrets = new SecretNet(Runspace);
        ShowVerbose(true);
    }

    public Runspace Runspace { get; }

    /// <summary>What the host was made to show, "What if:" lines for example.</summary>
    public string Screen => ScreenAfter(0);

    /// <summary>The object in $sandbox, the session's sandbox.</summary>
    public PSObject Sandbox =>
        PSObject.AsPSObject(
            Runspace.SessionStateProxy.GetVariable("sandbox")
                ?? throw new InvalidOperationException("The session has no $sandbox.")
        );

    /// <summary>A session that is connected to a sandbox of its own; $sandbox holds it.</summary>
    public static ModuleSession WithSandbox(double timeScale = 6_000, bool record = false, string? scenario = null)
    {
        var session = new ModuleSession();
        session
            .Run(
                $"$sandbox = Start-CrdbSandbox -TimeScale {timeScale} -Record:${record}"
                    + (scenario is null ? "" : $" -Scenario {scenario}")
            )
            .Succeeds();
        return session;
    }

    /// <summary>Runs a script as a user would type it.</summary>
    public ScriptResult Run(string script, params (string Name, object? Value)[] variables)
    {
        foreach (var (name, value) in variables)
            Runspace.SessionStateProxy.SetVariable(name, value);
        using var shell = PowerShell.Create();
        shell.Runspace = Runspace;
        shell.AddScript(script, useLocalScope: false);
        var output = new List<PSObject>();
        var before = ScreenLength;
        ErrorRecord? terminating = null;
        try
        {
            shell.Invoke(null, output);
        }
        catch (RuntimeException fault)
        {
            terminating = fault.ErrorRecord;
        }

        var result = new ScriptResult(
            output,
            [.. shell.Streams.Error],
            terminating,
            [.. shell.Streams.Warning.Select(w => w.Message)],
            [.. shell.Streams.Verbose.Select(v => v.Message)],
            [.. shell.Streams.Progress]
        );
        _secrets.Search(script, result, ScreenAfter(before));
        return result;
    }

    /// <summary>Runs a script through PowerShell's formatting, and returns the screen's lines.</summary>
    public string Display(string script)
    {
        using var shell = PowerShell.Create();
        shell.Runspace = Runspace;
        var before = ScreenLength;
        shell.AddScript(script, useLocalScope: false).AddCommand("Out-Default");
        ShowVerbose(false);
        shell.Invoke();
        ShowVerbose(true);
        return ScreenAfter(before).Replace("\r", "", StringComparison.Ordinal);
    }

    public void Dispose()
    {
        try
        {
            _secrets.SearchRecording();
            Run("Stop-CrdbSandbox");
        }
        finally
        {
            Runspace.Dispose();
            _screen.Dispose();
        }
    }

    // A long session shows megabytes. To copy them for each script would keep the garbage collector busy.
    private int ScreenLength
    {
        get
        {
            lock (_screen)
                return _screen.GetStringBuilder().Length;
        }
    }

    private string ScreenAfter(int length)
    {
        lock (_screen)
            return _screen.GetStringBuilder().ToString(length, _screen.GetStringBuilder().Length - length);
    }

    /// <summary>
    /// Verbose text is written in every test, so that it is searched for secrets; what a person sees on the screen has
    /// none by default.
    /// </summary>
    private void ShowVerbose(bool shown) =>
        Runspace.SessionStateProxy.SetVariable(
            "VerbosePreference",
            shown ? ActionPreference.Continue : ActionPreference.SilentlyContinue
        );
}

/// <summary>What a script wrote.</summary>
public sealed record ScriptResult(
    IReadOnlyList<PSObject> Output,
    IReadOnlyList<ErrorRecord> Errors,
    ErrorRecord? Terminating,
    IReadOnlyList<string> Warnings,
    IReadOnlyList<string> Verbose,
    IReadOnlyList<ProgressRecord> Progress
)
{
    /// <summary>Every error id, the terminating one last; the part before the comma.</summary>
    public IReadOnlyList<string> ErrorIds => [.. AllErrors.Select(e => e.FullyQualifiedErrorId.Split(',')[0])];

    public IEnumerable<ErrorRecord> AllErrors => Terminating is null ? Errors : Errors.Append(Terminating);

    /// <summary>Asserts that nothing went wrong.</summary>
    public ScriptResult Succeeds()
    {
        Assert.True(
            !AllErrors.Any(),
            string.Join(
                "\n",
                AllErrors.Select(e => $"{e.FullyQualifiedErrorId}: {e.ErrorDetails?.Message ?? e.Exception.ToString()}")
            )
        );
        return this;
    }

    /// <summary>
    /// Asserts that exactly this fault was reported, in words that name the thing and the next command.
    /// </summary>
    public ErrorRecord FailsWith(string errorId)
    {
        var errors = AllErrors.ToList();
        Assert.True(errors.Count > 0, $"Expected the error {errorId}, but nothing failed.");
        var error = Assert.Single(errors);
        Assert.Equal(errorId, error.FullyQualifiedErrorId.Split(',')[0]);
        Assert.False(string.IsNullOrEmpty(error.ErrorDetails?.RecommendedAction), $"{errorId} names no next command.");
        return error;
    }

    /// <summary>The only object that was written.</summary>
    public PSObject Single() => Assert.Single(Output);
}

/// <summary>Reading properties without the module's types.</summary>
public static class PSObjectExtensions
{
    public static object? Get(this PSObject item, string property) =>
        // A sandbox has its secrets as hidden script properties, which need a pipeline; its method does not.
        item.Properties[property]
            is { } found
                and not PSScriptProperty
            ? found.Value
        : item.Methods["GetSecret"] is { } secret ? secret.Invoke(property)
        : throw new InvalidOperationException($"{item.BaseObject.GetType().Name} has no property {property}.");

    /// <summary>Calls a method without the module's types.</summary>
    public static object? Call(this PSObject item, string method, params object?[] arguments) =>
        item.Methods[method].Invoke(arguments);

    public static string Text(this PSObject item, string property) => item.Get(property)?.ToString() ?? "";
}
