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
            var replaced = new List<(CmekRegionInfo Region, KeyOrigin Origin)>();
            foreach (var key in keys.Where(k => k.Origin.IsForeign).GroupBy(k => k.Region.Keys[0].KeyUri))
                if (request.NewKey || await NeedsReplacementAsync(request, [.. key.Select(k => k.Region)], context))
                    replaced.Add(key.First());
            // What the cloud cannot replace is refused before the question: a dry run fails as the real one does.
            if (!request.NewKey && replaced.Count > 0)
                await cloud.RotateKeysAsync(request, PlanningHost.Decline(context));
            return await ConfirmReplacementAsync(replaced, context)
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
        if (request.Like is not { } like || request.KeyUris.Count > 0)
            return await cloud.EnsureKeysAsync(request, context);
        var inForce = await ReadOriginsAsync(request.InForce.Count > 0 ? request.InForce : [like], context);
        var foreign = inForce.Where(k => k.Origin.IsForeign).ToList();
        if (foreign.Count == 0)
            return await cloud.EnsureKeysAsync(request, context);
        var (source, origin) = foreign[0];
        if (!request.ReplaceOrigin)
        {
            if (inForce.Select(k => k.Origin.Kind).Distinct().Count() > 1)
                throw Errors.OriginWouldChange(inForce, Cloud.DisplayName, request);
            if (origin.Kind == CmekKeyOrigin.HashiCorpVault)
                return await (vault() ?? throw Errors.VaultNotConnected(source.KeyUri, request)).EnsureKeysAsync(
                    request,
                    context
                );
            var planned = await cloud.EnsureKeysAsync(request, PlanningHost.Decline(context));
            if (planned.Where(IsGenerated).Select(k => k.Region).ToList() is { Count: > 0 } regions)
                throw Errors.OriginWouldChange(source.KeyUri, origin.Detail, Cloud.DisplayName, request, regions);
        }
        // What the cloud generates is like what it has generated.
        else if (inForce.FirstOrDefault(k => k.Origin.Kind == CmekKeyOrigin.Cloud).Key is { } own)
            request = request with { Like = own, AuthPrincipal = own.AuthPrincipal };

        var keys = await cloud.EnsureKeysAsync(request, context);
        foreach (var key in keys.Where(IsGenerated))
            context.Host.Warning(
                $"{source.KeyUri} {origin.Detail}. The key for {key.Region} is generated in {Cloud.DisplayName}."
            );
        return keys;

        // Not a key in force itself, which the new region may share.
        bool IsGenerated(CmekKey key) =>
            inForce.All(k => k.Key.KeyUri != key.KeyUri)
            && (key.Origin == CmekKeyOrigin.Cloud || (key.IsPlanned && key.Origin == CmekKeyOrigin.Unknown));
    }

    /// <summary>The keys with their origins. A key that several regions share is read once.</summary>
    private async Task<IReadOnlyList<(CmekRegionSpec Key, KeyOrigin Origin)>> ReadOriginsAsync(
        IReadOnlyList<CmekRegionSpec> keys,
        OperationContext context
    )
    {
        var shared = keys.GroupBy(k => k.KeyUri).ToList();
        var origins = await Task.WhenAll(shared.Select(g => cloud.ReadOriginAsync(g.First(), context)));
        var of = shared.Zip(origins, (g, o) => (g.Key, Origin: o)).ToDictionary(p => p.Key, p => p.Origin);
        return [.. keys.Select(k => (k, of[k.KeyUri]))];
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
    public Task<IReadOnlyList<CmekRole>> FindRolesAsync(RoleSearch search, OperationContext context) =>
        cloud.FindRolesAsync(search, context);

    /// <inheritdoc/>
    public Task<KeyDescription> DescribeKeyAsync(CmekRegionSpec key, OperationContext context) =>
        cloud.DescribeKeyAsync(key, context);

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
    public Task<ClusterMarks> ReadMarksAsync(CmekRegionSpec key, OperationContext context) =>
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

    /// <summary>
    /// False when a key can be rotated as it is: new material of its own origin is waiting, and nothing is replaced.
    /// </summary>
    private async Task<bool> NeedsReplacementAsync(
        RotationRequest request,
        IReadOnlyList<CmekRegionInfo> regions,
        OperationContext context
    )
    {
        try
        {
            var plain = request with { Regions = regions, ReplaceOrigin = false };
            await cloud.RotateKeysAsync(plain, PlanningHost.Decline(context));
            return false;
        }
        catch (CmekException)
        {
            return true;
        }
    }

    private async Task<bool> ConfirmReplacementAsync(
        IEnumerable<(CmekRegionInfo Region, KeyOrigin Origin)> keys,
        OperationContext context
    )
    {
        var isConfirmed = true;
        foreach (var (region, origin) in keys)
            isConfirmed &= await context.Host.ConfirmAsync(
                region.Keys[0].KeyUri,
                $"Replace its material, which {origin.Detail}, by material of {Cloud.DisplayName}",
                context.CancellationToken
            );
        return isConfirmed;
    }
}
