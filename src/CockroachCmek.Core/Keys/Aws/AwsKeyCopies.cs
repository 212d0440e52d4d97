namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// The replicas of multi-region keys, and their primaries, in regions that a cluster does not use. Each has a policy,
/// grants and a state of its own, and decrypts what the cluster's key encrypted. Reads only.
/// </summary>
internal sealed class AwsKeyCopies(AwsRun run)
{
    public async Task<IReadOnlyList<CmekRegionSpec>> FindAsync(IReadOnlyList<CmekRegionSpec> keys)
    {
        var used = keys.Select(k => (Arn: AwsKeyArn.TryParse(k.KeyUri), k.AuthPrincipal))
            .Where(k => k.Arn is { IsAlias: false, IsMultiRegion: true })
            .GroupBy(k => (k.Arn!.Partition, k.Arn.AccountId, k.Arn.KeyId));
        var copies = await Task.WhenAll(
            used.Select(async family =>
            {
                var own = family.Select(k => k.Arn!.ToString()).Distinct().ToList();
                var all = await FindFamilyAsync([.. family.Select(k => k.Arn!).Distinct()]);
                return from arn in all.Except(own)
                    from role in family.Select(k => k.AuthPrincipal).Distinct()
                    select CmekRegionSpec.Create(AwsKeyArn.Parse(arn).Region, AwsNames.KeyType, arn, role);
            })
        );
        return [.. copies.SelectMany(c => c)];
    }

    /// <summary>
    /// Every key of the family knows all the others. All are asked at once, and the first response counts: a region
    /// that does not respond holds up nothing.
    /// </summary>
    private async Task<IReadOnlyList<string>> FindFamilyAsync(IReadOnlyList<AwsKeyArn> known)
    {
        var reads = known.Select(TryReadAsync).ToList();
        var problem = "";
        while (reads.Count > 0)
        {
            var first = await Task.WhenAny(reads);
            reads.Remove(first);
            var (family, why) = await first;
            if (family is not null)
                return family;
            problem = why;
        }

        run.Warn($"It is not known whether {known[0]} has replicas in other regions. {problem}");
        return [];
    }

    private async Task<(IReadOnlyList<string>? Family, string Problem)> TryReadAsync(AwsKeyArn key)
    {
        try
        {
            return await run.Keys.DescribeAsync(key) is { MultiRegionConfiguration: { } family }
                ? ([.. (family.ReplicaKeys ?? []).Append(family.PrimaryKey).Select(k => k.Arn)], "")
                : (null, "The key was not found, or these credentials are not allowed to see it.");
        }
        catch (CmekException error)
        {
            return (null, error.Message);
        }
        catch (Exception error) when (run.Calls.Translate(error, key.ToString()) is { } translated)
        {
            return (null, translated.Message);
        }
    }
}
