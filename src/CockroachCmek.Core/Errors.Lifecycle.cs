namespace CockroachCmek.Core;

public static partial class Errors
{
    /// <summary>The checks before sending: one error with everything that is wrong. Where all of it is of one kind, its id is that kind's.</summary>
    public static CmekException ManifestRefused(string cluster, IReadOnlyList<CmekCheck> checks)
    {
        var failed = checks.Where(c => c.Status == CmekCheckStatus.Fail).ToList();
        var ids = failed.Select(c => c.Check).Distinct().ToList();
        return Make(
            CmekErrorKind.InvalidArgument, cluster,
            $"CMEK cannot be enabled on '{cluster}'; nothing was sent. {string.Join(" ", failed.Select(c => c.Detail).Distinct())}",
            string.Join("; ", failed.Select(c => c.Remedy).Distinct()),
            id: ids.Count == 1 ? ids[0] : nameof(ManifestRefused));
    }

    /// <summary>Enabled, with other keys.</summary>
    public static CmekException AlreadyEnabledDifferently(CmekInfo info) => Make(
        CmekErrorKind.Exists, info.ClusterName,
        $"CMEK on '{info.ClusterName}' is {info.Status} already, with other keys: {string.Join(", ", info.Regions.SelectMany(r => r.Keys.Take(1).Select(k => $"{r.Region}: {k.KeyUri}")))}. Nothing was sent.",
        $"Get-CrdbCluster {info.ClusterName} | Get-CrdbCmek   (shows the keys in force)");

    /// <summary>There is no key in force that could be rotated.</summary>
    public static CmekException CmekNotEnabled(string cluster, string status) => Make(
        CmekErrorKind.InvalidState, cluster, $"CMEK on '{cluster}' is {status}, so there is no key in force to rotate. Nothing was sent.",
        $"Get-CrdbCluster {cluster} | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest | Enable-CrdbCmek -Wait");

    /// <summary>Revoked: nobody but Cockroach Labs can change that.</summary>
    public static CmekException CmekRevoked(string cluster, string status) => Make(
        CmekErrorKind.InvalidState, cluster, $"CMEK on '{cluster}' is {status}. Only Cockroach Labs support can bring a revoked cluster back. Nothing was sent.",
        "https://support.cockroachlabs.com/");

    /// <summary>A change of CMEK is under way already.</summary>
    public static CmekException CmekBusy(string cluster, string status) => Make(
        CmekErrorKind.Busy, cluster, $"CMEK on '{cluster}' is {status} with other keys: one change at a time. Nothing was sent.", $"Wait-CrdbCmek {cluster}");

    /// <summary>Something else kept the cluster locked all the time.</summary>
    public static CmekException ClusterBusy(string cluster, TimeSpan waited, Exception inner) => Make(
        CmekErrorKind.Busy, cluster, $"'{cluster}' was busy with something else for {waited}; nothing was changed.", $"Get-CrdbCluster {cluster}   (OperationStatus tells what runs)", inner);

    /// <summary>A status that ends in _FAILED, with what CockroachDB Cloud says about it.</summary>
    public static CmekException CmekOperationFailed(CmekInfo info, CmekRegionInfo? region, CmekKeyInfo? key) => Make(
        CmekErrorKind.InvalidState, info.ClusterName,
        $"CMEK on '{info.ClusterName}' is {info.Status}"
            + (region is null ? "" : $"; region {region.Region} is {region.Status}")
            + (key is null ? "." : $", key {key.KeyUri}. CockroachDB Cloud says: {(key.UserMessage.Length > 0 ? key.UserMessage : "nothing")}"),
        $"Get-CrdbCluster {info.ClusterName} | Get-CrdbCmek; when the cause is gone, run the same command again");

    /// <summary>Settled, in another status than was waited for.</summary>
    public static CmekException UnexpectedStatus(CmekInfo info, string expected) => Make(
        CmekErrorKind.InvalidState, info.ClusterName, $"CMEK on '{info.ClusterName}' has settled as {info.Status}, not {expected}.", $"Get-CrdbCluster {info.ClusterName} | Get-CrdbCmek");

    /// <summary>The wait ran out; the cloud goes on.</summary>
    public static CmekException WaitTimedOut(CmekInfo info, TimeSpan waited) => Make(
        CmekErrorKind.Timeout, info.ClusterName,
        $"CMEK on '{info.ClusterName}' is still {info.Status} after {waited} ({string.Join(", ", info.Regions)}). It goes on in the cloud.",
        $"Wait-CrdbCmek {info.ClusterName}");
}
