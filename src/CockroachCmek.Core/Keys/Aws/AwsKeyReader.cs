using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>A key as it is found: its metadata, its policy, and its tags where they may be read.</summary>
internal sealed record FoundKey(
    string Region,
    KeyMetadata Metadata,
    KeyPolicyDocument Policy,
    IReadOnlyDictionary<string, string>? Tags
)
{
    /// <summary>False for a key that was found by its tags: a run ended before it got its alias.</summary>
    public bool HasAlias { get; init; } = true;

    public string Arn => Metadata.Arn;

    public bool IsMultiRegion => Metadata.MultiRegion ?? false;

    public bool IsPrimary => Metadata.MultiRegionConfiguration?.MultiRegionKeyType == MultiRegionKeyType.PRIMARY;

    /// <summary>Made by this module for this cluster.</summary>
    public bool BelongsTo(CrdbCluster cluster) =>
        Tags is not null && Tags.TryGetValue(AwsNames.ClusterIdTag, out var id) && id == cluster.Id;
}

/// <summary>Reads of KMS.</summary>
internal sealed class AwsKeyReader(AwsClients clients, AwsCalls calls)
{
    private const int SideBySide = 8;

    /// <summary>The key of an id, ARN, alias or alias ARN in a region; null when there is none.</summary>
    public async Task<FoundKey?> FindAsync(string region, string keyId)
    {
        if (await DescribeAsync(region, keyId) is not { } metadata)
            return null;
        return await ReadAsync(region, metadata);
    }

    /// <summary>A key that a run made for the cluster and could not give its alias; null when there is none. One call a page, and one a key.</summary>
    public async Task<FoundKey?> FindOrphanAsync(string region, CrdbCluster cluster, bool multiRegion) =>
        (
            await FindTaggedAsync(region, cluster, multiRegion, replaces: null, async key =>
                (await AliasesAsync(region, key.KeyId)).Count == 0
            )
        )
            is { } orphan
            ? orphan with
            {
                HasAlias = false,
            }
            : null;

    /// <summary>The key that was made to replace another; null when there is none.</summary>
    public Task<FoundKey?> FindReplacementAsync(string region, CrdbCluster cluster, KeyMetadata old) =>
        FindTaggedAsync(region, cluster, old.MultiRegion ?? false, old.KeyId, _ => Task.FromResult(true));

    /// <summary>Names of the aliases of a key.</summary>
    public async Task<IReadOnlyList<string>> AliasesAsync(string region, string keyId)
    {
        var names = new List<string>();
        string? marker = null;
        do
        {
            var page = await calls.ReadAsync("KMS", "ListAliases", $"{region} {keyId}", c =>
                clients.Kms(region).ListAliasesAsync(new ListAliasesRequest { KeyId = keyId, Marker = marker }, c)
            );
            names.AddRange((page.Aliases ?? []).Select(a => a.AliasName));
            marker = page.Truncated == true ? page.NextMarker : null;
        } while (marker is not null);

        return names;
    }

    private async Task<FoundKey?> FindTaggedAsync(
        string region,
        CrdbCluster cluster,
        bool multiRegion,
        string? replaces,
        Func<KeyMetadata, Task<bool>> isIt
    )
    {
        var kms = clients.Kms(region);
        using var places = new SemaphoreSlim(SideBySide);
        string? marker = null;
        do
        {
            var page = await calls.ReadAsync("KMS", "ListKeys", region, c =>
                kms.ListKeysAsync(new ListKeysRequest { Marker = marker, Limit = 1000 }, c)
            );
            var owned = await Task.WhenAll(
                (page.Keys ?? []).Select(async entry =>
                {
                    await places.WaitAsync(calls.Context.CancellationToken);
                    try
                    {
                        var tags = await TagsAsync(region, entry.KeyId);
                        if (tags is null || !tags.TryGetValue(AwsNames.ClusterIdTag, out var id) || id != cluster.Id)
                            return null;
                        if ((tags.TryGetValue(AwsNames.ReplacesTag, out var old) ? old : null) != replaces)
                            return null;
                        return
                            await DescribeAsync(region, entry.KeyId) is { } metadata
                            && metadata.KeyState == KeyState.Enabled
                            && (metadata.MultiRegion ?? false) == multiRegion
                            && await isIt(metadata)
                            ? metadata
                            : null;
                    }
                    finally
                    {
                        places.Release();
                    }
                })
            );
            if (owned.FirstOrDefault(m => m is not null) is { } found)
                return await ReadAsync(region, found);
            marker = page.Truncated == true ? page.NextMarker : null;
        } while (marker is not null);

        return null;
    }

    public async Task<KeyMetadata?> DescribeAsync(string region, string keyId)
    {
        try
        {
            return (
                await calls.ReadAsync("KMS", "DescribeKey", $"{region} {keyId}", c =>
                    clients.Kms(region).DescribeKeyAsync(new DescribeKeyRequest { KeyId = keyId }, c)
                )
            ).KeyMetadata;
        }
        catch (NotFoundException)
        {
            return null;
        }
    }

    public async Task<KeyPolicyDocument> PolicyAsync(string region, string keyId)
    {
        var text = (
            await calls.ReadAsync("KMS", "GetKeyPolicy", $"{region} {keyId}", c =>
                clients
                    .Kms(region)
                    .GetKeyPolicyAsync(new GetKeyPolicyRequest { KeyId = keyId, PolicyName = "default" }, c)
            )
        ).Policy;
        try
        {
            return KeyPolicyDocument.Parse(text);
        }
        catch (FormatException fault)
        {
            throw AwsErrors.AwsRefused(keyId, "MalformedPolicy", fault.Message, fault);
        }
    }

    private async Task<FoundKey> ReadAsync(string region, KeyMetadata metadata)
    {
        var policy = PolicyAsync(region, metadata.KeyId);
        var tags = TagsAsync(region, metadata.KeyId);
        return new FoundKey(region, metadata, await policy, await tags);
    }

    /// <summary>Null where they may not be read.</summary>
    public async Task<IReadOnlyDictionary<string, string>?> TagsAsync(string region, string keyId)
    {
        try
        {
            var answer = await calls.ReadAsync("KMS", "ListResourceTags", $"{region} {keyId}", c =>
                clients.Kms(region).ListResourceTagsAsync(new ListResourceTagsRequest { KeyId = keyId }, c)
            );
            return (answer.Tags ?? []).ToDictionary(t => t.TagKey, t => t.TagValue);
        }
        catch (AmazonServiceException fault) when (fault.ErrorCode is "AccessDeniedException" or "NotFoundException")
        {
            // Another team's key: its tags are not ours to see, and so it is not ours.
            return null;
        }
    }
}
