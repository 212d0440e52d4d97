using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys.Azure.Access;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// Plans how the application loses its access to keys, and finds access that is missing: role assignments, the entry in
/// a Key Vault's access policies, or the state of the key's versions. Reads only.
/// </summary>
internal sealed class AzureKeyAccess(AzureClients clients, AzureCalls calls, RevocationRequest request)
{
    private readonly AzureKeyReader _reader = new(clients, calls);
    private readonly AzureApplications _applications = new(clients, calls);
    private readonly AzureGrantRemovals _removals = new(clients, calls);
    private readonly ChangeOwner _owner = ChangeOwner.Of(request.Cluster, []);
    private readonly string _tenantId = request.Keys[0].AuthPrincipal;

    /// <summary>The changes that take the access away. What is gone already has the state Done.</summary>
    public async Task<IReadOnlyList<CmekAccessChange>> PlanAsync()
    {
        var supported = AzureCustomerCloud.SupportedRevocations;
        if (request.Method != CmekRevocationMethod.Default && !supported.Contains(request.Method))
            throw Errors.RevocationMethodNotSupported(
                request.Cluster.Name,
                AzureCustomerCloud.Name,
                request.Method,
                supported
            );
        if (request.Method == CmekRevocationMethod.DisableKey)
            return await ReadStatesAsync(_ => Task.FromResult<CmekAccessChange?>(null));
        var principal = await _applications.FindAsync(_owner);
        if (principal is null)
            return [RemovedApplication()];
        return request.Method == CmekRevocationMethod.DisableIdentity
            ? [OfSignIn(principal)]
            : await ReadGrantsAsync(principal.Id, PlanGrantAsync);
    }

    /// <summary>
    /// What keeps the cluster from its keys now, whoever did it: an application that was removed or cannot sign in, a
    /// missing grant, a disabled version, a deleted key.
    /// </summary>
    public async Task<IReadOnlyList<CmekAccessChange>> FindRevocationAsync()
    {
        var changes = new List<CmekAccessChange>();
        if (await _applications.FindAsync(_owner) is { } principal)
        {
            if (principal.AccountEnabled == false)
                changes.Add(OfSignIn(principal));
            changes.AddRange(
                await ReadGrantsAsync(principal.Id, (access, uses) => Task.FromResult(FindMissing(access, uses)))
            );
        }
        else
            changes.Add(RemovedApplication());

        changes.AddRange((await ReadStatesAsync(FindDeletedAsync)).Where(c => c.State == CmekAccessChangeState.Done));
        return changes;
    }

    /// <summary>The enterprise application is gone, and all its access with it.</summary>
    /// <exception cref="CmekException">
    /// ConsentMissing: which application it was is not known, so that nothing can be said about it.
    /// </exception>
    private CmekAccessChange RemovedApplication()
    {
        if (_owner.ApplicationId is not { } applicationId)
            throw AzureErrors.ApplicationGone(
                AzureNames.Application(request.Cluster),
                new Uri(clients.Cloud.Login, _tenantId)
            );
        return new ServicePrincipalChange(_owner, applicationId).ToRecord(request.Keys) with
        {
            KeyUri = "",
            State = CmekAccessChangeState.Done,
        };
    }

    private CmekAccessChange OfSignIn(ServicePrincipal principal) =>
        new ServicePrincipalStateChange(_owner, principal.AppId).ToRecord(request.Keys) with
        {
            KeyUri = "",
            State = principal.AccountEnabled == false ? CmekAccessChangeState.Done : CmekAccessChangeState.Planned,
        };

    /// <summary>A missing grant can be added again. What a deny assignment takes away cannot.</summary>
    private IEnumerable<CmekAccessChange> FindMissing(AzureAccess access, IReadOnlyList<CmekRegionSpec> uses)
    {
        if (access.NeedsGrant && !access.IsNarrowed)
            return [OfMissingGrant(access.Reading, uses)];
        if (access.Verdict == CmekAccessVerdict.Denied)
            calls.Context.Host.Warning(
                AzureErrors.KeyUseDenied(AzureKeyId.Parse(access.Answer.Key, clients.Cloud), access.Answer).Message
            );
        else if (access.Doubt is { } doubt)
            calls.Context.Host.Warning(doubt);
        return [];
    }

    /// <summary>
    /// Removes every grant of the application's own that allows wrapping or unwrapping. A role that only reads keys
    /// gives no access to data.
    /// </summary>
    /// <exception cref="CmekException">
    /// GrantNotRemovable: access would go on through a group, or through an assignment that the caller may not delete.
    /// ScopeLocked: Azure would refuse the removal.
    /// </exception>
    private async Task<IEnumerable<CmekAccessChange>> PlanGrantAsync(
        AzureAccess access,
        IReadOnlyList<CmekRegionSpec> uses
    )
    {
        var removal = await _removals.ReadAsync(access);
        Errors.ThrowCombined(request.Cluster.Name, removal.Problems);
        foreach (var place in removal.Unread)
            calls.Context.Host.Verbose($"{place} could not be read; the write will show it.");
        if (removal.Doubts is [var first, ..] doubts)
            calls.Context.Host.Warning(
                $"Whether '{access.Answer.Principal}' can use {access.Answer.Key} through something else is not known, "
                    + $"because these could not be read: {string.Join(", ", doubts)}. To find out, run {first.Command}"
            );
        var reading = access.Reading;
        if (reading.Policy is { } entry)
            return [AccessPolicyChange.Of(Owner(uses), reading.KeyVault.Id, entry).ToRecord(uses)];
        return removal.Roles.Count == 0
            ? [OfMissingGrant(reading, uses)]
            : removal.Roles.Select(r => new RoleAssignmentChange(Owner(uses), r.Assignment, r.RoleName).ToRecord(uses));
    }

