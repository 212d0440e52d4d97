using Amazon.KeyManagementService.Model;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// Creates or completes the keys of a template: plans all regions first, then writes, in parallel where KMS allows it.
/// </summary>
internal sealed class AwsKeyCreation(AwsRun run, KeyTemplate template)
{
    private readonly AwsKeyPlanner _planner = new(run, template);
    private readonly KeyRequest _request = template.Request;
    private readonly AwsKeyRivals _rivals = new(run, template.Request.Cluster);

    /// <summary>One key for each region, in the order of the request.</summary>
    public async Task<IReadOnlyList<CmekKey>> EnsureAsync()
    {
        var caller = await run.GetKeyCallerAsync(_request.Regions[0]);
        var plans = await _planner.PlanAsync(caller.Account);
        var policy = template.Policy ?? DefaultPolicy(caller.Account);
        return template.Shape.MultiRegion
            ? await ApplyMultiRegionAsync(plans, policy, caller.Account)
            : await Task.WhenAll(plans.Select(p => ApplyAsync(p, policy, caller.Account, primary: null)));
    }

    private KeyPolicyDocument DefaultPolicy(string accountId) =>
        KeyPolicyDocument.Create(
            AwsPartition.OfRegion(_request.Regions[0]),
            accountId,
            template.Role.Text,
            AwsKeyOptions.From(_request.Options).Administrators
        );

    /// <summary>The primary first, because replicas are made from it; then all replicas in parallel.</summary>
    private async Task<IReadOnlyList<CmekKey>> ApplyMultiRegionAsync(
        IReadOnlyList<RegionPlan> plans,
        KeyPolicyDocument policy,
        string accountId
    )
    {
        var primaryPlan = plans.FirstOrDefault(p => p.Found is { IsPrimary: true });
        var primary = primaryPlan is null ? PrimaryElsewhere(plans) : null;
        CmekKey? primaryKey = null;
        if (primary is null)
        {
            primaryPlan ??= plans[0];
            primaryKey = await ApplyAsync(primaryPlan, policy, accountId, primary: null);
            primary = primaryKey.IsPlanned ? null : AwsKeyArn.Parse(primaryKey.KeyUri);
        }

        return await Task.WhenAll(
            plans.Select(plan =>
            {
                if (ReferenceEquals(plan, primaryPlan))
                    return Task.FromResult(primaryKey!);
                // Without a primary there is nothing to replicate.
                var isPossible = primary is not null || plan.Found is not null;
                return ApplyAsync(plan with { MayWrite = plan.MayWrite && isPossible }, policy, accountId, primary);
            })
        );
    }

    /// <summary>The primary of the replicas that exist, when it is in none of the requested regions.</summary>
    private AwsKeyArn? PrimaryElsewhere(IReadOnlyList<RegionPlan> plans) =>
        plans.Select(p => p.Found).Append(template.Model).Select(k => k?.Primary).FirstOrDefault(p => p is not null);

    /// <param name="primary">The primary to replicate; null for a single-region key and for the primary itself.</param>
    private async Task<CmekKey> ApplyAsync(
        RegionPlan plan,
        KeyPolicyDocument policy,
        string accountId,
        AwsKeyArn? primary
    )
    {
        if (!plan.MayWrite)
            return plan.Found is { } existing
                ? AwsCmekKey.Of(_request, plan.Region, template.Alias, existing.Metadata, CmekOutcome.Existing)
                : AwsCmekKey.Planned(_request, plan.Region, template.Alias, accountId, template.Shape.MultiRegion);

        var key = plan.Found?.Metadata ?? await CreateAsync(plan.Region, policy, primary);
        if (plan.Found is { } found)
            await CompleteAsync(found);
        if (_request.RotationPeriodInDays is { } days && primary is null)
            await run.Writer.EnableRotationAsync(plan.Region, key.KeyId, days);
        // A replica has no rivals: KMS makes one of a key and region.
        var isCreated = plan.Found is null && (primary is not null || _rivals.IsOwn(key));
        var outcome = isCreated ? CmekOutcome.Created : CmekOutcome.Updated;
        return AwsCmekKey.Of(_request, plan.Region, template.Alias, key, outcome);
    }

    private async Task<KeyMetadata> CreateAsync(string region, KeyPolicyDocument policy, AwsKeyArn? primary)
    {
        var key = primary is null
            // CreateKey has no idempotency token: after a lost response, the key is looked up by its tags.
            ? await _rivals.CreateAsync(region, replaces: null, () =>
                run.Calls.SettleAsync(
                    $"CreateKey in {region}",
                    () => run.Writer.CreateKeyAsync(region, policy, template.Shape),
                    async () => (await _planner.FindAsync(region))?.Metadata
                )
            )
            : await run.Writer.ReplicateAsync(primary, region, policy, template.Shape);
        await run.Writer.ConfirmPolicyAsync(region, key.KeyId, policy);
        return await NameAsync(region, key);
    }

    /// <summary>
    /// Gives a new key its alias. When another run was faster, so that the alias belongs to another key of the cluster,
    /// that one counts, and this run's is taken back.
    /// </summary>
    private async Task<KeyMetadata> NameAsync(string region, KeyMetadata key)
    {
        try
        {
            await run.Writer.CreateAliasAsync(region, template.Alias, key.KeyId);
            return key;
        }
        catch (CmekException error) when (error.ErrorId == nameof(AwsErrors.AliasTaken))
        {
            if (
                await run.Keys.FindTaggedAsync(region, template.Alias) is not { } holder
                || !holder.BelongsTo(_request.Cluster)
            )
                throw;
            await _rivals.YieldAsync(key, holder.Metadata.Arn);
            await _planner.RefuseProblemsAsync(holder);
            return holder.Metadata;
        }
    }

    /// <summary>Adds what an existing key lacks: the grant and the alias.</summary>
    private async Task CompleteAsync(FoundKey key)
    {
        if (AwsKeyPlanner.NeedsGrant(key, template.Role))
            await run.Writer.ChangePolicyAsync(
                key.Region,
                key.KeyId,
                policy => policy.EnsureGrant(template.Role.Text, key.Metadata.Arn),
                planned: key.Policy
            );
        if (!key.HasAlias)
            await run.Writer.CreateAliasAsync(key.Region, template.Alias, key.KeyId);
    }
}
