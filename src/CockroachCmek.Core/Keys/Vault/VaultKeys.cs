namespace CockroachCmek.Core.Keys.Vault;

/// <summary>
/// Keys for the regions of a cluster, generated in Vault. Reads everything, reports every problem in Vault and in the
/// cloud, asks, and only then writes, all regions in parallel. When Vault has put a key into the cloud, the cloud's
/// provider grants its use.
/// </summary>
internal sealed class VaultKeys(
    ICmekKeyProvider cloud,
    VaultConnection connection,
    VaultKeyReader reader,
    VaultCalls calls
)
{
    private readonly IVaultTarget _target = cloud.Cloud.VaultTarget!;
    private readonly VaultKeyProblems _problems = new(cloud.Cloud, connection.Mount);
    private readonly VaultGrants _grants = new(cloud, calls);

    /// <summary>Creates, completes or imports the keys that a request needs.</summary>
    public async Task<IReadOnlyList<CmekKey>> EnsureAsync(KeyRequest request)
    {
        Errors.ThrowCombined(request.Cluster.Name, [.. _problems.OfRequest(request)]);
        if (request.KeyUris.Count > 0)
            return await ImportAsync(request);
        if (request.Like is { } like && !_target.HasKeyForEachRegion)
            return await ImportAsync(request with { KeyUris = [like.KeyUri], Grant = true });
        return await CreateAsync(request);
    }

    /// <summary>
    /// Imports keys that exist in the cloud. This class checks that they come from this Vault; the cloud does the
    /// rest.
    /// </summary>
    private async Task<IReadOnlyList<CmekKey>> ImportAsync(KeyRequest request)
    {
        var found = await reader.FindByUriAsync(request.Cluster, _target, request.KeyUris);
        var unknown = request.KeyUris.Where((_, i) => found[i] is null);
        Errors.ThrowCombined(
            request.Cluster.Name,
            [.. unknown.Select(uri => VaultErrors.VaultKeyNotFound(uri, connection.Mount))]
        );
        var keys = await cloud.EnsureKeysAsync(request with { Like = null }, calls.Context);
        foreach (var key in keys.Where(k => !k.IsPlanned).GroupBy(k => k.KeyUri).Select(g => g.First()))
            await cloud.MarkVaultOriginAsync(
                request.Cluster,
                CmekRegionSpec.Create(key.Region, key.KeyType, key.KeyUri, key.AuthPrincipal),
                calls.Context
            );
        return [.. keys.Select(k => k with { Origin = CmekKeyOrigin.HashiCorpVault })];
    }

    private async Task<IReadOnlyList<CmekKey>> CreateAsync(KeyRequest request)
    {
        var location = cloud is IVaultLocationProvider provider
            ? await provider.FindVaultLocationAsync(request, calls.Context)
            : null;
        if (location is not null)
            request = request with
            {
                Options = request
                    .Options.With("VaultKeyCollection", location.KeyCollection)
                    .With("ProtectionLevel", location.ProtectionLevel),
            };
        var isMounted = await reader.IsMountedAsync();
        var plans = await new VaultKeyPlanner(cloud, connection, reader).PlanAsync(request, isMounted);
        await ThrowIfUnfitAsync(request, plans);
        WarnOfDeletableKeys(plans);
        string[] mountPath = isMounted ? [] : [$"sys/mounts/{connection.Mount}"];
        await new VaultPermissions(reader.Client, calls).ThrowUnlessWritableAsync(
            [.. mountPath, .. plans.SelectMany(p => p.Paths(connection.Mount))],
            request.Cluster.Name
        );

        // After a No the questions go on: -WhatIf names every change.
        var mayPrepare = location is null || await location.ConfirmAsync(calls.Context);
        var mayMount =
            isMounted || await ConfirmAsync($"Enable the Key Management secrets engine at {connection.Mount}");
        var approved = new List<bool>();
        foreach (var plan in plans)
            approved.Add(
                plan.IsDistributed
                    || (
                        await ConfirmAsync(plan.Describe(connection.Mount, request.AuthPrincipal))
                        && mayPrepare
                        && mayMount
                    )
            );

        var isFresh = location is not null && mayPrepare && await location.CreateAsync(calls.Context);
        var keys = await WriteAsync(plans, approved, isMounted, isFresh);
        return await GrantAsync(request, plans, keys);
    }

    private Task<bool> ConfirmAsync(string action) =>
        calls.Context.Host.ConfirmAsync(
            $"Vault at {connection.Address.Authority}",
            action,
            calls.Context.CancellationToken
        );

    /// <summary>Throws every problem that was found before anything is written, in Vault and in the cloud.</summary>
    private async Task ThrowIfUnfitAsync(KeyRequest request, IReadOnlyList<VaultPlan> plans)
    {
        var wantedType = VaultKeyOptions.From(request.Options).KeyType;
        var problems = plans.SelectMany(p => _problems.OfPlan(p, wantedType)).ToList();
        // When nothing is left to write in Vault, the grant checks the keys before it writes.
        if (problems.Count == 0 && plans.Any(p => !p.IsDistributed))
            problems.AddRange(
                await _grants.FindProblemsAsync(request, Distributed(request, plans, [.. plans.Select(p => p.Found)]))
            );
        if (problems.Count == 0 && request.Name is not null)
            problems.AddRange(
                await _grants.FindTakenAsync(request, Distributed(request, plans, [.. plans.Select(p => p.Found)]))
            );
        Errors.ThrowCombined(request.Cluster.Name, problems);
    }

    /// <summary>The module creates keys that cannot be deleted; somebody has changed these.</summary>
    private void WarnOfDeletableKeys(IReadOnlyList<VaultPlan> plans)
    {
        foreach (var key in plans.Select(p => p.Found).OfType<FoundVaultKey>())
            if (key.Key.DeletionAllowed && !key.IsPending)
                calls.Context.Host.Warning(
                    $"The Vault key {key.Name} can be deleted (deletion_allowed), which destroys it in the KMS too: "
                        + $"vault write {ShellQuote.PowerShell($"{connection.Mount}/key/{key.Name}")} deletion_allowed=false"
                );
    }

    /// <returns>For each plan the key; null where it was declined.</returns>
    private async Task<IReadOnlyList<FoundVaultKey?>> WriteAsync(
        IReadOnlyList<VaultPlan> plans,
        List<bool> approved,
        bool isMounted,
        bool isAccessFresh
    )
    {
        var writer = new VaultKeyWriter(reader, calls) { IsAccessFresh = isAccessFresh };
        if (!isMounted && approved.Contains(true))
            await writer.EnableMountAsync();
        return await Task.WhenAll(
            plans.Select(
                async (plan, i) =>
                    !approved[i] ? null
                    : plan.IsDistributed ? plan.Found
                    : await writer.CreateAsync(plan)
            )
        );
    }

    /// <summary>
    /// For each region, the key that Vault has put into the cloud. Regions whose key is only planned are left out.
    /// </summary>
    private List<DistributedKey> Distributed(
        KeyRequest request,
        IReadOnlyList<VaultPlan> plans,
        IReadOnlyList<FoundVaultKey?> keys
    )
    {
        var distributed = new List<DistributedKey>();
        for (var i = 0; i < request.Regions.Count; i++)
        {
            var at = _target.HasKeyForEachRegion ? i : 0;
            if (keys[at] is not { HasLatestInKms: true, Copy: { } copy } key)
                continue;
            var uri = _target.KeyUri(copy.Distribution, plans[at].Collection, key.Key.LatestVersion);
            distributed.Add(new DistributedKey(request.Regions[i], uri, IsFresh: !plans[at].IsDistributed));
        }

        return distributed;
    }

    private async Task<IReadOnlyList<CmekKey>> GrantAsync(
        KeyRequest request,
        IReadOnlyList<VaultPlan> plans,
        IReadOnlyList<FoundVaultKey?> keys
    )
    {
        var granted = (await _grants.GrantAsync(request, Distributed(request, plans, keys))).ToDictionary(k =>
            k.Region
        );
        return
        [
            .. request.Regions.Select(
                (region, i) =>
                {
                    var plan = plans[_target.HasKeyForEachRegion ? i : 0];
                    return granted.TryGetValue(region, out var key)
                        ? key with
                        {
                            Name = plan.KeyName,
                            Outcome = OutcomeOf(plan, key),
                        }
                        : Planned(request, region, plan);
                }
            ),
        ];
    }

    private static CmekOutcome OutcomeOf(VaultPlan plan, CmekKey granted)
    {
        if (granted.IsPlanned || plan.IsDistributed)
            return granted.Outcome;
        return plan.Found is null ? CmekOutcome.Created : CmekOutcome.Updated;
    }

    private CmekKey Planned(KeyRequest request, string region, VaultPlan plan) =>
        new()
        {
            Cluster = request.Cluster,
            Region = region,
            KeyType = cloud.Cloud.KeyType,
            KeyUri = _target.PlannedKeyUri(plan.Collection, plan.KeyName, request.AuthPrincipal),
            AuthPrincipal = request.AuthPrincipal,
            Name = plan.KeyName,
            Location = plan.Collection.Name,
            Origin = CmekKeyOrigin.HashiCorpVault,
            Outcome = CmekOutcome.Planned,
        };
}
