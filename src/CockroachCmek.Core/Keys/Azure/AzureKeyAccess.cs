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
    private readonly AzureLocks _locks = new(clients, calls);
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
            return await ReadStatesAsync();
        var applicationId = AzureApplications.ApplicationId(request.Cluster);
        return await _applications.FindAsync(applicationId) is { } principal
            ? await ReadGrantsAsync(principal.Id, PlanGrantAsync)
            : [AzureAccessChange.OfRemovedApplication(request.Cluster, applicationId, request.Keys)];
    }

    /// <summary>
    /// What keeps the cluster from its keys now, whoever did it: a missing grant, a disabled version.
    /// </summary>
    public async Task<IReadOnlyList<CmekAccessChange>> FindRevocationAsync()
    {
        var principal = await _applications.RequireAsync(request.Cluster, _tenantId);
        var missing = await ReadGrantsAsync(principal.Id, (access, uses) => Task.FromResult(FindMissing(access, uses)));
        var disabled = (await ReadStatesAsync()).Where(c => c.State == CmekAccessChangeState.Done);
        return [.. missing, .. disabled];
    }

    /// <summary>A missing grant can be added again. What a deny assignment takes away cannot.</summary>
    private IEnumerable<CmekAccessChange> FindMissing(AzureAccess access, IReadOnlyList<CmekRegionSpec> uses)
    {
        if (access.NeedsGrant && !access.IsNarrowed)
            return [AzureAccessChange.OfMissingGrant(access.Reading, uses)];
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
        var reading = access.Reading;
        var roles = reading.OwnDataRoles.ToList();
        var after = AzureAccessEvaluator.Evaluate(reading.Without(roles), access.Answer.Principal);
        var problems = new List<CmekException>();
        if (after.ReachesData.Least != Truth.No)
            problems.Add(
                AzureErrors.GrantNotRemovable(access.Answer.Key, access.Answer.Principal, after.Answer.Grants)
            );
        if (await new AzurePermissions(clients, calls).FindKeptAsync(roles) is { Count: > 0 } kept)
            problems.Add(AzureErrors.GrantNotRemovable(access.Answer.Key, access.Answer.Principal, kept));
        if (await FindLocksAsync(reading, roles) is { Count: > 0 } locks)
            problems.Add(
                AzureErrors.ScopeLocked(
                    $"The access of '{access.Answer.Principal}' to {access.Answer.Key}",
                    locks,
                    null
                )
            );
        Errors.ThrowCombined(request.Cluster.Name, problems);
        if (after.ReachesData.Most != Truth.No)
            calls.Context.Host.Warning(
                $"Whether '{access.Answer.Principal}' can use {access.Answer.Key} through something else is not known, "
                    + $"because these could not be read: {string.Join(", ", after.Answer.Unread)}. To find out, run "
                    + after.Answer.Unread[0].Command
            );
        if (reading.Policy is { } entry)
            return [AzureAccessChange.OfPolicy(reading, entry, uses)];
        return roles.Count == 0
            ? [AzureAccessChange.OfMissingGrant(reading, uses)]
            : roles.Select(r => AzureAccessChange.OfRole(reading, r, uses));
    }

    /// <summary>
    /// The locks that would keep grants from being removed. Removing an access policy changes the Key Vault, which only
    /// a ReadOnly lock prevents.
    /// </summary>
    private async Task<IReadOnlyList<AzureLock>> FindLocksAsync(AzureKeyReading reading, List<AssignedRole> roles)
    {
        var found = new List<AzureLock>();
        foreach (var scope in roles.Select(r => r.Scope).Distinct(StringComparer.OrdinalIgnoreCase))
            found.AddRange(await ReadLocksAsync(scope));
        if (reading.Policy is not null)
            found.AddRange((await ReadLocksAsync(reading.KeyVault.Id)).Where(l => l.IsReadOnly));
        return [.. found.GroupBy(l => l.Id, StringComparer.OrdinalIgnoreCase).Select(g => g.First())];
    }

    private async Task<IReadOnlyList<AzureLock>> ReadLocksAsync(string scope)
    {
        var (locks, unread) = await _locks.ReadAsync(scope);
        foreach (var place in unread)
            calls.Context.Host.Verbose($"{place} could not be read; the write will show whether there are any.");
        return locks;
    }

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

        return AzureAccessChange.Combine(changes);
    }

    /// <summary>
    /// The state of every version that the cluster uses or has used. A version that no longer exists needs no revoking;
    /// if none exists, the request is wrong.
    /// </summary>
    private async Task<IReadOnlyList<CmekAccessChange>> ReadStatesAsync()
    {
        var versions = request.Keys.GroupBy(k => AzureKeyId.Parse(k.KeyUri, clients.Cloud)).ToList();
        var found = await Task.WhenAll(versions.Select(v => _reader.FindAsync(v.Key)));
        if (found.All(k => k is null))
            throw AzureErrors.KeyNotFound(versions[0].Key);
        var changes = new List<CmekAccessChange>();
        foreach (var (uses, key) in versions.Zip(found, (v, k) => (v, k)))
        {
            if (key is not null)
                changes.Add(AzureAccessChange.OfState(key, [.. uses]));
            else
                calls.Context.Host.Warning(
                    $"There is no key {uses.Key} that these credentials can see. It is left out."
                );
        }

        return changes;
    }
}
