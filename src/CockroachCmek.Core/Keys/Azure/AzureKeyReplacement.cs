using CockroachCmek.Core.Keys.Azure.Access;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// Creates keys that replace others, with the same shape and in the same Key Vault. Until the replacement is complete,
/// a tag on the new key names the old one (<see cref="AzureKeySuccession"/>).
/// </summary>
internal sealed class AzureKeyReplacement(AzureClients clients, AzureCalls calls, CrdbCluster cluster)
{
    private readonly AzureKeyReader _reader = new(clients, calls);
    private readonly AzureGrants _grants = new(clients, calls);

    /// <summary>A key in force, the access to it, and the key that replaces it.</summary>
    /// <param name="Old">The key in force.</param>
    /// <param name="Access">What the application is allowed to do with it.</param>
    /// <param name="Id">The new key.</param>
    private sealed record Plan(FoundKey Old, AzureKeyVault KeyVault, AzureAccess Access, AzureKeyId Id)
    {
        /// <summary>The new key, if an earlier run created it.</summary>
        public FoundKey? Created { get; init; }

        /// <summary>The old key's rotation policy; null when it does not rotate.</summary>
        public RotationPolicy? Rotation { get; init; }

        /// <summary>True when an earlier run created the new key with everything it needs.</summary>
        public bool IsComplete { get; init; }
    }

    /// <summary>
    /// The new key of each region, in the order of the regions. A key in force whose replacement was not completed is
    /// returned as it is. Null when creating a key was declined.
    /// </summary>
    public async Task<IReadOnlyList<CmekRegionSpec>?> ReplaceAsync(IReadOnlyList<CmekRegionInfo> regions)
    {
        var versions = regions.Select(r => AzureKeyId.Parse(r.Keys[0].KeyUri, clients.Cloud)).ToList();
        var inForce = versions.Select(v => v.WithoutVersion).ToList();
        var ids = inForce.Distinct().ToList();
        // The newest version may be one that lost against another run, and was disabled: what counts is in force.
        var old = await Task.WhenAll(
            ids.Select(async id =>
                await _reader.FindAsync(versions.Last(v => v.WithoutVersion == id)) ?? throw AzureErrors.KeyNotFound(id)
            )
        );
        if (old.Any(k => k.BelongsTo(cluster) && k.Tag(AzureNames.ReplacesTag) is not null))
        {
            calls.Context.Host.Warning(
                $"{cluster.Name}: the new keys of an earlier run are in force, but that replacement is "
                    + "not complete. This run only completes it. Run the command again for another rotation."
            );
            return [.. regions.Select(r => AzureKeyRotation.ToSpec(r, r.Keys[0].KeyUri))];
        }

        var tenantId = regions[0].Keys[0].AuthPrincipal;
        var principalId = (await new AzureApplications(clients, calls).RequireAsync(cluster, tenantId)).Id;
        var plans = await PlanAsync(old, tenantId, principalId);
        ThrowIfUnfit(plans);
        if (!await ConfirmAsync(plans))
            return null;
        var created = await Task.WhenAll(
            plans.Select(p => p.IsComplete ? Task.FromResult(p.Created!.Id) : CreateAsync(p, principalId))
        );
        return [.. regions.Zip(inForce, (r, id) => AzureKeyRotation.ToSpec(r, created[ids.IndexOf(id)].ToString()))];
    }

    private async Task<IReadOnlyList<Plan>> PlanAsync(IReadOnlyList<FoundKey> old, string tenantId, string principalId)
    {
        var keyVaults = await new AzureKeyVaults(clients, calls).FindAsync(
            [.. old.Select(k => k.Id.KeyVaultName)],
            null,
            tenantId
        );
        return await Task.WhenAll(old.Zip(keyVaults, (key, keyVault) => PlanAsync(key, keyVault, principalId)));
    }

    private async Task<Plan> PlanAsync(FoundKey old, AzureKeyVault keyVault, string principalId)
    {
        var (id, created) = await FindReplacementAsync(old.Id);
        var rotation = await _reader.FindRotationPolicyAsync(old.Id.WithoutVersion);
        var plan = new Plan(old, keyVault, await ReadAccessAsync(keyVault, old.Id.Name, principalId), id)
        {
            Created = created,
            Rotation = rotation?.Rotation is null ? null : rotation,
        };
        return created is null
            ? plan
            : plan with
            {
                IsComplete = await IsGrantedAsync(plan, principalId) && await HasRotationAsync(plan),
            };
    }

    /// <summary>The key that an earlier run created as the replacement; else the first unused name.</summary>
    private async Task<(AzureKeyId Id, FoundKey? Created)> FindReplacementAsync(AzureKeyId old)
    {
        foreach (var name in AzureNames.ReplacementKeys(cluster))
        {
            var id = new AzureKeyId(old.KeyVault, name, null);
            if (await _reader.FindAsync(id) is { } found)
            {
                if (found.BelongsTo(cluster) && found.Tag(AzureNames.ReplacesTag) == old.Name)
                    return (id, found);
            }
            else if (await _reader.FindDeletedAsync(id) is null)
            {
                return (id, null);
            }
        }

        throw AzureErrors.KeyNameTaken(new AzureKeyId(old.KeyVault, AzureNames.Key(cluster), null), null);
    }

