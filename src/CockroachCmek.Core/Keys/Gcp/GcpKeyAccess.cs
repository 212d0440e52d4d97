using CockroachCmek.Core.Keys.Gcp.Access;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// Plans how a cluster loses access to its keys, and finds where it has lost it. A change's document keeps the removed
/// bindings as they were, with their conditions, or the names of the disabled versions.
/// </summary>
internal sealed class GcpKeyAccess(ICustomerCloud cloud, GcpClients clients, GcpCalls calls)
{
    private readonly GcpKeyReader _reader = new(clients, calls);
    private readonly GcpAccounts _accounts = new(clients, calls);
    private readonly GcpPolicies _policies = new(clients, calls);
    private readonly GcpAccessReader _access = new(clients, calls);

    private DateTimeOffset Now => calls.Context.Time.GetUtcNow();

    /// <summary>
    /// The changes that take access away. What is not there is no change: it is not known who took it away, and undoing
    /// it would give what nobody had.
    /// </summary>
    public async Task<IReadOnlyList<CmekAccessChange>> PlanAsync(RevocationRequest request)
    {
        var changes = await FindChangesAsync(request);
        return [.. changes.Where(c => c.State == CmekAccessChangeState.Planned)];
    }

    private async Task<IReadOnlyList<CmekAccessChange>> FindChangesAsync(RevocationRequest request) =>
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
            CmekRevocationMethod.DisableIdentity => await Task.WhenAll(
                AccountsOf(request).Select(a => PlanAccountAsync(request.Cluster, a.Account, a.Regions))
            ),
            _ => throw Errors.RevocationMethodNotSupported(
                request.Cluster.Name,
                cloud.DisplayName,
                request.Method,
                cloud.RevocationMethods
            ),
        };

    /// <summary>Everything that keeps the cluster from its keys, compared with what the module grants.</summary>
    public async Task<IReadOnlyList<CmekAccessChange>> FindRevocationAsync(RevocationRequest request)
    {
        var changes = new List<CmekAccessChange>();
        foreach (var (account, regions) in AccountsOf(request))
        {
            if (await FindAccountAsync(request.Cluster, account, regions) is { } state)
                changes.Add(state);
            if (request.Cluster.AccountId.Length == 0)
            {
                calls.Context.Host.Warning(GcpErrors.TrustUnknown(request.Cluster.Name, account).Message);
                continue;
            }

            var trusted = GcpNames.ClusterAccount(request.Cluster).Member;
            var bindings = (await _accounts.ReadPolicyAsync(account)).BindingsOf(trusted);
            if (bindings.Count == 0)
                WarnOfStandard(trusted, GcpNames.TrustRole, account.Text);
            changes.Add(GcpAccessChanges.Trust(trusted, account, regions, bindings));
        }

        changes.AddRange(await ForEachKeyAsync(request, FindMissingAsync));
        return [.. changes.Where(c => c.State == CmekAccessChangeState.Done)];
    }

    /// <summary>The account's bindings on the key, and on its ring when that lets it use the key too.</summary>
    /// <exception cref="CmekException">GrantNotRemovable: access would go on.</exception>
    private async Task<IReadOnlyList<CmekAccessChange>> PlanGrantsAsync(GcpKeyUse use, CryptoKey? key)
    {
        // The policy is what is changed, so it has to be read; what is above it may be unread.
        await _policies.ReadAsync(use.Name.ToString());
        var scope = await _access.ReadScopeAsync(use.Name);
        var removal = GcpGrantRemoval.OfKey(use.Name, use.Account, scope, Now);
        if (removal.Remaining.Count > 0)
            throw GcpErrors.GrantNotRemovable(use.Name.ToString(), use.Account, removal);
        if (removal.Unread.Count > 0)
            calls.Context.Host.Warning(GcpAccessAdvice.NotKnown(use.Name.ToString(), use.Account, removal.Unread));
        var changes = new List<CmekAccessChange>();
        if (removal.OnRing.Count > 0)
            changes.Add(GcpAccessChanges.RingBindings(use, removal.OnRing));
        if (removal.OnResource.Count > 0)
            changes.Add(GcpAccessChanges.KeyBindings(use, removal.OnResource));
        if (changes.Count > 0)
            return changes;
        // Without a grant on the key, the ring's policy decides whether there is one to remove.
        if (scope.Places.Any(p => p.Level == GcpLevel.KeyRing && p.Policy is null))
            await _policies.ReadAsync(use.Name.Ring.ToString());
        return [];
    }

    private async Task<IReadOnlyList<CmekAccessChange>> PlanVersionsAsync(GcpKeyUse use, CryptoKey? key)
    {
        if (key?.RotationPeriod is not null)
            calls.Context.Host.Warning(
                $"Google Cloud rotates {use.Name} on {key.NextRotationTime}: the new version will be enabled."
            );
        var versions = await _reader.ListVersionsAsync(use.Name);
        return
        [
            versions.Any(v => v.State == "ENABLED")
                ? GcpAccessChanges.EnabledVersions(use, versions)
                : GcpAccessChanges.DisabledVersions(use, versions),
        ];
    }

    /// <summary>The bindings of Cockroach Labs' account on the service account.</summary>
    /// <exception cref="CmekException">
    /// GrantNotRemovable: CockroachDB Cloud may act as the account by a binding above it.
    /// </exception>
    private async Task<CmekAccessChange> PlanTrustRemovalAsync(
        CrdbCluster cluster,
        ServiceAccountEmail account,
        IReadOnlyList<string> regions
    )
    {
        var trusted = TrustedOf(cluster, account);
        // The policy is what is changed, so it has to be read; what is above it may be unread.
        await _accounts.ReadPolicyAsync(account);
        var scope = (await _access.ReadTrustAsync(cluster, account)).Scope;
        var removal = GcpGrantRemoval.OfTrust(account, trusted, scope, Now);
        if (removal.Remaining.Count > 0)
            throw GcpErrors.GrantNotRemovable(account.Text, trusted, removal);
        return GcpAccessChanges.Trust(trusted.Member, account, regions, removal.OnResource);
    }

    /// <summary>The account itself, which is enabled or disabled.</summary>
    /// <exception cref="CmekException">ServiceAccountNotFound.</exception>
    private async Task<CmekAccessChange> PlanAccountAsync(
        CrdbCluster cluster,
        ServiceAccountEmail account,
        IReadOnlyList<string> regions
    )
    {
        var found = await _accounts.FindAsync(account)
            ?? throw GcpErrors.ServiceAccountNotFound(account.Text, cluster.Name);
        return GcpAccessChanges.Account(account, regions, found.Disabled == true);
    }

    /// <summary>The same, or null when the credentials are not allowed to read the account.</summary>
    private async Task<CmekAccessChange?> FindAccountAsync(
        CrdbCluster cluster,
        ServiceAccountEmail account,
        IReadOnlyList<string> regions
    )
    {
        try
        {
            return await PlanAccountAsync(cluster, account, regions);
        }
        catch (GcpException error) when (error.Code == 403)
        {
            calls.Context.Host.Warning(
                $"Whether {account} is disabled is not known: these credentials are not allowed to read it "
                    + "(iam.serviceAccounts.get)."
            );
            return null;
        }
    }

    /// <summary>Cockroach Labs' account for a cluster.</summary>
    /// <exception cref="CmekException">TrustUnknown: only CockroachDB Cloud knows its project.</exception>
    private static ServiceAccountEmail TrustedOf(CrdbCluster cluster, ServiceAccountEmail account) =>
        cluster.AccountId.Length > 0
            ? GcpNames.ClusterAccount(cluster)
            : throw GcpErrors.TrustUnknown(cluster.Name, account);

    /// <summary>The grant that the key lacks, and its versions that are disabled or to be destroyed.</summary>
    private async Task<IReadOnlyList<CmekAccessChange>> FindMissingAsync(GcpKeyUse use, CryptoKey? _)
    {
        if (await _reader.FindAsync(use.Name, use.Account) is not { } key)
            return [];
        var changes = new List<CmekAccessChange>();
        if (!key.IsGranted && !(await _access.ReadKeyAsync(use.Name, use.Account)).IsNamed)
        {
            changes.Add(GcpAccessChanges.MissingGrant(use));
            WarnOfStandard(use.Account.Member, GcpNames.UseRole, use.Name.ToString());
            if (key.Policy.DeletedNamesakes(use.Account.Member) is { Count: > 0 } namesakes)
                calls.Context.Host.Warning(
                    $"The policy of {use.Name} names {string.Join(", ", namesakes)}: the account was deleted, and the "
                        + "one that has its address now is another. The grant is made to the new one."
                );
        }

        if (key.Key.Primary is { State: "ENABLED" })
            return changes;
        var versions = await _reader.ListVersionsAsync(use.Name);
        if (GcpAccessChanges.ScheduledDestruction(use, versions) is { } destruction)
            changes.Add(destruction);
        if (versions.Any(v => v.State == "DISABLED"))
            changes.Add(GcpAccessChanges.DisabledVersions(use, versions));
        return changes;
    }

    /// <summary>What is offered without a record is not what was removed, so it is told as what it is.</summary>
    private void WarnOfStandard(string member, string role, string target) =>
        calls.Context.Host.Warning(
            $"{member} has no grant on {target}, and no record says that there was one. What is offered is the "
                + "standard "
                + $"grant of this module: {role}, without a condition."
        );

    private async Task<IReadOnlyList<CmekAccessChange>> ForEachKeyAsync(
        RevocationRequest request,
        Func<GcpKeyUse, CryptoKey?, Task<IReadOnlyList<CmekAccessChange>>> plan
    )
    {
        var uses = request
            .Keys.GroupBy(k => (Name: GcpKeyName.Parse(k.KeyUri), Account: ServiceAccountEmail.Parse(k.AuthPrincipal)))
            .Select(g => new GcpKeyUse(g.Key.Name, g.Key.Account, [.. g.Select(k => k.Region).Distinct()]))
            .ToList();
        var keys = await Task.WhenAll(uses.Select(u => _reader.FindIfAllowedAsync(u.Name)));
        // A past key that was deleted gives nobody access. If no key exists at all, the names must be wrong.
        if (uses.Count > 0 && keys.All(k => !k.Exists))
            throw GcpErrors.KeyNotFound(uses[0].Name);
        foreach (var gone in uses.Where((_, i) => !keys[i].Exists))
            calls.Context.Host.Warning($"{gone.Name} no longer exists: there is nothing to change about it.");
        var changes = await Task.WhenAll(
            uses.Zip(keys, (use, key) => (use, key)).Where(p => p.key.Exists).Select(p => plan(p.use, p.key.Key))
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
