using CockroachCmek.Core.Access;
using CockroachCmek.Core.Cmek;

namespace CockroachCmek.Core;

internal static partial class Errors
{
    /// <summary>
    /// A check before sending failed. One error names everything that is wrong; if all of it has the same id, so does
    /// the error.
    /// </summary>
    public static CmekException ManifestRefused(string cluster, IReadOnlyList<CmekCheck> checks)
    {
        var failed = checks.Where(c => c.Status == CmekCheckStatus.Fail).ToList();
        var ids = failed.Select(c => c.ErrorId).Distinct().ToList();
        return Make(
            CmekErrorKind.InvalidArgument,
            cluster,
            $"CMEK cannot be enabled on '{cluster}'. Nothing was sent. {string.Join(" ", failed.Select(c => c.Detail).Distinct())}",
            string.Join("; ", failed.Select(c => c.Remedy).Distinct()),
            id: ids.Count == 1 ? ids[0] : nameof(ManifestRefused)
        );
    }

    /// <summary>The cluster's plan has no CMEK.</summary>
    /// <param name="check">The check that failed.</param>
    public static CmekException PlanNotSupported(string cluster, CmekCheck check) =>
        Make(CmekErrorKind.InvalidArgument, cluster, CannotHaveCmek(cluster, check), check.Remedy);

    /// <summary>The cluster was created without advanced security features, which cannot be added.</summary>
    /// <param name="check">The check that failed.</param>
    public static CmekException AdvancedSecurityMissing(string cluster, CmekCheck check) =>
        Make(CmekErrorKind.InvalidArgument, cluster, CannotHaveCmek(cluster, check), check.Remedy);

    private static string CannotHaveCmek(string cluster, CmekCheck check) =>
        $"'{cluster}' can never have CMEK, so nothing was created for it. {check.Detail}";

    /// <summary>The cluster has CMEK: a new identity or key would be used by nobody.</summary>
    /// <param name="what">What would be created: "identity" or "key".</param>
    /// <param name="inForce">What is in force where it would be created.</param>
    public static CmekException CmekAlreadyEnabled(CmekInfo info, string what, IReadOnlyList<CmekRegionSpec> inForce) =>
        Make(
            CmekErrorKind.Exists,
            info.ClusterName,
            $"CMEK on '{info.ClusterName}' is {info.Status} with {string.Join(", ", inForce.Select(s => $"{s.Region}: {s.KeyUri} ({s.AuthPrincipal})"))}. "
                + $"A new {what} would be used by nobody, so none was created.",
            what == "key"
                ? $"Invoke-CrdbCmekRotation {info.ClusterName} -NewKey   (new keys for the cluster; "
                    + "Add-CrdbCmekRegion adds a region with its key; New-CrdbCmekKey -Name <name> creates keys to move to)"
                : $"Get-CrdbCluster {info.ClusterName} | New-CrdbCmekKey -AuthPrincipal {inForce[0].AuthPrincipal}   (the "
                    + "identity in force; New-CrdbCmekRole -Name <name> creates one to move to)"
        );

    /// <summary>CMEK is enabled with other keys.</summary>
    public static CmekException AlreadyEnabledDifferently(CmekInfo info) =>
        Make(
            CmekErrorKind.Exists,
            info.ClusterName,
            $"CMEK on '{info.ClusterName}' is already {info.Status} with other keys: {string.Join(", ", info.Regions.SelectMany(r => r.Keys.Take(1).Select(k => $"{r.Region}: {k.KeyUri}")))}. Nothing was sent.",
            $"Get-CrdbCluster {info.ClusterName} | Get-CrdbCmek   (shows the keys in force)"
        );

    /// <summary>
    /// There is no key in force. <paramref name="purpose"/> is what it is needed for, as in "to rotate".
    /// </summary>
    public static CmekException CmekNotEnabled(string cluster, string status, string purpose) =>
        Make(
            CmekErrorKind.InvalidState,
            cluster,
            $"CMEK on '{cluster}' is {status}, so there is no key in force {purpose}. Nothing was sent.",
            $"Get-CrdbCmek {cluster}   (shows the state; Enable-CrdbCmek enables CMEK)"
        );

    /// <summary>CMEK is revoked; only Cockroach Labs can change that.</summary>
    public static CmekException CmekRevoked(string cluster, string status) =>
        Make(
            CmekErrorKind.InvalidState,
            cluster,
            $"CMEK on '{cluster}' is {status}. Only Cockroach Labs support can bring a revoked cluster back. Nothing "
                + "was sent.",
            "https://support.cockroachlabs.com/"
        );

    /// <summary>Another change of CMEK is running.</summary>
    public static CmekException CmekBusy(string cluster, string status) =>
        Make(
            CmekErrorKind.Busy,
            cluster,
            $"CMEK on '{cluster}' is {status} with other keys, and only one change can run at a time. Nothing was "
                + "sent.",
            $"Wait-CrdbCmek {cluster}"
        );