    /// <summary>
    /// A grant that does not exist any more, as the module itself would make it: it counts as removed.
    /// </summary>
    private CmekAccessChange OfMissingGrant(AzureKeyReading access, IReadOnlyList<CmekRegionSpec> uses)
    {
        var grant = StandardGrant.For(access.KeyVault, KeyVaultRoles.Find(KeyVaultRoles.Default)!, access.PrincipalId);
        AzureChange change = grant.Assignment is { } properties
            ? new RoleAssignmentChange(
                Owner(uses),
                new RoleAssignment(grant.Target, grant.Target.Split('/').Last(), properties),
                KeyVaultRoles.Default
            )
            : AccessPolicyChange.Of(Owner(uses), grant.Target, grant.PolicyEntry!);
        return change.ToRecord(uses) with { State = CmekAccessChangeState.Done };
    }

    private ChangeOwner Owner(IEnumerable<CmekRegionSpec> uses) =>
        ChangeOwner.Of(request.Cluster, uses.Select(u => u.KeyUri)) with
        {
            ApplicationId = _owner.ApplicationId,
        };

    /// <summary>
    /// Reads the access to each key, and describes it as changes; a change of one resource is listed once.
    /// </summary>
    private async Task<IReadOnlyList<CmekAccessChange>> ReadGrantsAsync(
        string principalId,
        Func<AzureAccess, IReadOnlyList<CmekRegionSpec>, Task<IEnumerable<CmekAccessChange>>> describe
    )
    {
        var grants = new AzureGrants(clients, calls);
        var application = AzureNames.Application(request.Cluster);
        var keys = request.Keys.GroupBy(k => AzureKeyId.Parse(k.KeyUri, clients.Cloud).WithoutVersion).ToList();
        var keyVaults = await new AzureKeyVaults(clients, calls).FindAsync(
            [.. keys.Select(k => k.Key.KeyVaultName)],
            null,
            _tenantId
        );
        var changes = new List<CmekAccessChange>();
        foreach (var (key, keyVault) in keys.Zip(keyVaults, (k, v) => (k, v)))
        {
            var access = await grants.ReadAsync(keyVault, key.Key.Name, principalId, application);
            changes.AddRange(await describe(access, [.. key]));
        }

        return Combine(changes);
    }

    /// <summary>
    /// The state of every version that the cluster uses or has used. A version that no longer exists needs no revoking;
    /// if none exists, the request is wrong.
    /// </summary>
    /// <param name="explain">What to say of a version that was not found; null for nothing.</param>
    private async Task<IReadOnlyList<CmekAccessChange>> ReadStatesAsync(
        Func<IReadOnlyList<CmekRegionSpec>, Task<CmekAccessChange?>> explain
    )
    {
        var versions = request.Keys.GroupBy(k => AzureKeyId.Parse(k.KeyUri, clients.Cloud)).ToList();
        var found = await Task.WhenAll(versions.Select(v => _reader.FindAsync(v.Key)));
        var changes = new List<CmekAccessChange>();
        foreach (var (version, key) in versions.Zip(found, (v, k) => (v, k)))
        {
            CmekRegionSpec[] uses = [.. version];
            if (key is not null)
                changes.Add(
                    new KeyVersionStateChange(Owner(uses), version.Key).ToRecord(uses) with
                    {
                        KeyUri = uses[0].KeyUri,
                        State = key.Bundle.Attributes.Enabled
                            ? CmekAccessChangeState.Planned
                            : CmekAccessChangeState.Done,
                    }
                );
            else if (await explain(uses) is { } deleted)
                changes.Add(deleted);
            else
                calls.Context.Host.Warning(
                    $"There is no key {version.Key} that these credentials can see. It is left out."
                );
        }

        return changes.Count > 0 ? Combine(changes) : throw AzureErrors.KeyNotFound(versions[0].Key);
    }

    /// <summary>A deleted key that can be recovered; null when there is none.</summary>
    private async Task<CmekAccessChange?> FindDeletedAsync(IReadOnlyList<CmekRegionSpec> uses)
    {
        var key = AzureKeyId.Parse(uses[0].KeyUri, clients.Cloud).WithoutVersion;
        return await _reader.FindDeletedAsync(key) is null
            ? null
            : new DeletedKeyChange(Owner(uses), key).ToRecord(uses) with
            {
                State = CmekAccessChangeState.Done,
            };
    }

    /// <summary>Combines changes of the same resource, whatever number of regions and keys depend on it.</summary>
    private static IReadOnlyList<CmekAccessChange> Combine(IEnumerable<CmekAccessChange> changes) =>
        [.. changes.GroupBy(c => c.Target, StringComparer.OrdinalIgnoreCase).Select(g => Join([.. g]))];

    private static CmekAccessChange Join(CmekAccessChange[] same) =>
        same[0] with
        {
            Regions = [.. same.SelectMany(c => c.Regions).Distinct()],
            KeyUri = same.Select(c => c.KeyUri).Distinct().Count() == 1 ? same[0].KeyUri : "",
            Document = AzureChange.Combine([.. same.Select(c => c.Document)]),
            State = same.Any(c => c.State == CmekAccessChangeState.Planned)
                ? CmekAccessChangeState.Planned
                : same[0].State,
        };
}
