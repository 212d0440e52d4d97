using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys;

/// <summary>
/// Keeps the origin of keys. A rotation, or a region that joins, gets its key from where the key in force comes from:
/// keys of HashiCorp Vault through the session's Vault, others from the cloud. Where the cloud would generate the
/// material of a key that comes from elsewhere, it is refused unless that was asked for.
/// </summary>
/// <param name="cloud">The provider of the cloud.</param>
/// <param name="vault">The provider of the session's Vault; null when the session has none.</param>
internal sealed class OriginKeeper(ICmekKeyProvider cloud, Func<ICmekKeyProvider?> vault) : ICmekKeyProvider
{
    /// <inheritdoc/>
    public ICustomerCloud Cloud => cloud.Cloud;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<CmekRegionSpec>?> RotateKeysAsync(RotationRequest request, OperationContext context)
    {
        var origins = await Task.WhenAll(request.Regions.Select(r => cloud.ReadOriginAsync(InForce(r), context)));
        var keys = request.Regions.Zip(origins, (r, o) => (Region: r, Origin: o)).ToList();
        if (request.ReplaceOrigin)
        {
            // What the cloud cannot replace is refused before the question: a dry run fails as the real one does.
            if (!request.NewKey && keys.Any(k => k.Origin.IsForeign))
                await cloud.RotateKeysAsync(request, PlanningHost.Decline(context));
            return await ConfirmReplacementAsync(request, keys, context)
                ? await cloud.RotateKeysAsync(request, context)
                : null;
        }

        Errors.ThrowCombined(
            request.Cluster.Name,
            [
                // The cloud itself knows whether a new version of a key would keep its origin.
                .. keys.Where(k =>
                        request.NewKey && k.Origin is { IsForeign: true, Kind: not CmekKeyOrigin.HashiCorpVault }
                    )
                    .GroupBy(k => k.Region.Keys[0].KeyUri)
                    .Select(g =>
                        Errors.OriginWouldChange(
                            g.Key,
                            g.First().Origin.Detail,
                            Cloud.DisplayName,
                            request.Cluster,
                            newKey: true
                        )
                    ),
            ]
        );
        var sources = keys.GroupBy(k => k.Origin.Kind == CmekKeyOrigin.HashiCorpVault)
            .Select(g => (Provider: g.Key ? Vault(g.First().Region.Keys[0].KeyUri) : cloud, Keys: g.ToList()))
            .ToList();
        var renewed = new Dictionary<string, CmekRegionSpec>();
        var isDeclined = false;
        foreach (var source in sources)
        {
            var part = request with { Regions = [.. source.Keys.Select(k => k.Region)] };
            // After a No the questions go on: -WhatIf names every change.
            if (await source.Provider.RotateKeysAsync(part, context) is { } specs)
                foreach (var spec in specs)
                    renewed[spec.Region] = spec;
            else
                isDeclined = true;
        }

        return isDeclined ? null : [.. request.Regions.Select(r => renewed[r.Region])];
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<CmekKey>> EnsureKeysAsync(KeyRequest request, OperationContext context)
    {
        if (request.Like is not { } like)
            return await cloud.EnsureKeysAsync(request, context);
        var origin = await cloud.ReadOriginAsync(like, context);
        if (origin.Kind == CmekKeyOrigin.HashiCorpVault)
            return await Vault(like.KeyUri).EnsureKeysAsync(request, context);
        var keys = await cloud.EnsureKeysAsync(request, context);
        if (origin.IsForeign)
            foreach (var key in keys.Where(k => k.Origin == CmekKeyOrigin.Cloud || k.IsPlanned))
                context.Host.Warning(
                    $"{like.KeyUri} {origin.Detail}. The key for {key.Region} is generated in {Cloud.DisplayName}."
                );
        return keys;
    }

    /// <inheritdoc/>
    public async Task SettleNewKeysAsync(
        CrdbCluster cluster,
        IReadOnlyList<CmekRegionSpec> inForce,
        OperationContext context
    )
    {
        var origins = await Task.WhenAll(inForce.Select(s => cloud.ReadOriginAsync(s, context)));
        foreach (
            var source in inForce
                .Zip(origins, (s, o) => (Spec: s, IsOfVault: o.Kind == CmekKeyOrigin.HashiCorpVault))
                .GroupBy(k => k.IsOfVault)
                .OrderBy(g => g.Key)
        )
            await (source.Key ? Vault(source.First().Spec.KeyUri) : cloud).SettleNewKeysAsync(
                cluster,
                [.. source.Select(k => k.Spec)],
                context
            );
    }

    /// <inheritdoc/>
    public Task<KeyOrigin> ReadOriginAsync(CmekRegionSpec key, OperationContext context) =>
        cloud.ReadOriginAsync(key, context);

    /// <inheritdoc/>
    public Task MarkVaultOriginAsync(CrdbCluster cluster, CmekRegionSpec key, OperationContext context) =>
        cloud.MarkVaultOriginAsync(cluster, key, context);

    /// <inheritdoc/>
    public Task<CmekRole> EnsureRoleAsync(RoleRequest request, OperationContext context) =>
        cloud.EnsureRoleAsync(request, context);

    /// <inheritdoc/>
    public Task<CmekKeyPolicy> GetKeyPolicyAsync(KeyPolicyRequest request, OperationContext context) =>
        cloud.GetKeyPolicyAsync(request, context);

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekCheck>> CheckKeyAsync(KeyCheckRequest request, OperationContext context) =>
        cloud.CheckKeyAsync(request, context);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ClusterMark>?> ReadMarksAsync(CmekRegionSpec key, OperationContext context) =>
        cloud.ReadMarksAsync(key, context);

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekRegionSpec>> FindCopiesAsync(
        IReadOnlyList<CmekRegionSpec> keys,
        OperationContext context
    ) => cloud.FindCopiesAsync(keys, context);

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> ReadCallersAsync(IReadOnlyList<CmekRegionSpec> keys, OperationContext context) =>
        cloud.ReadCallersAsync(keys, context);

    /// <inheritdoc/>
    public Task<KeyAccess> ReadAccessAsync(KeyAccessRequest request, OperationContext context) =>
        cloud.ReadAccessAsync(request, context);

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekAccess>> ReviewAccessAsync(KeyAccessRequest request, OperationContext context) =>
        cloud.ReviewAccessAsync(request, context);

    /// <inheritdoc/>
    public Task<KeyUsage> ReadUsageAsync(KeyUsageRequest request, OperationContext context) =>
        cloud.ReadUsageAsync(request, context);

    /// <inheritdoc/>
    public Task<KeyEvents> ReadEventsAsync(KeyEventsRequest request, OperationContext context) =>
        cloud.ReadEventsAsync(request, context);

    /// <inheritdoc/>
    public Task<KeySearch> FindKeysAsync(
        CrdbCluster cluster,
        OperationContext context,
        CancellationToken timeUp = default
    ) => cloud.FindKeysAsync(cluster, context, timeUp);

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekRevocationDrill>> DrillAsync(RevocationRequest request, OperationContext context) =>
        cloud.DrillAsync(request, context);

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekAccessChange>> PlanRevocationAsync(
        RevocationRequest request,
        OperationContext context
    ) => cloud.PlanRevocationAsync(request, context);

    /// <inheritdoc/>
    public Task<CmekAccessChange> RevokeAccessAsync(CmekAccessChange change, OperationContext context) =>
        cloud.RevokeAccessAsync(change, context);

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekAccessChange>> FindRevocationAsync(
        RevocationRequest request,
        OperationContext context
    ) => cloud.FindRevocationAsync(request, context);

    /// <inheritdoc/>
    public Task<CmekAccessChange> RestoreAccessAsync(CmekAccessChange change, OperationContext context) =>
        cloud.RestoreAccessAsync(change, context);

    /// <summary>Does nothing: the providers belong to the session.</summary>
    public void Dispose() { }

    private static CmekRegionSpec InForce(CmekRegionInfo region) =>
        CmekRegionSpec.Create(
            region.Region,
            region.Keys[0].KeyType,
            region.Keys[0].KeyUri,
            region.Keys[0].AuthPrincipal
        );

    /// <summary>The session's Vault, for a key that comes from there.</summary>
    /// <exception cref="CmekException">VaultNotConnected.</exception>
    private ICmekKeyProvider Vault(string uri) => vault() ?? throw Errors.VaultNotConnected(uri);

    private async Task<bool> ConfirmReplacementAsync(
        RotationRequest request,
        IEnumerable<(CmekRegionInfo Region, KeyOrigin Origin)> keys,
        OperationContext context
    )
    {
        var isConfirmed = true;
        foreach (var key in keys.Where(k => k.Origin.IsForeign).GroupBy(k => k.Region.Keys[0].KeyUri))
            isConfirmed &= await context.Host.ConfirmAsync(
                key.Key,
                $"Replace its material, which {key.First().Origin.Detail}, by material of {Cloud.DisplayName}",
                context.CancellationToken
            );
        return isConfirmed;
    }
}
