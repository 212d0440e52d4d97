using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core;

internal static partial class Errors
{
    /// <summary>Other clusters use the key too.</summary>
    public static CmekException KeyShared(string cluster, IReadOnlyList<string> others) =>
        Make(
            CmekErrorKind.InvalidState,
            cluster,
            $"{string.Join(", ", others)} {(others.Count == 1 ? "uses" : "use")} a key of '{cluster}', and would lose it too. Nothing was changed.",
            $"Revoke-CrdbCmek {cluster} -AllowSharedKey   (revokes it for {(others.Count == 1 ? "that cluster" : "those clusters")} too)"
        );

    /// <summary>A manifest or a record names keys that are marked for other clusters.</summary>
    public static CmekException KeysOfAnotherCluster(
        string cluster,
        IReadOnlyList<(string Key, ClusterMark Owner)> foreign
    ) =>
        Make(
            CmekErrorKind.InvalidArgument,
            cluster,
            $"The file names keys of another cluster than '{cluster}': {DescribeForeign(foreign)}. Nothing was "
                + "changed.",
            $"Revoke-CrdbCmek {cluster}   (asks CockroachDB Cloud for the keys; with the file and -AllowSharedKey, its "
                + "keys "
                + "are taken all the same)"
        );

    /// <summary>Which key is marked for which cluster.</summary>
    public static string DescribeForeign(IReadOnlyList<(string Key, ClusterMark Owner)> foreign) =>
        string.Join("; ", foreign.Select(f => $"{f.Key} is marked for {f.Owner}"));

    /// <summary>The cluster's cloud does not support the method.</summary>
    public static CmekException RevocationMethodNotSupported(
        string cluster,
        string provider,
        CmekRevocationMethod method,
        IReadOnlyList<CmekRevocationMethod> supported
    ) =>
        Make(
            CmekErrorKind.InvalidArgument,
            cluster,
            $"{provider} does not support -Method {method} for '{cluster}'. Supported: {string.Join(", ", supported)}. Nothing was changed.",
            $"Revoke-CrdbCmek {cluster} -Method {supported[0]}"
        );

    /// <summary>
    /// A key in force can still be used. CockroachDB Cloud was not asked to revoke, because the cluster would come back
    /// with that key.
    /// </summary>
    /// <param name="needsCloud">CockroachDB Cloud was to be asked.</param>
    public static CmekException AccessNotTaken(
        string cluster,
        IReadOnlyList<(CmekAccessChange Change, IReadOnlyList<string> Keys)> undone,
        IReadOnlyList<CmekException> errors,
        IReadOnlyList<CmekRevocationMethod> withheld,
        bool needsCloud
    ) =>
        Make(
            CmekErrorKind.InvalidState,
            cluster,
            $"These keys of '{cluster}' can still be used{NotAsked(needsCloud)}: "
                + string.Join(
                    "; ",
                    undone.Select(u => $"{string.Join(", ", u.Keys)} ({u.Change.Action} failed: {u.Change.Fault})")
                )
                + ". The output shows what was changed.",
            $"Fix the cause, then run the same command again: it completes the revocation. Restore-CrdbCmekAccess "
                + $"{cluster} undoes it"
                + string.Concat(
                    withheld.Select(m =>
                        $". Revoke-CrdbCmek {cluster} -Method {m} -AllowSharedKey takes the key from other clusters too"
                    )
                ),
            errors.Count > 0 ? errors[0] : null
        );

    /// <summary>
    /// Every key in force was taken. A past key, which older data and backups need, or a copy in a place that the
    /// cluster does not use, can still be used.
    /// </summary>
    public static CmekException PastKeysRemain(string cluster, IReadOnlyList<CmekAccessChange> undone) =>
        Make(
            CmekErrorKind.InvalidState,
            cluster,
            $"Access to the keys in force of '{cluster}' was removed. These keys, which are not in force, can still be "
                + "used: "
                + string.Join("; ", undone.Select(DescribeUndone))
                + ".",
            $"Fix the cause, then run the same command again. Get-CrdbCluster {cluster} | Get-CrdbCmekAccess -Right "
                + "Use "
                + "shows who may use them"
        );

