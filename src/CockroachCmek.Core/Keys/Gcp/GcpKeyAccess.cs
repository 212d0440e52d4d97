using System.Text.Json.Nodes;
using CockroachCmek.Core.Keys.Gcp.Access;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// Plans how a cluster loses access to its keys, and finds where it has lost it. A change's document keeps the removed
/// bindings as they were, with their conditions, or the names of the disabled versions.
/// </summary>
internal sealed class GcpKeyAccess(GcpClients clients, GcpCalls calls)
{
    private readonly GcpKeyReader _reader = new(clients, calls);
    private readonly GcpAccounts _accounts = new(clients, calls);
    private readonly GcpAccessReader _access = new(clients, calls);

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
                AccountsOf(request).Select(a => PlanTrustRemovalAsync(request.Cluster, a.Account, a.Regions))
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
    /// <exception cref="CmekException">GrantNotRemovable: access would go on.</exception>
    private async Task<IReadOnlyList<CmekAccessChange>> PlanGrantsAsync(GcpKeyUse use, FoundKey key)
    {
        var scope = await _access.ReadScopeAsync(use.Name);
        var member = use.Account.Member;
        var onRing = BindingsOn(scope, GcpLevel.KeyRing, member);
        var onKey = BindingsOn(scope, GcpLevel.Resource, member);
        EnsureNothingRemains(use, scope, hasOwn: onRing.Count + onKey.Count > 0);
        var changes = new List<CmekAccessChange>();
        if (onRing.Count > 0)
            changes.Add(GcpAccessChanges.RingBindings(use, onRing));
        if (onKey.Count > 0)
            changes.Add(GcpAccessChanges.KeyBindings(use, onKey));
        return changes.Count > 0 ? changes : [GcpAccessChanges.MissingGrant(use)];
    }

    /// <summary>
    /// Ensures, before anything is written, that access ends with the account's own bindings on the key and its ring.
    /// </summary>
    /// <remarks>
    /// Who is in a group is not known. A group stands in the way only when the account has no binding of its own, so
    /// that nothing else can be how it uses the key.
    /// </remarks>
    private void EnsureNothingRemains(GcpKeyUse use, GcpScope scope, bool hasOwn)
    {
        var after = GcpReading.OfKey(
            use.Name,
            use.Account,
            Without(Without(scope, GcpLevel.Resource, use.Account.Member), GcpLevel.KeyRing, use.Account.Member),
            calls.Context.Time.GetUtcNow()
        );
        if (after.Access.IsGone)
            return;
        var remaining = after.Evaluator.GrantsOf(GcpPermissions.Use);
        if (remaining.Count == 0 && !hasOwn)
            remaining = after.Evaluator.PossibleGrantsOf(GcpPermissions.Use);
        if (remaining.Count > 0)
            throw GcpErrors.GrantNotRemovable(use.Name.ToString(), use.Account, remaining);
        calls.Context.Host.Warning(
            $"Whether {use.Account} may use {use.Name} in another way is not known, because these could not be read: "
                + $"{string.Join(", ", after.Access.Unread)}."
        );
    }

    private static IReadOnlyList<JsonObject> BindingsOn(GcpScope scope, GcpLevel level, string member) =>
        [.. scope.Places.Where(p => p.Level == level).SelectMany(p => p.Policy?.BindingsOf(member) ?? [])];

    private static GcpScope Without(GcpScope scope, GcpLevel level, string member) => scope.With(level, policy =>
        {
            foreach (var binding in policy.BindingsOf(member))
                policy.Remove(binding);
        });

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

    /// <summary>The same for a revocation, which has to end what it revokes.</summary>
    /// <exception cref="CmekException">
    /// GrantNotRemovable: CockroachDB Cloud may act as the account by a binding above it.
    /// </exception>
    private async Task<CmekAccessChange> PlanTrustRemovalAsync(
        CrdbCluster cluster,
        ServiceAccountEmail account,
        IReadOnlyList<string> regions
    )
    {
        var trusted = GcpNames.ClusterAccount(cluster);
        var change = await PlanTrustAsync(cluster, account, regions);
        var scope = (await _access.ReadTrustAsync(cluster, account)).Scope;
        var after = GcpReading.OfTrust(
            account,
            trusted,
            Without(scope, GcpLevel.Resource, trusted.Member),
            calls.Context.Time.GetUtcNow()
        );
        if (!after.Access.IsGone && after.Evaluator.GrantsOf(GcpPermissions.Trust) is { Count: > 0 } remaining)
            throw GcpErrors.GrantNotRemovable(account.Text, trusted, remaining);
        return change;
    }

    /// <summary>The grant that the key lacks, and its disabled versions.</summary>
    private async Task<IReadOnlyList<CmekAccessChange>> FindMissingAsync(GcpKeyUse use, FoundKey key)
    {
        var changes = new List<CmekAccessChange>();
        if (!key.IsGranted && !(await _access.ReadKeyAsync(use.Name, use.Account)).IsNamed)
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
        var keys = await Task.WhenAll(uses.Select(u => _reader.FindAsync(u.Name, u.Account)));
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
