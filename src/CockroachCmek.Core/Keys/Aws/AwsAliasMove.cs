namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// Finishes a replacement: moves the aliases of the replaced keys to those in force, and removes the mark of a
/// replacement.
/// </summary>
internal sealed class AwsAliasMove(AwsRun run, CrdbCluster cluster)
{
    /// <param name="inForce">The keys that the cluster uses now.</param>
    public Task MoveAsync(IReadOnlyList<CmekRegionSpec> inForce) =>
        Task.WhenAll(inForce.Select(s => s.KeyUri).Distinct().Select(uri => MoveAsync(AwsKeyArn.Parse(uri))));

    private async Task MoveAsync(AwsKeyArn arn)
    {
        if (await run.Keys.DescribeAsync(arn) is not { } key)
            throw AwsErrors.KeyNotFound(arn.ToString(), arn.Region);
        var tags = await run.Keys.GetTagsAsync(arn.Region, key.KeyId);
        if (tags is null || !tags.TryGetValue(AwsNames.ReplacesTag, out var oldId))
            return;
        foreach (var alias in await MovableAliasesAsync(arn.Region, oldId))
        {
            if (!await run.ConfirmAsync(key.Arn, $"Move {alias} to the new key"))
                return;
            await run.Writer.MoveAliasAsync(arn.Region, alias, key.KeyId);
        }

        await run.Writer.RemoveTagAsync(arn.Region, key.KeyId, AwsNames.ReplacesTag);
    }

    /// <summary>
    /// All aliases of a key that this module created; of any other key only the module's own, since others may use the
    /// rest.
    /// </summary>
    private async Task<IReadOnlyList<string>> MovableAliasesAsync(string region, string oldId)
    {
        if (await run.Keys.DescribeAsync(region, oldId) is null)
            return [];
        var aliases = (await run.Keys.GetAliasesAsync(region, oldId)).Where(a => !AwsNames.IsVaultAlias(a)).ToList();
        return AwsNames.BelongsTo(cluster, await run.Keys.GetTagsAsync(region, oldId))
            ? aliases
            : [.. aliases.Where(a => a == AwsNames.Alias(cluster, null))];
    }
}
