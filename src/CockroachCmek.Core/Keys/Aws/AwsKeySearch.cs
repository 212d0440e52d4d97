using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// Finds keys by their tags, when the alias cannot find them. Costs one request for each page of keys and one for each
/// key.
/// </summary>
internal sealed class AwsKeySearch(AwsRun run)
{
    private const int ParallelReads = 8;

    /// <summary>
    /// The key that counts where two runs created one each for the same purpose: the oldest. Reads the tags of those
    /// keys only that were not there before.
    /// </summary>
    /// <param name="own">The key that this run has just created.</param>
    /// <param name="before">Ids of the keys that were there when this run found none.</param>
    public async Task<KeyMetadata> FindOldestAsync(
        string region,
        CrdbCluster cluster,
        KeyMetadata own,
        string? replaces,
        IReadOnlyCollection<string> before
    )
    {
        var filter = new TagFilter(cluster.Id, replaces, own.MultiRegion ?? false);
        var oldest = own;
        await foreach (var page in run.Keys.ListKeysAsync(region))
        foreach (var keyId in page.Where(k => k != own.KeyId && !before.Contains(k)))
            if (
                await MatchAsync(region, keyId, filter, _ => Task.FromResult(true)) is { } other
                && AgeOf(other).CompareTo(AgeOf(oldest)) < 0
            )
                oldest = other;
        return oldest;

        static (DateTime? At, string Id) AgeOf(KeyMetadata key) => (key.CreationDate, key.KeyId);
    }

    /// <summary>A key that an earlier run created for the cluster and gave no alias; null when there is none.</summary>
    public async Task<FoundKey?> FindOrphanAsync(string region, CrdbCluster cluster, bool multiRegion)
    {
        var orphan = await FindAsync(region, new TagFilter(cluster.Id, Replaces: null, multiRegion), async key =>
            (await run.Keys.GetAliasesAsync(region, key.KeyId)).Count == 0
        );
        return orphan is null ? null : orphan with { HasAlias = false };
    }

    /// <summary>The key that was created to replace another; null when there is none.</summary>
    public Task<FoundKey?> FindReplacementAsync(string region, CrdbCluster cluster, KeyMetadata old) =>
        FindAsync(region, new TagFilter(cluster.Id, old.KeyId, old.MultiRegion ?? false), _ => Task.FromResult(true));

    private async Task<FoundKey?> FindAsync(string region, TagFilter filter, Func<KeyMetadata, Task<bool>> condition)
    {
        using var slots = new SemaphoreSlim(ParallelReads);
        await foreach (var page in run.Keys.ListKeysAsync(region))
        {
            var matches = await Task.WhenAll(
                page.Select(async keyId =>
                {
                    await slots.WaitAsync(run.Calls.Context.CancellationToken);
                    try
                    {
                        return await MatchAsync(region, keyId, filter, condition);
                    }
                    finally
                    {
                        slots.Release();
                    }
                })
            );
            if (matches.FirstOrDefault(m => m is not null) is { } found)
                return await run.Keys.ReadTaggedAsync(region, found);
        }

        return null;
    }

    /// <summary>The key's metadata when it matches; else null.</summary>
    private async Task<KeyMetadata?> MatchAsync(
        string region,
        string keyId,
        TagFilter filter,
        Func<KeyMetadata, Task<bool>> condition
    )
    {
        if (await run.Keys.GetTagsAsync(region, keyId) is not { } tags || !filter.Matches(tags))
            return null;
        return
            await run.Keys.DescribeAsync(region, keyId) is { } metadata
            && metadata.KeyState == KeyState.Enabled
            && (metadata.MultiRegion ?? false) == filter.MultiRegion
            && await condition(metadata)
            ? metadata
            : null;
    }

    /// <summary>What a key's tags and kind must be.</summary>
    /// <param name="Replaces">Id of the key that it replaces; null for a key that replaces none.</param>
    private sealed record TagFilter(string ClusterId, string? Replaces, bool MultiRegion)
    {
        public bool Matches(IReadOnlyDictionary<string, string> tags) =>
            tags.TryGetValue(AwsNames.ClusterIdTag, out var id)
            && id == ClusterId
            && (tags.TryGetValue(AwsNames.ReplacesTag, out var old) ? old : null) == Replaces;
    }
}
