using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// Replaces keys by new ones of the same shape: kind, policy, tags, description and automatic rotation. Until the old
/// key's aliases have moved to it (<see cref="AwsAliasMove"/>), the new key carries the old one's id as a tag. By that
/// tag a second run finds it, and knows that the first did not finish.
/// </summary>
internal sealed class AwsKeyReplacement(AwsRun run, CrdbCluster cluster)
{
    private readonly AwsKeyRivals _rivals = new(run, cluster);

    /// <summary>
    /// The new key of each region, in the order of the regions; the key in force when it is new and only its aliases
    /// have not moved yet. Null when the user declined.
    /// </summary>
    public async Task<IReadOnlyList<CmekRegionSpec>?> ReplaceAsync(IReadOnlyList<CmekRegionInfo> regions)
    {
        var keys = await Task.WhenAll(regions.Select(ReadAsync));
        if (keys.Any(k => k.Key.Tags?.ContainsKey(AwsNames.ReplacesTag) == true))
        {
            run.Warn(
                $"{cluster.Name}: an earlier run put new keys in force and did not finish. Only the aliases are moved "
                    + "to them now. Run the command again for another rotation."
            );
            return [.. keys.Select(k => k.Spec(k.Key.Metadata.Arn))];
        }

        var problems = await Task.WhenAll(keys.Select(ProblemsAsync));
        Errors.ThrowCombined(cluster.Name, [.. problems.SelectMany(p => p)]);
        var plans = new List<Replacement>();
        // One new key, with replicas, for all regions of a multi-region key; one for all regions that share any other
        // key.
        foreach (var group in keys.GroupBy(k => k.Key.IsMultiRegion ? k.Key.KeyId : k.Key.Metadata.Arn))
            plans.Add(await PlanAsync([.. group]));
        if (plans.Any(p => !p.IsAllowed))
            return null;
        var created = await Task.WhenAll(plans.Select(CreateAsync));
        var specs = created.SelectMany(s => s).ToDictionary(s => s.Region);
        foreach (var role in specs.Values.GroupBy(s => s.AuthPrincipal))
            await new AwsRoleGrant(run, cluster, RoleArn.Parse(role.Key)).EnsureAsync(
                role.Select(s => AwsKeyArn.Parse(s.KeyUri))
            );
        return [.. regions.Select(r => specs[r.Region])];
    }

    private async Task<OldKey> ReadAsync(CmekRegionInfo region)
    {
        var arn = AwsKeyArn.Parse(region.Keys[0].KeyUri);
        var key = await run.Keys.FindTaggedAsync(arn.Region, arn.ToString())
            ?? throw AwsErrors.KeyNotFound(arn.ToString(), arn.Region);
        return new OldKey(region, key);
    }

    private async Task<IEnumerable<CmekException>> ProblemsAsync(OldKey old)
    {
        var problems = await AwsKeyProblems.OfAsync(
            run,
            old.Key,
            old.InUse.AuthPrincipal,
            MissingGrant.AddUnlessNarrowed
        );
        return old.Policy.StalePrincipals is { Count: > 0 } stale
            ? problems.Append(AwsErrors.PolicyNotCopyable(old.Key.Metadata.Arn, stale, old.InUse.AuthPrincipal))
            : problems;
    }

    /// <summary>Looks for a new key of an earlier run, and asks for what is still to be done.</summary>
    private async Task<Replacement> PlanAsync(IReadOnlyList<OldKey> members)
    {
        var old = members[0].Key;
        var home = members[0].Home;
        var created = await new AwsKeySearch(run).FindReplacementAsync(home, cluster, old.Metadata);
        var regions = string.Join(", ", members.Select(m => m.Region));
        // Also a complete key may lack its period of rotation and its grant.
        var action =
            created is not null && await IsCompleteAsync(members, created)
                ? $"Finish the new KMS key {created.Metadata.Arn} of an earlier run for {regions}"
                : $"Create a new {(old.IsMultiRegion ? "multi-region " : "")}KMS key of the same shape for {regions}";
        action += ", and move the aliases to it once it is in force";
        return new Replacement(members, created, await run.ConfirmAsync(old.Metadata.Arn, action));
    }

