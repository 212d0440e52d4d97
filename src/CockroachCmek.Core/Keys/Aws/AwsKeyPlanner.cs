namespace CockroachCmek.Core.Keys.Aws;

/// <summary>What a run is to do for a region's key.</summary>
/// <param name="Region">The region.</param>
/// <param name="Found">The key that exists; null when one has to be created.</param>
/// <param name="MayWrite">True when something has to be written and the user agreed.</param>
internal sealed record RegionPlan(string Region, FoundKey? Found, bool MayWrite);

/// <summary>
/// Reads all regions, reports every problem at once, and asks the user; writes nothing. A key is found by its alias, or
/// by its tags when an earlier run ended before it created the alias.
/// </summary>
internal sealed class AwsKeyPlanner(AwsRun run, KeyTemplate template)
{
    private readonly KeyRequest _request = template.Request;

    /// <summary>What to do in each region, in the order of the request.</summary>
    /// <param name="accountId">The account of the caller.</param>
    public async Task<IReadOnlyList<RegionPlan>> PlanAsync(string accountId)
    {
        var found = await Task.WhenAll(
            _request.Regions.Select(async region => (Region: region, Key: await FindAsync(region)))
        );
        var problems = await Task.WhenAll(found.Select(f => f.Key).OfType<FoundKey>().Select(ProblemsAsync));
        Errors.ThrowCombined(_request.Cluster.Name, [.. problems.SelectMany(p => p)]);
        await new AwsRoleGrant(run, _request.Cluster, template.Role).PrepareAsync([accountId], _request.IsRolePlanned);
        var plans = new List<RegionPlan>();
        foreach (var (region, key) in found)
        {
            var isReplica = template.Model is not null || plans.Count > 0;
            plans.Add(new RegionPlan(region, key, await ConfirmAsync(region, key, isReplica)));
        }

        return plans;
    }

    /// <summary>The cluster's key in a region; null when one has to be created.</summary>
    public async Task<FoundKey?> FindAsync(string region)
    {
        var named = await run.Keys.FindTaggedAsync(region, template.Alias);
        if (template.Model is not { IsMultiRegion: true } model)
            return named ?? await FindOrphanAsync(region);
        if (named is not null && named.KeyId != model.KeyId)
            throw AwsErrors.AliasTaken(template.Alias, region, named.Metadata.Arn);
        if (named is not null)
            return named;
        var replica = await run.Keys.FindTaggedAsync(region, model.KeyId);
        return replica is null ? null : replica with { HasAlias = false };
    }

    /// <summary>Refuses a key that cannot be the cluster's.</summary>
    public async Task RefuseProblemsAsync(FoundKey key) =>
        Errors.ThrowCombined(_request.Cluster.Name, [.. await ProblemsAsync(key)]);

    private Task<FoundKey?> FindOrphanAsync(string region) =>
        new AwsKeySearch(run).FindOrphanAsync(region, _request.Cluster, template.Shape.MultiRegion);

    private async Task<IEnumerable<CmekException>> ProblemsAsync(FoundKey key)
    {
        var isOurs = key.BelongsTo(_request.Cluster);
        var reading = await new AwsKeyAccessReader(run).ReadAsync(key, template.Role.Text);
        // A key of somebody else under our alias is fine when it grants the role access: it was made by hand, by the
        // documentation.
        if (!isOurs && !reading.IsSettled && reading.Narrowed.Count == 0)
            return [AwsErrors.AliasTaken(template.Alias, key.Region, key.Metadata.Arn)];
        var problems = AwsKeyProblems
            .KeyProblems(key.Metadata)
            .Concat(
                AwsKeyProblems.GrantProblems(reading, isOurs ? MissingGrant.AddUnlessNarrowed : MissingGrant.Refuse)
            );
        if (isOurs && key.Policy.EnsureGrant(template.Role.Text) is var wanted && !wanted.IsEquivalentTo(key.Policy))
            problems = problems.Concat(StaleProblems(key.Metadata.Arn, wanted, template.Role));
        return key.IsMultiRegion == template.Shape.MultiRegion
            ? problems
            : problems.Prepend(AwsErrors.KeyDiffers(key.Metadata.Arn, template.Shape.MultiRegion));
    }

    private static IEnumerable<CmekException> StaleProblems(string arn, KeyPolicyDocument wanted, RoleArn role)
    {
        if (wanted.StalePrincipals is { Count: > 0 } stale)
            yield return AwsErrors.KeyPolicyStale(arn, stale, role.Text);
    }

    /// <summary>True when the key policy neither grants the use nor grants it under a condition.</summary>
    public static bool NeedsGrant(FoundKey key, RoleArn role) =>
        !ReferenceEquals(key.Policy.EnsureGrant(role.Text, key.Metadata.Arn), key.Policy);

    private async Task<bool> ConfirmAsync(string region, FoundKey? key, bool isReplica)
    {
        var action = key is null ? CreationOf(isReplica) : await ChangeOfAsync(key);
        return action is not null && await run.ConfirmAsync($"KMS in {region}", action);
    }

    private string CreationOf(bool isReplica)
    {
        var what =
            !template.Shape.MultiRegion ? "KMS key"
            : isReplica ? "replica of the multi-region KMS key"
            : "multi-region KMS key";
        return $"Create {what} {template.Alias} and grant {template.Role} access";
    }

    /// <summary>What has to be changed about a key that exists; null when nothing has to.</summary>
    private async Task<string?> ChangeOfAsync(FoundKey key)
    {
        if (NeedsGrant(key, template.Role))
            return $"Grant {template.Role} access to {key.Arn}";
        if (await NeedsRotationAsync(key))
            return $"Let AWS rotate {key.Arn} every {_request.RotationPeriodInDays} days";
        return key.HasAlias ? null : $"Create {template.Alias} for {key.Arn}";
    }

    /// <summary>Rotation of a multi-region key is set on its primary.</summary>
    private async Task<bool> NeedsRotationAsync(FoundKey key) =>
        _request.RotationPeriodInDays is { } days
        && (!key.IsMultiRegion || key.IsPrimary)
        && await run.Keys.GetRotationPeriodAsync(key.Region, key.KeyId) != days;
}
