using System.Management.Automation;

namespace CockroachCmek.Completion;

/// <summary>The variables of the shell that hold an object of the parameter's type.</summary>
public abstract class VariableCompleter : ValueCompleter
{
    /// <summary>
    /// What an object of the parameter's type is, in a few words; null for an object of another type.
    /// </summary>
    private protected abstract string? Describe(object value);

    private protected override IEnumerable<Candidate> Candidates(CommandLineSoFar line) =>
        CurrentShell
            .Variables()
            .Select(v => (v.Name, Meaning: v.Value is null ? null : Describe(v.Value)))
            .Where(v => v.Meaning is not null)
            .OrderBy(v => v.Name, StringComparer.OrdinalIgnoreCase)
            .Select(v => Candidate.Expression($"${v.Name}", v.Meaning!));
}

/// <summary>Variables with a session that is open, and the session of the runspace.</summary>
public sealed class SessionCompleter : VariableCompleter
{
    private protected override string? Describe(object value) =>
        value is CrdbSession session && Session.CloudSession.Of(session) is not null ? session.ToString() : null;

    private protected override IEnumerable<Candidate> Candidates(CommandLineSoFar line) =>
        line.Session is { } current
            ? base.Candidates(line)
                .Append(Candidate.Expression("(Get-CrdbSession)", $"the session of this runspace: {current.Session}"))
            : base.Candidates(line);
}

/// <summary>Variables with a sandbox that runs.</summary>
public sealed class SandboxCompleter : VariableCompleter
{
    private protected override string? Describe(object value) =>
        value is CrdbSandbox sandbox && Session.RunningSandbox.Of(sandbox) is not null
            ? $"sandbox at {sandbox.CloudEndpoint}"
            : null;
}

/// <summary>Variables with a manifest.</summary>
public sealed class ManifestCompleter : VariableCompleter
{
    private protected override string? Describe(object value) =>
        value is CmekManifest manifest
            ? $"{manifest}: {string.Join(", ", manifest.RegionSpecs.Select(s => s.Region))}"
            : null;
}