    private void ThrowIfUnfit(IReadOnlyList<Plan> plans)
    {
        var problems = new List<CmekException>();
        foreach (var plan in plans)
        {
            problems.AddRange(AzureKeyProblems.KeyProblems(plan.Old, calls.Context.Time.GetUtcNow()));
            if (plan.Access.Problem(plan.Old.Id, grants: false) is { } problem)
                problems.Add(problem);
        }

        Errors.ThrowCombined(cluster.Name, problems);
        foreach (var doubt in plans.Select(p => p.Access.Doubt).Distinct())
            if (doubt is not null)
                calls.Context.Host.Warning(doubt);
    }

    /// <summary>Asks for every new key, so that a dry run names each. False when one was declined.</summary>
    private async Task<bool> ConfirmAsync(IEnumerable<Plan> plans)
    {
        var confirmed = true;
        foreach (var plan in plans.Where(p => !p.IsComplete))
            confirmed &= await calls.ConfirmAsync(
                plan.Old.Id.WithoutVersion.ToString(),
                $"Create a new key {plan.Id.Name} of the same shape, which replaces it once it is in force"
            );
        return confirmed;
    }

    private async Task<AzureKeyId> CreateAsync(Plan plan, string principalId)
    {
        var writer = new AzureKeyWriter(clients, calls, _reader);
        var id = plan.Created?.Id ?? await CreateKeyAsync(plan, writer);
        if (!await IsGrantedAsync(plan, principalId))
            await GrantLikeOldAsync(plan, principalId);
        if (!await HasRotationAsync(plan))
            await writer.SetRotationAsync(plan.Id, plan.Rotation, plan.Rotation!);
        return id;
    }

    /// <summary>Creates the key. Where another run does so at the same moment, the older version counts.</summary>
    private async Task<AzureKeyId> CreateKeyAsync(Plan plan, AzureKeyWriter writer)
    {
        var rivals = new AzureRivals(clients, calls);
        var created = (await writer.CreateAsync(plan.Id, ShapeOf(plan.Old))).Id;
        var oldest = await rivals.FindOldestAsync(created, []);
        if (oldest.Version == created.Version)
            rivals.Note(created);
        return oldest;
    }

    /// <summary>
    /// Repeats on the new key what is granted on the old key alone, with its conditions. A grant on the Key Vault
    /// applies to every key in it.
    /// </summary>
    private async Task GrantLikeOldAsync(Plan plan, string principalId)
    {
        var writer = new AzureGrantWriter(clients, calls);
        var newScope = plan.KeyVault.KeyScope(plan.Id.Name);
        foreach (var role in await MissingOnNewAsync(plan, principalId))
            await writer.AssignAsync(
                AzureNames.RoleAssignment(newScope, RoleId(role), role.Properties.PrincipalId),
                AzureScope.Same(role.Properties.PrincipalId, principalId)
                    ? role.Properties.Sendable with
                    {
                        PrincipalType = "ServicePrincipal",
                    }
                    : role.Properties.Sendable
            );
    }

    private async Task<bool> IsGrantedAsync(Plan plan, string principalId) =>
        (await MissingOnNewAsync(plan, principalId)).Count == 0;

    /// <summary>The grants on the old key alone that the new key lacks.</summary>
    private async Task<IReadOnlyList<AssignedRole>> MissingOnNewAsync(Plan plan, string principalId)
    {
        var own = OnKey(plan.Access);
        if (own.Count == 0 || !plan.KeyVault.UsesRoles)
            return [];
        var present = OnKey(await ReadAccessAsync(plan.KeyVault, plan.Id.Name, principalId));
        return
        [
            .. own.Where(o =>
                !present.Any(p =>
                    AzureScope.Same(RoleId(p), RoleId(o))
                    && AzureScope.Same(p.Properties.PrincipalId, o.Properties.PrincipalId)
                )
            ),
        ];
    }

    private static List<AssignedRole> OnKey(AzureAccess access) =>
        [
            .. access.Reading.HeldRoles.Where(r =>
                AzureScope.Same(r.Scope, access.Reading.KeyScope)
                && r.Definition is { } role
                && KeyVaultRoles.Needed.Any(role.Covers)
            ),
        ];

    private static string RoleId(AssignedRole role) => role.Properties.RoleDefinitionId.Split('/').Last();

    private Task<AzureAccess> ReadAccessAsync(AzureKeyVault keyVault, string keyName, string principalId) =>
        _grants.ReadAsync(keyVault, keyName, principalId, AzureNames.Application(cluster));

    /// <summary>True when the new key rotates as the old one does.</summary>
    private async Task<bool> HasRotationAsync(Plan plan) =>
        plan.Rotation is null || (await _reader.FindRotationPolicyAsync(plan.Id))?.Rotation == plan.Rotation.Rotation;

    private KeyShape ShapeOf(FoundKey old)
    {
        var (material, attributes) = (old.Bundle.Key, old.Bundle.Attributes);
        var lifetime = attributes.ExpiresOn - attributes.CreatedOn;
        return new KeyShape(
            material.Kty,
            material.Size ?? KeyShape.DefaultSize,
            AzureKeySuccession.TagsOfNew(cluster, old)
        )
        {
            Operations = material.Operations ?? KeyShape.DefaultOperations,
            ExpiresOn = calls.Context.Time.GetUtcNow() + lifetime,
        };
    }
}
