using System.Collections.Concurrent;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// A cluster's keys as KMS itself shows them: by the cluster's alias and by the tags of what this module created, in
/// every region of the cluster and of its multi-region keys. The role is the one that a key's policy names in this
/// module's statements, or the one with the cluster's default name. Reads only.
/// </summary>
internal sealed class AwsClusterKeys(AwsRun run, CrdbCluster cluster)
{
    private const int ParallelReads = 8;

    private readonly ConcurrentDictionary<string, KeyMetadata> _found = new();

    /// <exception cref="CmekException">What went wrong, when no region could be searched.</exception>
    public async Task<IReadOnlyList<CmekRegionSpec>> FindAsync()
    {
        var errors = await Task.WhenAll(cluster.Regions.Select(r => TrySearchAsync(r.Name)));
        if (_found.IsEmpty && errors.FirstOrDefault(e => e is not null) is { } error)
            throw error;
        foreach (var failed in errors.OfType<CmekException>())
            run.Warn($"{cluster.Name}: keys may be missing. {failed.Message}");
        // A replica in a region without nodes has a policy of its own.
        foreach (var replica in _found.Values.SelectMany(ReplicasOf).Distinct().ToList())
            if (!_found.ContainsKey(replica) && await DescribeAsync(AwsKeyArn.Parse(replica)) is { } metadata)
                _found[replica] = metadata;
        var defaultRole = new Lazy<Task<string?>>(FindDefaultRoleAsync);
        var specs = new List<CmekRegionSpec>();
        foreach (var key in _found.Values.OrderBy(k => k.Arn, StringComparer.Ordinal))
            specs.AddRange(await SpecsOfAsync(AwsKeyArn.Parse(key.Arn), defaultRole));
        return specs;
    }

    private async Task<CmekException?> TrySearchAsync(string region)
    {
        try
        {
            if (await run.Keys.DescribeAsync(region, AwsNames.Alias(cluster, null)) is { } named)
                _found[named.Arn] = named;
            await SearchTagsAsync(region);
            return null;
        }
        catch (Exception error) when (run.Calls.Translate(error, $"KMS in {region}") is { } translated)
        {
            return translated;
        }
    }

    private async Task SearchTagsAsync(string region)
    {
        using var slots = new SemaphoreSlim(ParallelReads);
        await foreach (var page in run.Keys.ListKeysAsync(region))
            await Task.WhenAll(
                page.Select(async keyId =>
                {
                    await slots.WaitAsync(run.Calls.Context.CancellationToken);
                    try
                    {
                        if (
                            AwsNames.BelongsTo(cluster, await run.Keys.GetTagsAsync(region, keyId))
                            && await run.Keys.DescribeAsync(region, keyId) is { } metadata
                        )
                            _found[metadata.Arn] = metadata;
                    }
                    finally
                    {
                        slots.Release();
                    }
                })
            );
    }

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
            run.Warn($"{cluster.Name}: keys may be missing. {translated.Message}");
            return null;
        }
    }

    /// <summary>A line for each region that the key can serve and each role that may use it.</summary>
    private async Task<IEnumerable<CmekRegionSpec>> SpecsOfAsync(AwsKeyArn key, Lazy<Task<string?>> defaultRole)
    {
        IReadOnlyList<string> roles = await RolesInPolicyAsync(key);
        if (roles.Count == 0 && await defaultRole.Value is { } role)
            roles = [role];
        if (roles.Count == 0)
            run.Warn(
                $"{cluster.Name}: {key} belongs to the cluster, but neither its policy nor IAM shows the role that "
                    + "uses "
                    + "it. It is left out."
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

    private async Task<string?> FindDefaultRoleAsync()
    {
        try
        {
            return (await run.FindRoleOnceAsync(AwsPartition.Of(cluster), AwsNames.Default(cluster)))?.Arn;
        }
        catch (AmazonServiceException error) when (AwsCalls.IsDenied(error))
        {
            return null;
        }
    }
}
