using System.Collections.Concurrent;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// A cluster's keys as KMS itself shows them: by the cluster's alias and by the tags of what this module created, in
/// every region of the cluster and of its multi-region keys; where the cluster's regions are not known, in every region
/// of the partition. The role is the one that a key's policy names in this module's statements, or the one with the
/// cluster's default name. Reads only.
/// </summary>
/// <param name="timeUp">Canceled when no further key is to be read.</param>
internal sealed class AwsClusterKeys(AwsRun run, CrdbCluster cluster, CancellationToken timeUp)
{
    private const int ParallelReads = 8;

    private readonly ConcurrentDictionary<string, Found> _found = new();
    private readonly ConcurrentQueue<string> _missed = new();
    private readonly ConcurrentDictionary<string, Lazy<Task<string?>>> _defaultRoles = new();

    private sealed record Found(KeyMetadata Key, string ClusterId, string ClusterName);

    /// <exception cref="CmekException">What went wrong, when no region could be searched.</exception>
    public async Task<KeySearch> FindAsync()
    {
        var isEverywhere = cluster.Regions.Count == 0;
        IReadOnlyList<string> regions = isEverywhere
            ? AwsPartition.OfEnvironment().Regions
            : [.. cluster.Regions.Select(r => r.Name)];
        var account = isEverywhere ? await FindAccountAsync() : null;
        var results = await Task.WhenAll(regions.Select(async r => (Region: r, Error: await TrySearchAsync(r))));
        // A region that the account has not enabled holds no key of it.
        var enabled = results.Where(r => r.Error?.ErrorId != nameof(AwsErrors.RegionNotEnabled)).ToList();
        if (_found.IsEmpty && results.All(r => r.Error is not null))
            throw (enabled.Count > 0 ? enabled : [.. results])[0].Error!;
        foreach (var failed in isEverywhere ? enabled : [.. results])
            if (failed.Error is { } error)
                _missed.Enqueue($"{failed.Region}: {error.Message}");
        await AddReplicasAsync();
        var clusters = new List<ClusterKeys>();
        foreach (var owner in _found.Values.GroupBy(f => f.ClusterId))
        {
            var specs = new List<CmekRegionSpec>();
            foreach (var key in owner.OrderBy(k => k.Key.Arn, StringComparer.Ordinal))
                specs.AddRange(await SpecsOfAsync(AwsKeyArn.Parse(key.Key.Arn), owner.Key));
            clusters.Add(
                new ClusterKeys(
                    owner.Key,
                    owner.Select(f => f.ClusterName).FirstOrDefault(n => n.Length > 0) ?? "",
                    specs
                )
            );
        }

        var searched = enabled.Where(r => r.Error is null).Select(r => r.Region).ToList();
        return new KeySearch
        {
            Clusters = clusters,
            Searched = $"{(account is null ? "" : $"account {account}, ")}regions {string.Join(", ", searched)}",
            Missed = [.. _missed],
        };
    }

    /// <summary>The account of the keys; null when STS does not tell, for a reason that KMS may not share.</summary>
    /// <exception cref="CmekException">AwsCredentialsMissing, AwsCredentialsRefused.</exception>
    private async Task<string?> FindAccountAsync()
    {
        try
        {
            return (await run.GetKeyCallerAsync(AwsPartition.OfEnvironment().IamSigningRegion)).Account;
        }
        catch (Exception error)
            when (run.Calls.Translate(error, "STS") is { } translated && translated.Kind != CmekErrorKind.Authentication
            )
        {
            return null;
        }
    }

    private async Task<CmekException?> TrySearchAsync(string region)
    {
        try
        {
            if (cluster.Id.Length > 0)
                await SearchAliasAsync(region);
            await SearchTagsAsync(region);
            return null;
        }
        catch (Exception error) when (run.Calls.Translate(error, $"KMS in {region}") is { } translated)
        {
            return translated;
        }
    }

    /// <summary>The key with the cluster's alias, unless its tags name another cluster: ids can end alike.</summary>
    private async Task SearchAliasAsync(string region)
    {
        if (
            await run.Keys.DescribeAsync(region, AwsNames.Alias(cluster, null)) is { } named
            && await run.Keys.GetTagsAsync(region, named.KeyId) is var tags
            && (AwsNames.OwnerOf(tags) ?? cluster.Id) == cluster.Id
        )
            _found[named.Arn] = new Found(named, cluster.Id, NameIn(tags));
    }