    /// <summary>
    /// CMEK was changed elsewhere after this run read it. <paramref name="who"/> is a sentence about who did it.
    /// </summary>
    public static CmekException ClusterChanged(string cluster, IReadOnlyList<string> differences, string who) =>
        Make(
            CmekErrorKind.Busy,
            cluster,
            $"'{cluster}' was changed elsewhere after this run had read its state: {string.Join("; ", differences)}. {who} "
                + "Nothing was sent.",
            $"Get-CrdbCmek {cluster}   (shows the present state; if the change is still wanted, run the command again)"
        );

    /// <summary>A manifest names the keys to move to, and -NewKey creates others.</summary>
    public static CmekException NewKeyWithManifest(string cluster) =>
        Make(
            CmekErrorKind.InvalidArgument,
            cluster,
            $"A manifest names the keys that '{cluster}' moves to, and -NewKey creates others. Nothing was sent.",
            $"$manifest | Invoke-CrdbCmekRotation   (moves to the keys of the manifest; Invoke-CrdbCmekRotation {cluster} -NewKey creates new ones)"
        );

    /// <summary>Another operation kept the cluster locked.</summary>
    public static CmekException ClusterBusy(string cluster, TimeSpan waited, Exception inner) =>
        Make(
            CmekErrorKind.Busy,
            cluster,
            $"'{cluster}' was busy with another operation for {waited}. Nothing was changed.",
            $"Get-CrdbCluster {cluster}   (OperationStatus shows what is running)",
            inner
        );

    /// <summary>The status ends in _FAILED; the message repeats what CockroachDB Cloud says about it.</summary>
    public static CmekException CmekOperationFailed(CmekInfo info, CmekRegionInfo? region, CmekKeyInfo? key) =>
        Make(
            CmekErrorKind.InvalidState,
            info.ClusterName,
            $"CMEK on '{info.ClusterName}' is {info.Status}"
                + (region is null ? "" : $"; region {region.Region} is {region.Status}")
                + (
                    key is null
                        ? "."
                        : $", key {key.KeyUri}. CockroachDB Cloud says: {(key.UserMessage.Length > 0 ? key.UserMessage : "nothing")}"
                ),
            $"Get-CrdbCluster {info.ClusterName} | Get-CrdbCmek; fix the cause, then run the same command again"
        );

    /// <summary>The operation ended in another status than expected.</summary>
    public static CmekException UnexpectedStatus(CmekInfo info, string expected) =>
        Make(
            CmekErrorKind.InvalidState,
            info.ClusterName,
            $"CMEK on '{info.ClusterName}' ended as {info.Status}, not {expected}.",
            $"Get-CrdbCluster {info.ClusterName} | Get-CrdbCmek"
        );

    /// <summary>The wait timed out; the operation continues in the cloud.</summary>
    public static CmekException WaitTimedOut(CmekInfo info, TimeSpan waited) =>
        Make(
            CmekErrorKind.Timeout,
            info.ClusterName,
            $"CMEK on '{info.ClusterName}' is still {info.Status} after {waited} ({string.Join(", ", info.Regions)}). It continues in the cloud.",
            $"Wait-CrdbCmek {info.ClusterName}"
        );

    /// <summary>A wait ran out while CockroachDB Cloud could not be asked.</summary>
    public static CmekException WaitWithoutResponse(string cluster, TimeSpan waited, CmekException last) =>
        Make(
            CmekErrorKind.Timeout,
            cluster,
            $"The wait for '{cluster}' is over after {waited}, and its state is not known. {last.Message} What was sent "
                + "before continues in the cloud.",
            $"Wait-CrdbCmek {cluster}",
            last
        );

    /// <summary>A region of a multi-region cluster would have too few nodes.</summary>
    public static CmekException TooFewNodes(string cluster, IReadOnlyDictionary<string, int> small, int minimum) =>
        Make(
            CmekErrorKind.InvalidArgument,
            cluster,
            $"Each region of a multi-region cluster needs at least {minimum} nodes; '{cluster}' would have {string.Join(", ", small.Select(s => $"{s.Value} in {s.Key}"))}. Nothing was sent.",
            $"Add-CrdbCmekRegion <region> -Cluster {cluster} -NodeCount {minimum}   (scale an existing region in the console first)"
        );

    /// <summary>CockroachDB Cloud does not offer the region on the cluster's cloud.</summary>
    public static CmekException RegionNotAvailable(string cluster, string region, IReadOnlyList<string> near) =>
        Make(
            CmekErrorKind.InvalidArgument,
            region,
            $"CockroachDB Cloud offers no region '{region}' for '{cluster}'. The names that are most like it: "
                + $"{string.Join(", ", near)}. Nothing was sent.",
            $"Add-CrdbCmekRegion {near[0]} -Cluster {cluster}"
        );

