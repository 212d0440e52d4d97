namespace CockroachCmek.Core.Keys;

/// <summary>When a cluster last wrapped with its keys.</summary>
internal static class WrapTimes
{
    /// <summary>The longest operation: Terraform's provider waits two hours for it.</summary>
    private static readonly TimeSpan LongestOperation = TimeSpan.FromHours(2);

    /// <summary>
    /// When a region last wrapped with its key in force; null when the API does not tell.
    /// </summary>
    /// <remarks>
    /// An entry is created when the region wraps with the key. If the API adds an entry for each wrap, that is all. If it
    /// updates the entry instead, the update is the last wrap. The end of the operation that created the entry updates it
    /// too, so an update counts only when it came later than that. An update by a rotation that failed does not count.
    /// </remarks>
    public static DateTimeOffset? WrappedAt(this CmekRegionInfo region)
    {
        var key = region.Keys[0];
        return region.Status != CmekStatus.RotateFailed && key.UpdatedAt - key.CreatedAt > LongestOperation
            ? key.UpdatedAt
            : key.CreatedAt;
    }
}
