namespace CockroachCmek.Core;

internal static partial class Errors
{
    /// <summary>The checks before sending: one error with everything that is wrong. Where all of it is of one kind, its id is that kind's.</summary>
    public static CmekException ManifestRefused(string cluster, IReadOnlyList<CmekCheck> checks)
    {
        var failed = checks.Where(c => c.Status == CmekCheckStatus.Fail).ToList();
        var ids = failed.Select(c => c.ErrorId).Distinct().ToList();
        return Make(
            CmekErrorKind.InvalidArgument,
            cluster,
            $"CMEK cannot be enabled on '{cluster}'; nothing was sent. {string.Join(" ", failed.Select(c => c.Detail).Distinct())}",
            string.Join("; ", failed.Select(c => c.Remedy).Distinct()),
            id: ids.Count == 1 ? ids[0] : nameof(ManifestRefused)
        );
    }

    /// <summary>Enabled, with other keys.</summary>
    public static CmekException AlreadyEnabledDifferently(CmekInfo info) =>
        Make(
            CmekErrorKind.Exists,
            info.ClusterName,
            $"CMEK on '{info.ClusterName}' is {info.Status} already, with other keys: {string.Join(", ", info.Regions.SelectMany(r => r.Keys.Take(1).Select(k => $"{r.Region}: {k.KeyUri}")))}. Nothing was sent.",
            $"Get-CrdbCluster {info.ClusterName} | Get-CrdbCmek   (shows the keys in force)"
        );

    /// <summary>There is no key in force. <paramref name="purpose"/>: what it is wanted for, "to rotate".</summary>
    public static CmekException CmekNotEnabled(string cluster, string status, string purpose) =>
        Make(
            CmekErrorKind.InvalidState,
            cluster,
            $"CMEK on '{cluster}' is {status}, so there is no key in force {purpose}. Nothing was sent.",
            $"Get-CrdbCluster {cluster} | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest | Enable-CrdbCmek -Wait"
        );

    /// <summary>Revoked: nobody but Cockroach Labs can change that.</summary>
    public static CmekException CmekRevoked(string cluster, string status) =>
        Make(
            CmekErrorKind.InvalidState,
            cluster,
            $"CMEK on '{cluster}' is {status}. Only Cockroach Labs support can bring a revoked cluster back. Nothing was sent.",
            "https://support.cockroachlabs.com/"
        );

    /// <summary>A change of CMEK is under way already.</summary>
    public static CmekException CmekBusy(string cluster, string status) =>
        Make(
            CmekErrorKind.Busy,
            cluster,
            $"CMEK on '{cluster}' is {status} with other keys: one change at a time. Nothing was sent.",
            $"Wait-CrdbCmek {cluster}"
        );

    /// <summary>Something else kept the cluster locked all the time.</summary>
    public static CmekException ClusterBusy(string cluster, TimeSpan waited, Exception inner) =>
        Make(
            CmekErrorKind.Busy,
            cluster,
            $"'{cluster}' was busy with something else for {waited}; nothing was changed.",
            $"Get-CrdbCluster {cluster}   (OperationStatus tells what runs)",
            inner
        );