    /// <summary>True when a new key has a replica in each region that needs one.</summary>
    private async Task<bool> IsCompleteAsync(IReadOnlyList<OldKey> members, FoundKey created)
    {
        if (!created.IsMultiRegion)
            return true;
        var replicas = await Task.WhenAll(members.Select(m => run.Keys.DescribeAsync(m.Key.Region, created.KeyId)));
        return replicas.All(r => r is not null);
    }

    /// <summary>Creates what is missing of a new key.</summary>
    private async Task<IReadOnlyList<CmekRegionSpec>> CreateAsync(Replacement plan)
    {
        var first = plan.Members[0];
        var shape = ShapeOf(first);
        var key = plan.Created?.Metadata ?? await CreateKeyAsync(first, shape);
        await run.Writer.ConfirmPolicyAsync(first.Home, key.KeyId, first.Policy);
        await CopyRotationAsync(first, key.KeyId);
        if (!first.Key.IsMultiRegion)
            return [.. plan.Members.Select(m => m.Spec(key.Arn))];
        var primary = AwsKeyArn.Parse(key.Arn);
        return await Task.WhenAll(
            plan.Members.Select(async m =>
                m.Key.Region == primary.Region ? m.Spec(key.Arn) : m.Spec((await ReplicateAsync(m, primary)).Arn)
            )
        );
    }

    /// <summary>CreateKey has no idempotency token: after a lost response, the key is looked up by its tags.</summary>
    private Task<KeyMetadata> CreateKeyAsync(OldKey old, KeyShape shape) =>
        _rivals.CreateAsync(old.Home, old.Key.KeyId, () =>
            run.Calls.SettleAsync(
                $"CreateKey in {old.Home}",
                () => run.Writer.CreateKeyAsync(old.Home, old.Policy, shape),
                async () =>
                    (await new AwsKeySearch(run).FindReplacementAsync(old.Home, cluster, old.Key.Metadata))?.Metadata
            )
        );

    private async Task<KeyMetadata> ReplicateAsync(OldKey old, AwsKeyArn primary)
    {
        var replica = await run.Keys.DescribeAsync(old.Key.Region, primary.KeyId);
        if (replica is null)
        {
            replica = await run.Writer.ReplicateAsync(primary, old.Key.Region, old.Policy, ShapeOf(old));
            _rivals.NoteReplica(AwsKeyArn.Parse(replica.Arn));
        }

        await run.Writer.ConfirmPolicyAsync(old.Key.Region, replica.KeyId, old.Policy);
        return replica;
    }

    private async Task CopyRotationAsync(OldKey old, string keyId)
    {
        // KMS has no rotation by period for material that it did not generate.
        if (
            old.Key.Metadata.Origin == OriginType.AWS_KMS
            && await run.Keys.GetRotationPeriodAsync(old.Home, old.Key.KeyId) is { } days
            && await run.Keys.GetRotationPeriodAsync(old.Home, keyId) != days
        )
            await run.Writer.EnableRotationAsync(old.Home, keyId, days);
    }

    private KeyShape ShapeOf(OldKey old)
    {
        var tags = AwsNames.CopyableTags(old.Key.Tags);
        tags[AwsNames.ReplacesTag] = old.Key.KeyId;
        var description = old.Key.Metadata.Description;
        return new KeyShape(
            old.Key.IsMultiRegion,
            string.IsNullOrEmpty(description) ? AwsNames.Description(cluster) : description,
            AwsNames.Tags(cluster, tags)
        );
    }

    /// <summary>A region's key in force.</summary>
    private sealed record OldKey(CmekRegionInfo Info, FoundKey Key)
    {
        public string Region => Info.Region;

        public CmekKeyInfo InUse => Info.Keys[0];

        /// <summary>The region where the new key is created: of a multi-region key that of its primary.</summary>
        public string Home => (Key.Primary ?? Key.Arn).Region;

        /// <summary>The policy of the new key.</summary>
        public KeyPolicyDocument Policy => Key.Policy.EnsureGrant(InUse.AuthPrincipal);

        public CmekRegionSpec Spec(string keyUri) =>
            CmekRegionSpec.Create(Region, InUse.KeyType, keyUri, InUse.AuthPrincipal);
    }

    /// <param name="Members">The regions that get the new key.</param>
    /// <param name="Created">The new key, when an earlier run created it.</param>
    /// <param name="IsAllowed">False when the user declined.</param>
    private sealed record Replacement(IReadOnlyList<OldKey> Members, FoundKey? Created, bool IsAllowed);
}
