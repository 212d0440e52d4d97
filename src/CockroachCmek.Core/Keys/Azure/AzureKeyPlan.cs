using CockroachCmek.Core.Keys.Azure.Access;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// What one Key Vault holds for a cluster, and what has to be written there for the regions that it serves.
/// </summary>
internal sealed record AzureKeyPlan(AzureKeyVault KeyVault, IReadOnlyList<string> Regions, AzureKeyId Id)
{
    /// <summary>The key; null when it has to be created or recovered.</summary>
    public FoundKey? Found { get; init; }

    /// <summary>A deleted key of the name; null when there is none.</summary>
    public DeletedKey? Deleted { get; init; }

    /// <summary>The shape of a new key.</summary>
    public required KeyShape Shape { get; init; }

    /// <summary>The role that the application gets.</summary>
    public required RoleDefinition Role { get; init; }

    /// <summary>What the application is allowed to do now.</summary>
    public required AzureAccess Access { get; init; }

    /// <summary>The key's present rotation policy, as far as it matters.</summary>
    public RotationPolicy? RotationBefore { get; init; }

    /// <summary>The rotation policy to set; null when it is right, or none was requested.</summary>
    public RotationPolicy? Rotation { get; init; }

    public bool NeedsRecovery => Found is null && Deleted is not null;

    public bool NeedsKey => Found is null && Deleted is null;

    public bool NeedsGrant => Access.NeedsGrant;

    public bool NeedsHsm => NeedsKey && Shape.Kty == KeyMaterial.RsaHsm;
}

/// <summary>Reads all Key Vaults of a request, and finds every problem before anything is written.</summary>
internal sealed class AzureKeyPlanner(
    AzureClients clients,
    AzureCalls calls,
    KeyRequest request,
    AzureKeyReader reader,
    AzureGrants grants
)
{
    private readonly AzureKeyOptions _options = AzureKeyOptions.From(request.Options);

    /// <summary>One plan for each Key Vault that serves a region.</summary>
    /// <exception cref="CmekException">KeyVaultMissing, RoleUnknown, RoleTooNarrow, KeyNotFound.</exception>
    public async Task<IReadOnlyList<AzureKeyPlan>> PlanAsync(IReadOnlyList<AzureKeyVault> keyVaults, string principalId)
    {
        var shape = await ShapeAsync();
        var byKeyVault = request.Regions.GroupBy(r => AzureKeyVaults.Choose(keyVaults, request.Cluster.Name, r));
        return await Task.WhenAll(byKeyVault.Select(g => PlanAsync(g.Key, [.. g], principalId, shape)));
    }

    /// <summary>Throws when any of the plans cannot be carried out; one error names all problems.</summary>
    /// <exception cref="CmekException">
    /// KeyNameTaken, KeyDiffers, KeySoftDeleted, HsmNotAvailable, KeysUnfit, …
    /// </exception>
    public async Task ThrowIfUnfitAsync(IEnumerable<AzureKeyPlan> plans)
    {
        var problems = new List<CmekException>();
        foreach (var plan in plans)
        {
            if (IsForeign(plan))
            {
                problems.Add(AzureErrors.KeyNameTaken(plan.Id, plan.Found!.Tag(AzureNames.ClusterIdTag)));
                continue;
            }

            problems.AddRange(FindProblems(plan));
            if (plan.Access.Problem(plan.Id, plan.NeedsGrant) is { } problem)
                problems.Add(problem);
            problems.AddRange(
                await new AzurePermissions(clients, calls).FindMissingAsync(
                    plan.KeyVault,
                    createsKey: plan.Found is null,
                    grants: plan.NeedsGrant
                )
            );
        }

        Errors.ThrowCombined(request.Cluster.Name, problems);
    }

    /// <summary>
    /// True for a key that has the right name, but was not created for the cluster and is not granted to it. One that
    /// is granted was created by hand, as the documentation describes.
    /// </summary>
    private bool IsForeign(AzureKeyPlan plan) =>
        plan.Found is { } key && !key.BelongsTo(request.Cluster) && plan.NeedsGrant;

    private IEnumerable<CmekException> FindProblems(AzureKeyPlan plan)
    {
        if (plan.Found is { } key)
        {
            var problems = AzureKeyProblems.KeyProblems(key, calls.Context.Time.GetUtcNow());
            return AzureKeyProblems.Differences(key, _options) is { Count: > 0 } differences
                ? problems.Prepend(AzureErrors.KeyDiffers(plan.Id, differences))
                : problems;
        }

        if (plan.Deleted is { } deleted && !_options.Recover)
            return [AzureErrors.KeySoftDeleted(plan.Id, deleted.PurgedOn)];
        return plan.NeedsHsm && !plan.KeyVault.IsPremium ? [AzureErrors.HsmNotAvailable(plan.KeyVault)] : [];
    }

    private async Task<AzureKeyPlan> PlanAsync(
        AzureKeyVault keyVault,
        IReadOnlyList<string> regions,
        string principalId,
        KeyShape shape
    )
    {
        var id = new AzureKeyId(keyVault.Uri, request.Name ?? AzureNames.Key(request.Cluster), null);
        var role = await grants.RequireRoleAsync(keyVault, _options.RoleName);
        var found = await reader.FollowAsync(id, request.Cluster);
        id = found?.Id.WithoutVersion ?? id;
        var rotation = request.RotationPeriodInDays is { } days ? RotationPolicy.Every(days) : null;
        var before = found is null || rotation is null ? null : await reader.FindRotationPolicyAsync(id);
        return new AzureKeyPlan(keyVault, regions, id)
        {
            Found = found,
            Deleted = found is null ? await reader.FindDeletedAsync(id) : null,
            Shape = shape,
            Role = role,
            Access = await grants.ReadAsync(keyVault, id.Name, principalId, AzureNames.Application(request.Cluster)),
            RotationBefore = before,
            Rotation = HasSamePeriod(before, rotation) ? null : rotation,
        };
    }

    private static bool HasSamePeriod(RotationPolicy? before, RotationPolicy? wanted) =>
        wanted is not null && before?.Rotation?.Trigger.TimeAfterCreate == wanted.Rotation!.Trigger.TimeAfterCreate;

    /// <summary>The shape of new keys: as requested, else like the key in force, else the default.</summary>
    private async Task<KeyShape> ShapeAsync()
    {
        var like = request.Like is { } spec ? await RequireMaterialAsync(spec) : null;
        var kty = _options.ProtectionLevel switch
        {
            CmekProtectionLevel.Hsm => KeyMaterial.RsaHsm,
            CmekProtectionLevel.Software => KeyMaterial.Rsa,
            _ => like?.Kty ?? KeyMaterial.Rsa,
        };
        return new KeyShape(
            kty,
            _options.KeySize ?? like?.Size ?? KeyShape.DefaultSize,
            AzureNames.Tags(request.Cluster, request.Tags)
        )
        {
            ExpiresOn = _options.ExpiresOn,
        };
    }

    private async Task<KeyMaterial> RequireMaterialAsync(CmekRegionSpec spec)
    {
        var id = AzureKeyId.Parse(spec.KeyUri, clients.Cloud);
        return (await reader.FindAsync(id) ?? throw AzureErrors.KeyNotFound(id)).Bundle.Key;
    }
}