    /// <summary>The regions have different machines, and it is not known which ones a new region would get.</summary>
    public static CmekException MachineTypeNeeded(string cluster, string machines, IReadOnlyList<string> added) =>
        Make(
            CmekErrorKind.InvalidArgument,
            cluster,
            $"The regions of '{cluster}' have different machine types ({machines}), so say which one the new region gets. "
                + "Nothing was sent.",
            $"Add-CrdbCmekRegion {string.Join(",", added)} -Cluster {cluster} -MachineType <type>"
        );

    /// <summary>The name of a machine type has a form that no cloud's has.</summary>
    public static CmekException MachineTypeMalformed(string type) =>
        Make(
            CmekErrorKind.InvalidArgument,
            type,
            $"'{type}' is not a machine type: it may have letters, digits, '.', '-' and '_' only. Nothing was sent.",
            "(Get-CrdbCluster).Regions.MachineType   (shows those in use)"
        );

    /// <summary>CockroachDB Cloud refuses the machine type: its response names it.</summary>
    public static CmekException MachineTypeRefused(string cluster, string type, CmekException refusal) =>
        Make(
            CmekErrorKind.InvalidArgument,
            type,
            $"CockroachDB Cloud refuses the machine type '{type}' for '{cluster}'{FormatServerText(refusal.ServerText)} No "
                + "region was added.",
            $"(Get-CrdbCluster {ShellQuote.PowerShell(cluster)}).Regions   (shows the machine types in use; then run the "
                + "same command again with another -MachineType: it uses the keys that exist)",
            refusal,
            statusCode: refusal.StatusCode
        );

    /// <summary>The region exists and differs from what was asked for.</summary>
    /// <param name="added">The regions that could be added without it.</param>
    /// <param name="asked">What was asked for.</param>
    public static CmekException RegionExists(
        CrdbCluster cluster,
        string region,
        string difference,
        IReadOnlyList<string> added,
        RegionAdditionOptions asked
    ) =>
        Make(
            CmekErrorKind.Exists,
            region,
            $"The cluster '{cluster.Name}' already has the region '{region}', {difference}. It was not changed, and no "
                + "region was added.",
            added.Count == 0
                ? $"Get-CrdbCluster {cluster.Name} | Get-CrdbCmek"
                : $"Add-CrdbCmekRegion {string.Join(",", added.Select(ShellQuote.PowerShell))} -Cluster {ShellQuote.PowerShell(cluster.Name)}"
                    + (asked.NodeCount is { } nodes ? $" -NodeCount {nodes}" : "")
                    + (asked.MachineType is { } type ? $" -MachineType {ShellQuote.PowerShell(type)}" : "")
                    + (
                        asked.KeyUris.Count > 0
                            ? $" -KeyUri {string.Join(",", asked.KeyUris.Select(ShellQuote.PowerShell))}"
                            : ""
                    )
                    + (asked.Grant ? " -Grant" : "")
                    + (asked.ReplaceOrigin ? " -ReplaceOrigin" : "")
                    + "   (only the regions that are not there yet)"
        );

    /// <summary>The cluster's regions were changed elsewhere while this run prepared its own change.</summary>
    public static CmekException RegionMapChanged(string cluster, string before, string now) =>
        Make(
            CmekErrorKind.Busy,
            cluster,
            $"The regions of '{cluster}' were changed elsewhere: they were {before}, and are now {now}. Nothing was "
                + "sent, so that no region is lost.",
            "Run the same command again"
        );

    /// <summary>The request was accepted, but the cluster does not show the result.</summary>
    public static CmekException RegionMapDiffers(string cluster, string wanted, string now) =>
        Make(
            CmekErrorKind.InvalidState,
            cluster,
            $"'{cluster}' should have the regions {wanted}, but has {now}.",
            $"Get-CrdbCluster {cluster}"
        );

    /// <summary>The cluster is still locked; the operation continues in the cloud.</summary>
    public static CmekException ClusterWaitTimedOut(CrdbCluster cluster, TimeSpan waited) =>
        Make(
            CmekErrorKind.Timeout,
            cluster.Name,
            $"'{cluster.Name}' is still {cluster.State} ({cluster.OperationStatus}) after {waited}. It continues in "
                + "the cloud.",
            $"Get-CrdbCluster {cluster.Name}"
        );

    /// <summary>An operation on the cluster failed.</summary>
    public static CmekException ClusterOperationFailed(CrdbCluster cluster) =>
        Make(
            CmekErrorKind.InvalidState,
            cluster.Name,
            $"'{cluster.Name}' reports {cluster.OperationStatus}.",
            $"Get-CrdbCluster {cluster.Name} | Get-CrdbCmek"
        );
}
