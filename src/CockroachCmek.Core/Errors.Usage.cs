namespace CockroachCmek.Core;

internal static partial class Errors
{
    /// <summary>The logs cannot tell whether a key is used, so that waiting for silence would prove nothing.</summary>
    public static CmekException UsageUnknown(CmekUsage line) =>
        Make(
            CmekErrorKind.InvalidState,
            line.ClusterName,
            $"Whether CockroachDB uses {line.KeyUri} cannot be told from the logs, so silence cannot be waited for. "
                + line.Detail,
            line.Gaps.FirstOrDefault(g => g.Remedy.Length > 0) is { } gap
                ? gap.Remedy
                : $"Get-CrdbCmekUsage {line.ClusterName} | Format-List   (shows what could not be read)"
        );

    /// <summary>The wait ended before the log showed that the use of the keys has ended.</summary>
    public static CmekException SilenceNotSeen(string cluster, IReadOnlyList<CmekUsage> lines, TimeSpan waited) =>
        Make(
            CmekErrorKind.Timeout,
            cluster,
            $"After {waited} the logs do not show yet that the use of the keys of '{cluster}' has ended: "
                + string.Join("; ", lines.Select(l => $"{l.Region}: {l.KeyUri}: {l.Detail}"))
                + " CockroachDB asks for a key only at the next backup, or when a node starts.",
            $"Get-CrdbCmekUsage {cluster} -WaitForSilence -Timeout 1.00:00:00   (waits for a day; Get-CrdbCmekAccess "
                + $"{cluster} shows who has access now)"
        );
}