    private async Task SearchTagsAsync(string region)
    {
        using var slots = new SemaphoreSlim(ParallelReads);
        var left = 0;
        await foreach (var page in run.Keys.ListKeysAsync(region))
            await Task.WhenAll(
                page.Select(async keyId =>
                {
                    await slots.WaitAsync(run.Calls.Context.CancellationToken);
                    try
                    {
                        if (timeUp.IsCancellationRequested)
                            Interlocked.Increment(ref left);
                        else
                            await SearchKeyAsync(region, keyId);
                    }
                    finally
                    {
                        slots.Release();
                    }
                })
            );
        if (left > 0)
            _missed.Enqueue($"{region}: {left} keys were not read, because the time for the search was up.");
    }

    private async Task SearchKeyAsync(string region, string keyId)
    {
        var tags = await run.Keys.GetTagsAsync(region, keyId);
        if (
            AwsNames.OwnerOf(tags) is { } owner
            && KeySearch.Means(cluster, owner, NameIn(tags))
            && await run.Keys.DescribeAsync(region, keyId) is { } metadata
        )
            _found[metadata.Arn] = new Found(metadata, owner, NameIn(tags));
    }

    /// <summary>A replica in a region without nodes has a policy of its own.</summary>
    private async Task AddReplicasAsync()
    {
        foreach (var found in _found.Values.ToList())
        foreach (var replica in ReplicasOf(found.Key))
            if (!_found.ContainsKey(replica) && await DescribeAsync(AwsKeyArn.Parse(replica)) is { } metadata)
                _found[replica] = found with { Key = metadata };
    }

    private static string NameIn(IReadOnlyDictionary<string, string>? tags) =>
        tags is not null && tags.TryGetValue(AwsNames.ClusterNameTag, out var name) ? name : "";

    private static IEnumerable<string> ReplicasOf(KeyMetadata key) =>
        key.MultiRegionConfiguration is { } all
            ? (all.ReplicaKeys ?? []).Append(all.PrimaryKey).Select(k => k.Arn)
            : [];

    private async Task<KeyMetadata?> DescribeAsync(AwsKeyArn replica)
    {
        try
        {
            return await run.Keys.DescribeAsync(replica);
        }
        catch (Exception error) when (run.Calls.Translate(error, replica.ToString()) is { } translated)
        {
            _missed.Enqueue($"{replica.Region}: {translated.Message}");
            return null;
        }
    }

    /// <summary>A line for each region that the key can serve and each role that may use it.</summary>
    private async Task<IEnumerable<CmekRegionSpec>> SpecsOfAsync(AwsKeyArn key, string clusterId)
    {
        IReadOnlyList<string> roles = await RolesInPolicyAsync(key);
        if (
            roles.Count == 0
            && await _defaultRoles.GetOrAdd(clusterId, id => new(() => FindDefaultRoleAsync(id, key))).Value is { } role
        )
            roles = [role];
        if (roles.Count == 0)
            run.Warn(
                $"{cluster.Name}: {key} belongs to the cluster, but neither its policy nor IAM shows the role that "
                    + "uses it. It is left out."
            );
        return roles.Select(r => CmekRegionSpec.Create(key.Region, AwsNames.KeyType, key.ToString(), r));
    }

    private async Task<IReadOnlyList<string>> RolesInPolicyAsync(AwsKeyArn key)
    {
        try
        {
            return (await run.Keys.GetPolicyAsync(key.Region, key.ToString())).RolesOfModule;
        }
        catch (AmazonServiceException error) when (AwsCalls.IsDenied(error))
        {
            return [];
        }
    }

    private async Task<string?> FindDefaultRoleAsync(string clusterId, AwsKeyArn key)
    {
        try
        {
            var name = AwsNames.Default(new CrdbCluster { Id = clusterId });
            return (await run.FindRoleOnceAsync(AwsPartition.Named(key.Partition), name))?.Arn;
        }
        catch (AmazonServiceException error) when (AwsCalls.IsDenied(error))
        {
            return null;
        }
    }
}
