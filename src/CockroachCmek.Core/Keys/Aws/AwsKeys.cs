using Amazon.KeyManagementService;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// Keys for the regions of a cluster: created, reused, imported, or made like the keys in force elsewhere.
/// </summary>
internal sealed class AwsKeys(AwsRun run)
{
    /// <summary>One key for each region, in the order of the request.</summary>
    public async Task<IReadOnlyList<CmekKey>> EnsureAsync(KeyRequest request)
    {
        var role = RoleArn.Parse(request.AuthPrincipal);
        foreach (var region in request.Regions)
            if (!request.Cluster.Regions.Any(r => r.Name == region))
                throw Errors.RegionUnknown(request.Cluster.Name, region, request.Cluster.Regions.Select(r => r.Name));
        foreach (var key in request.KeyUris.Select(AwsKeyArn.TryParse).Prepend(null))
            if (AwsPartition.Difference(request.Cluster, role, key) is { } difference)
                throw Errors.KeyPartitionDiffers(request.Cluster.Name, difference);
        if (request.KeyUris.Count > 0)
            return await new AwsKeyImport(run, request, role).ImportAsync();
        var template = request.Like is { } like
            ? await LikeAsync(request, role, like)
            : KeyTemplate.Default(request, role);
        var keys = await new AwsKeyCreation(run, template).EnsureAsync();
        await new AwsRoleGrant(run, request.Cluster, role).EnsureAsync(
            keys.Where(k => !k.IsPlanned).Select(k => AwsKeyArn.Parse(k.KeyUri))
        );
        return keys;
    }

    /// <summary>
    /// For regions that join a cluster: a multi-region key that AWS generated gets a replica in each; any other key gets
    /// one of the same shape, with the same policy and, beside a key of AWS, the same alias.
    /// </summary>
    private async Task<KeyTemplate> LikeAsync(KeyRequest request, RoleArn role, CmekRegionSpec like)
    {
        var arn = AwsKeyArn.Parse(like.KeyUri);
        var model = await run.Keys.FindTaggedAsync(arn.Region, like.KeyUri)
            ?? throw AwsErrors.KeyNotFound(like.KeyUri, arn.Region);
        var policy = model.Policy.EnsureGrant(role.Text);
        Errors.ThrowCombined(request.Cluster.Name, [.. await ProblemsAsync(model, policy, role)]);
        // AWS copies neither imported material nor that of a key store: what -ReplaceOrigin asks for is a key of its own.
        var isOfAws = model.Metadata.Origin == OriginType.AWS_KMS;
        var aliases = isOfAws ? await run.Keys.GetAliasesAsync(model.Region, model.KeyId) : [];
        var tags = AwsNames.CopyableTags(model.Tags);
        foreach (var tag in request.Tags)
            tags[tag.Key] = tag.Value;
        return KeyTemplate.Default(request, role) with
        {
            Alias = aliases.Count > 0 ? aliases[0] : AwsNames.Alias(request.Cluster, request.Name),
            Shape = new KeyShape(
                isOfAws && model.IsMultiRegion,
                AwsNames.Description(request.Cluster),
                AwsNames.Tags(request.Cluster, tags)
            ),
            Policy = policy,
            Model = isOfAws ? model : null,
        };
    }

    private async Task<IEnumerable<CmekException>> ProblemsAsync(FoundKey model, KeyPolicyDocument policy, RoleArn role)
    {
        var problems = await AwsKeyProblems.OfAsync(run, model, role.Text, MissingGrant.AddUnlessNarrowed);
        return policy.StalePrincipals is { Count: > 0 } stale
            ? problems.Append(AwsErrors.PolicyNotCopyable(model.Metadata.Arn, stale, role.Text))
            : problems;
    }
}

/// <summary>What the keys of one run have in common.</summary>
internal sealed record KeyTemplate
{
    /// <summary>What was asked for.</summary>
    public required KeyRequest Request { get; init; }

    /// <summary>The role that uses the keys.</summary>
    public required RoleArn Role { get; init; }

    /// <summary>The alias in each region, with its prefix.</summary>
    public required string Alias { get; init; }

    /// <summary>The shape of new keys.</summary>
    public required KeyShape Shape { get; init; }

    /// <summary>The policy of new keys; null for the module's own.</summary>
    public KeyPolicyDocument? Policy { get; init; }

    /// <summary>
    /// A key in force in another region: of a multi-region key, the one to replicate. Null for a cluster's first keys.
    /// </summary>
    public FoundKey? Model { get; init; }

    /// <summary>The template of a cluster's first keys.</summary>
    public static KeyTemplate Default(KeyRequest request, RoleArn role) =>
        new()
        {
            Request = request,
            Role = role,
            Alias = AwsNames.Alias(request.Cluster, request.Name),
            Shape = new KeyShape(
                AwsKeyOptions.From(request.Options).MultiRegion,
                AwsNames.Description(request.Cluster),
                AwsNames.Tags(request.Cluster, request.Tags)
            ),
        };
}

/// <summary>What a new key is like, apart from its policy.</summary>
internal sealed record KeyShape(bool MultiRegion, string Description, IReadOnlyDictionary<string, string> Tags);
