namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// Plans how a cluster loses access to its keys, and finds where it has lost it. A change's document keeps the removed
/// bindings as they were, with their conditions, or the names of the disabled versions.
/// </summary>
internal sealed class GcpKeyAccess(GcpClients clients, GcpCalls calls)
{
    private readonly GcpKeyReader _reader = new(clients, calls);
    private readonly GcpAccounts _accounts = new(clients, calls);

    /// <summary>The changes that take access away. What is taken away already has the state Done.</summary>
    public async Task<IReadOnlyList<CmekAccessChange>> PlanAsync(RevocationRequest request) =>
        request.Method switch
        {
            CmekRevocationMethod.Default or CmekRevocationMethod.RemoveGrant => await ForEachKeyAsync(
                request,
                PlanGrantsAsync
            ),
            CmekRevocationMethod.DisableKey => await ForEachKeyAsync(request, PlanVersionsAsync),
            CmekRevocationMethod.RemoveTrust => await Task.WhenAll(
                AccountsOf(request).Select(a => PlanTrustAsync(request.Cluster, a.Account, a.Regions))
            ),
            _ => throw Errors.RevocationMethodNotSupported(
                request.Cluster.Name,
                "Google Cloud",
                request.Method,
                [CmekRevocationMethod.RemoveGrant, CmekRevocationMethod.RemoveTrust, CmekRevocationMethod.DisableKey]
            ),
        };

    /// <summary>Everything that keeps the cluster from its keys, compared with what the module grants.</summary>
    public async Task<IReadOnlyList<CmekAccessChange>> FindRevocationAsync(RevocationRequest request)
    {
        var changes = new List<CmekAccessChange>();
        foreach (var (account, regions) in AccountsOf(request))
        {
            await _accounts.RequireUsableAsync(request.Cluster, account);
            changes.Add(await PlanTrustAsync(request.Cluster, account, regions));
        }

        changes.AddRange(await ForEachKeyAsync(request, FindMissingAsync));
        return [.. changes.Where(c => c.State == CmekAccessChangeState.Done)];
    }

    /// <summary>The account's bindings on the key, and on its ring when that lets it use the key too.</summary>
    private async Task<IReadOnlyList<CmekAccessChange>> PlanGrantsAsync(GcpKeyUse use, FoundKey key)
    {
        var ringPolicy = key.RingPolicy ?? await _reader.FindRingPolicyAsync(use.Name.Ring);
        var onRing = ringPolicy?.BindingsOf(use.Account.Member) ?? [];
        var onKey = key.Policy.BindingsOf(use.Account.Member);
        var changes = new List<CmekAccessChange>();
        if (onRing.Count > 0)
            changes.Add(GcpAccessChanges.RingBindings(use, onRing));
        if (onKey.Count > 0)
            changes.Add(GcpAccessChanges.KeyBindings(use, onKey));
        return changes.Count > 0 ? changes : [GcpAccessChanges.MissingGrant(use)];
    }

    private async Task<IReadOnlyList<CmekAccessChange>> PlanVersionsAsync(GcpKeyUse use, FoundKey key)
    {
        if (key.Key.RotationPeriod is not null)
            calls.Context.Host.Warning(
                $"Google Cloud rotates {use.Name} on {key.Key.NextRotationTime}: the new version will be enabled."
            );
        var versions = await _reader.ListVersionsAsync(use.Name);
        return
        [
            versions.Any(v => v.State == "ENABLED")
                ? GcpAccessChanges.EnabledVersions(use, versions)
                : GcpAccessChanges.DisabledVersions(use, versions),
        ];
    }

    private async Task<CmekAccessChange> PlanTrustAsync(
        CrdbCluster cluster,
        ServiceAccountEmail account,
        IReadOnlyList<string> regions
    )
    {
        var policy = await _accounts.ReadPolicyAsync(account);
        return GcpAccessChanges.Trust(cluster, account, regions, policy);
    }

    /// <summary>The grant that the key lacks, and its disabled versions.</summary>
    private async Task<IReadOnlyList<CmekAccessChange>> FindMissingAsync(GcpKeyUse use, FoundKey key)
    {
        var changes = new List<CmekAccessChange>();
        if (key.GrantsUse(use.Account.Member, calls.Context.Time.GetUtcNow()) == Granted.No)
            changes.Add(GcpAccessChanges.MissingGrant(use));
        if (key.Key.Primary?.State == "DISABLED")
            changes.Add(GcpAccessChanges.DisabledVersions(use, await _reader.ListVersionsAsync(use.Name)));
        return changes;
    }

    private async Task<IReadOnlyList<CmekAccessChange>> ForEachKeyAsync(
        RevocationRequest request,
        Func<GcpKeyUse, FoundKey, Task<IReadOnlyList<CmekAccessChange>>> plan
    )
    {
        var uses = request
            .Keys.GroupBy(k => (Name: GcpKeyName.Parse(k.KeyUri), Account: ServiceAccountEmail.Parse(k.AuthPrincipal)))
            .Select(g => new GcpKeyUse(g.Key.Name, g.Key.Account, [.. g.Select(k => k.Region).Distinct()]))
            .ToList();
        var keys = await Task.WhenAll(uses.Select(u => _reader.FindAsync(u.Name, u.Account.Member)));
        // A past key that was deleted gives nobody access. If no key exists at all, the names must be wrong.
        if (uses.Count > 0 && keys.All(k => k is null))
            throw GcpErrors.KeyNotFound(uses[0].Name);
        foreach (var gone in uses.Where((_, i) => keys[i] is null))
            calls.Context.Host.Warning($"{gone.Name} no longer exists: there is nothing to change about it.");
        var changes = await Task.WhenAll(
            uses.Zip(keys, (use, key) => (use, key)).Where(p => p.key is not null).Select(p => plan(p.use, p.key!))
        );
        return GcpAccessChanges.Merge(changes.SelectMany(c => c));
    }

    private static IEnumerable<(ServiceAccountEmail Account, IReadOnlyList<string> Regions)> AccountsOf(
        RevocationRequest request
    ) =>
        request
            .Keys.GroupBy(k => ServiceAccountEmail.Parse(k.AuthPrincipal))
            .Select(g => (g.Key, (IReadOnlyList<string>)[.. g.Select(k => k.Region).Distinct()]));
}