    /// <summary>Which keys to take is not known: CockroachDB Cloud does not respond.</summary>
    public static CmekException RevocationKeysUnknown(string cluster, CmekException error) =>
        Make(
            error.Kind,
            cluster,
            $"CockroachDB Cloud could not be asked which keys '{cluster}' uses. {error.Message} Nothing was changed.",
            $"Import-CrdbCmekManifest ./cmek_config.json -Cluster {cluster} | Revoke-CrdbCmek -KmsOnly   (a manifest "
                + "or "
                + "the record of a revocation names the keys too)",
            error
        );

    private static string DescribeUndone(CmekAccessChange change) =>
        $"{change.Target} ({change.Action} failed: {change.Fault})";

    /// <summary>
    /// Every change was made, but the cluster can still use a key through something else. CockroachDB Cloud was not
    /// asked to revoke.
    /// </summary>
    /// <param name="failed">The changes that failed for these keys.</param>
    /// <param name="methods">The methods of the cluster's cloud.</param>
    /// <param name="needsCloud">CockroachDB Cloud was to be asked.</param>
    public static CmekException AccessRemains(
        string cluster,
        IReadOnlyList<KeyAccess> remaining,
        IReadOnlyList<CmekAccessChange> failed,
        IReadOnlyList<CmekRevocationMethod> methods,
        bool needsCloud
    ) =>
        Make(
            CmekErrorKind.InvalidState,
            cluster,
            $"The access of '{cluster}' itself was removed, but some keys can still be used{NotAsked(needsCloud)}: "
                + string.Join("; ", remaining.Select(DescribeRemaining))
                + string.Concat(failed.Select(c => $"; {c.Action} failed: {c.Fault}"))
                + ".",
            remaining.Any(a => a.OpenUse.Count > 0)
            && failed.Count == 0
            && methods.Contains(CmekRevocationMethod.DisableKey)
                ? $"Revoke-CrdbCmek {cluster} -Method {CmekRevocationMethod.DisableKey}"
                : $"Get-CrdbCluster {cluster} | Get-CrdbCmekAccess -Right Use"
        );

    /// <summary>Why CockroachDB Cloud does not know: only where it was to be asked.</summary>
    private static string NotAsked(bool needsCloud) =>
        needsCloud ? ", so CockroachDB Cloud was not asked to revoke" : "";

    private static string DescribeRemaining(KeyAccess access) =>
        access.OpenUse.Count > 0
            ? $"{access.Key} is open to everybody ({string.Join("; ", access.OpenUse)})"
            : DescribeGrants(access);

    private static string DescribeGrants(KeyAccess access) =>
        $"{access.Principal} may use {access.Key} through "
        + string.Join(
            " and ",
            access.Grants.Select(g =>
                $"{g.Through} ({g.Place})" + (g.RemoveCommand.Length > 0 ? $", removed by: {g.RemoveCommand}" : "")
            )
        );

    /// <summary>A change could not be undone.</summary>
    public static CmekException AccessNotRestored(string cluster, IReadOnlyList<CmekException> errors) =>
        Make(
            errors[0].Kind,
            cluster,
            $"Some access to the keys of '{cluster}' could not be restored. {string.Join(" ", errors.Select(f => f.Message).Distinct())}",
            string.Join("; ", errors.Select(f => f.RecommendedAction).Where(a => a.Length > 0).Distinct())
                + ". Then run the same command again: it completes the restoration"
        );

    /// <summary>The file is not a record of this cluster's revocation.</summary>
    public static CmekException RevocationFileInvalid(string path, string reason, Exception? inner = null) =>
        Make(
            CmekErrorKind.InvalidData,
            path,
            $"{path} is not a record of this revocation: {reason.TrimEnd('.')}.",
            OtherRecord,
            inner
        );

    /// <summary>A change in a record is not one that a revocation of this cluster makes.</summary>
    /// <param name="target">What it changes.</param>
    public static CmekException RecordedChangeInvalid(string target, string reason, Exception? inner = null) =>
        Make(
            CmekErrorKind.InvalidData,
            target,
            $"The record of the revocation is not valid: of its change of {target}, {reason.TrimEnd('.')}.",
            OtherRecord,
            inner,
            id: nameof(RevocationFileInvalid)
        );

    private const string OtherRecord =
        "Restore-CrdbCmekAccess <cluster>   (without a file: finds what to undo in the cloud; Revoke-CrdbCmek <cluster> "
        + "-Path <new file> begins another record)";
}