    /// <summary>A status that ends in _FAILED, with what CockroachDB Cloud says about it.</summary>
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
            $"Get-CrdbCluster {info.ClusterName} | Get-CrdbCmek; when the cause is gone, run the same command again"
        );

    /// <summary>Settled, in another status than was waited for.</summary>
    public static CmekException UnexpectedStatus(CmekInfo info, string expected) =>
        Make(
            CmekErrorKind.InvalidState,
            info.ClusterName,
            $"CMEK on '{info.ClusterName}' has settled as {info.Status}, not {expected}.",
            $"Get-CrdbCluster {info.ClusterName} | Get-CrdbCmek"
        );

    /// <summary>The wait ran out; the cloud goes on.</summary>
    public static CmekException WaitTimedOut(CmekInfo info, TimeSpan waited) =>
        Make(
            CmekErrorKind.Timeout,
            info.ClusterName,
            $"CMEK on '{info.ClusterName}' is still {info.Status} after {waited} ({string.Join(", ", info.Regions)}). It goes on in the cloud.",
            $"Wait-CrdbCmek {info.ClusterName}"
        );

    /// <summary>Fewer nodes than a region of a multi-region cluster needs.</summary>
    public static CmekException TooFewNodes(string cluster, IReadOnlyDictionary<string, int> small, int minimum) =>
        Make(
            CmekErrorKind.InvalidArgument,
            cluster,
            $"In a cluster of several regions each needs at least {minimum} nodes; '{cluster}' would have {string.Join(", ", small.Select(s => $"{s.Value} in {s.Key}"))}. Nothing was sent.",
            $"Add-CrdbCmekRegion -NodeCount {minimum}   (a region that is there already is scaled in the console first)"
        );

    /// <summary>The region is there, and is not what was asked for.</summary>
    public static CmekException RegionExists(string cluster, string region, string difference) =>
        Make(
            CmekErrorKind.Exists,
            region,
            $"The cluster '{cluster}' has the region '{region}' already, {difference}. It was left as it is.",
            $"Get-CrdbCluster {cluster} | Get-CrdbCmek"
        );

    /// <summary>Somebody else changed the cluster's regions while this run was preparing its own change.</summary>
    public static CmekException RegionMapChanged(string cluster, string before, string now) =>
        Make(
            CmekErrorKind.Busy,
            cluster,
            $"The regions of '{cluster}' changed while this was prepared: they were {before}, and are {now}. Nothing was sent, so that no region is lost.",
            "Run the same command again"
        );

    /// <summary>The request was taken, and the cluster does not show what it asked for.</summary>
    public static CmekException RegionMapDiffers(string cluster, string wanted, string now) =>
        Make(
            CmekErrorKind.InvalidState,
            cluster,
            $"'{cluster}' was to have the regions {wanted}, and has {now}.",
            $"Get-CrdbCluster {cluster}"
        );

    /// <summary>The cluster stays locked; the cloud goes on.</summary>
    public static CmekException ClusterWaitTimedOut(CrdbCluster cluster, TimeSpan waited) =>
        Make(
            CmekErrorKind.Timeout,
            cluster.Name,
            $"'{cluster.Name}' is still {cluster.State} ({cluster.OperationStatus}) after {waited}. It goes on in the cloud.",
            $"Get-CrdbCluster {cluster.Name}"
        );

    /// <summary>What ran on the cluster has failed.</summary>
    public static CmekException ClusterOperationFailed(CrdbCluster cluster) =>
        Make(
            CmekErrorKind.InvalidState,
            cluster.Name,
            $"On '{cluster.Name}', {cluster.OperationStatus} is reported.",
            $"Get-CrdbCluster {cluster.Name} | Get-CrdbCmek"
        );

    /// <summary>Other clusters would lose their key too.</summary>
    public static CmekException KeyShared(string cluster, IReadOnlyList<string> others) =>
        Make(
            CmekErrorKind.InvalidState,
            cluster,
            $"{string.Join(", ", others)} {(others.Count == 1 ? "uses" : "use")} a key of '{cluster}' too, through the same identity, and would lose it. Nothing was changed.",
            $"Revoke-CrdbCmek {cluster} -AllowSharedKey   (takes it away from {(others.Count == 1 ? "it" : "them")} too)"
        );

    /// <summary>The cloud has no such way.</summary>
    public static CmekException RevocationMethodNotSupported(
        string cluster,
        string provider,
        CmekRevocationMethod method,
        IReadOnlyList<CmekRevocationMethod> supported
    ) =>
        Make(
            CmekErrorKind.InvalidArgument,
            cluster,
            $"On {provider}, access to the keys of '{cluster}' cannot be taken away by {method}; it can by {string.Join(", ", supported)}. Nothing was changed.",
            $"Revoke-CrdbCmek {cluster} -Method {supported[0]}"
        );

    /// <summary>Some key can still be used. CockroachDB was not told, since it would come back with that key.</summary>
    public static CmekException AccessNotTaken(string cluster, IReadOnlyList<CmekException> faults) =>
        Make(
            faults[0].Kind,
            cluster,
            $"Not every key of '{cluster}' could be taken away, so CockroachDB Cloud was not told to revoke. {string.Join(" ", faults.Select(f => f.Message).Distinct())} What was changed stays changed, and stands in the output.",
            $"Run the same command again when the cause is gone: it completes what is missing. Restore-CrdbCmekAccess {cluster} undoes it"
        );

    /// <summary>Some change could not be undone.</summary>
    public static CmekException AccessNotRestored(string cluster, IReadOnlyList<CmekException> faults) =>
        Make(
            faults[0].Kind,
            cluster,
            $"Not all access to the keys of '{cluster}' could be given back. {string.Join(" ", faults.Select(f => f.Message).Distinct())}",
            "Run the same command again when the cause is gone: it completes what is missing"
        );

    /// <summary>A record of another cluster, or of no revocation at all.</summary>
    public static CmekException RevocationFileInvalid(string path, string reason, Exception? inner = null) =>
        Make(
            CmekErrorKind.InvalidData,
            path,
            $"{path} is no record of this revocation: {reason}.",
            "Revoke-CrdbCmek -Path <another file>, or Restore-CrdbCmekAccess <cluster> without a file",
            inner
        );
}
