namespace CockroachCmek.Core;

internal static partial class Errors
{
    /// <summary>CockroachDB Cloud could not be asked which cluster is meant, in an emergency.</summary>
    /// <param name="command">The command, which works without CockroachDB Cloud too.</param>
    public static CmekException ClusterNotRead(string name, string command, CmekException error) =>
        Make(
            error.Kind,
            name,
            $"CockroachDB Cloud could not be asked for the cluster '{name}'. {error.Message} Nothing was changed.",
            $"{command} {ShellQuote.PowerShell(name)} -KmsOnly   (finds its keys in your clouds; CockroachDB Cloud is not "
                + "needed)",
            error
        );

    /// <summary>A name with wildcards is given where CockroachDB Cloud is not asked, or does not respond.</summary>
    /// <param name="command">The command; null when it is not known.</param>
    public static CmekException PatternNotResolved(string pattern, string? command, CmekException? error = null) =>
        Make(
            error?.Kind ?? CmekErrorKind.InvalidArgument,
            pattern,
            $"'{pattern}' has wildcards, and only CockroachDB Cloud tells which clusters it means. "
                + (error is null ? "This session does not ask it. " : $"{error.Message} ")
                + "Nothing was changed.",
            command is null
                ? "Give the name or the UUID of one cluster"
                : $"{command} <name or UUID of one cluster> -KmsOnly   (finds its keys in your clouds)",
            error
        );

    /// <summary>No cloud shows keys of the cluster.</summary>
    /// <param name="searched">Clouds that were searched, each with where.</param>
    /// <param name="missed">Clouds and places that could not be searched, each with the reason.</param>
    public static CmekException ClusterKeysNotFound(
        string name,
        IReadOnlyList<string> searched,
        IReadOnlyList<string> missed,
        string command
    ) =>
        Make(
            missed.Count > 0 ? CmekErrorKind.InvalidState : CmekErrorKind.NotFound,
            name,
            $"No keys of '{name}' were found by this module's tags, labels and names."
                + (searched.Count > 0 ? $" Searched: {string.Join("; ", searched)}." : "")
                + (missed.Count > 0 ? $" Not searched: {string.Join("; ", missed)}." : "")
                + " Nothing was changed.",
            ByManifest(name, command)
                + "   (a manifest also names keys that this module did not create; the record of a revocation does too)"
        );

    /// <summary>The KMS shows keys of several clusters that were meant.</summary>
    public static CmekException AmbiguousClusterKeys(
        string name,
        IReadOnlyList<(string Name, string Id, string Cloud)> matches,
        string command
    ) =>
        Make(
            CmekErrorKind.InvalidArgument,
            name,
            $"The keys of several clusters were found for '{name}': "
                + string.Join(", ", matches.Select(m => $"{m.Name} ({m.Id}) in {m.Cloud}"))
                + ". Nothing was changed.",
            matches.Select(m => m.Id).Distinct().Count() > 1
                ? $"{command} {matches[0].Id} -KmsOnly   (with the UUID of the cluster that is meant)"
                : ByManifest(name, command)
        );

    private static string ByManifest(string name, string command) =>
        $"Connect-CrdbCloud -KmsOnly; Import-CrdbCmekManifest ./cmek_config.json -Cluster {ShellQuote.PowerShell(name)} | "
        + $"{command} -KmsOnly";
}
