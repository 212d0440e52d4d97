namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// Plans how the application loses its access to keys, and finds access that is missing: role assignments, the entry in
/// a Key Vault's access policies, or the state of the key's versions. Reads only.
/// </summary>
internal sealed class AzureKeyAccess(AzureClients clients, AzureCalls calls, RevocationRequest request)
{
    private readonly AzureKeyReader _reader = new(clients, calls);
    private readonly AzureApplications _applications = new(clients, calls);
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
            ? await ReadGrantsAsync(principal.Id, PlanGrant)
            : [AzureAccessChange.OfRemovedApplication(request.Cluster, applicationId, request.Keys)];
    }

    /// <summary>
    /// What keeps the cluster from its keys now, whoever did it: a missing grant, a disabled version.
    /// </summary>
    public async Task<IReadOnlyList<CmekAccessChange>> FindRevocationAsync()
    {
        var principal = await _applications.RequireAsync(request.Cluster, _tenantId);
        var missing = await ReadGrantsAsync(principal.Id, (access, uses) =>
            access.Missing.Count > 0 ? [AzureAccessChange.OfMissingGrant(access, uses)] : []
        );
        var disabled = (await ReadStatesAsync()).Where(c => c.State == CmekAccessChangeState.Done);
        return [.. missing, .. disabled];
    }

    /// <summary>
    /// Removes every grant that allows wrapping or unwrapping. A role that only reads keys gives no access to data.
    /// </summary>
    private static IEnumerable<CmekAccessChange> PlanGrant(GrantedAccess access, IReadOnlyList<CmekRegionSpec> uses)
    {
        if (access.Policy is { } entry)
            return [AzureAccessChange.OfPolicy(access, entry, uses)];
        var roles = access
            .Roles.Where(r => r.Definition.Covers(KeyVaultRoles.Unwrap) || r.Definition.Covers(KeyVaultRoles.Wrap))
            .ToList();
        return roles.Count == 0
            ? [AzureAccessChange.OfMissingGrant(access, uses)]
            : roles.Select(r => AzureAccessChange.OfRole(access, r, uses));
    }

    /// <summary>
    /// Reads the access to each key, and describes it as changes; a change of one resource is listed once.
    /// </summary>
    private async Task<IReadOnlyList<CmekAccessChange>> ReadGrantsAsync(
        string principalId,
        Func<GrantedAccess, IReadOnlyList<CmekRegionSpec>, IEnumerable<CmekAccessChange>> describe
    )
    {
        var grants = new AzureGrants(clients, calls);
        var keys = request.Keys.GroupBy(k => AzureKeyId.Parse(k.KeyUri, clients.Cloud).WithoutVersion).ToList();
        var keyVaults = await new AzureKeyVaults(clients, calls).FindAsync(
            [.. keys.Select(k => k.Key.KeyVaultName)],
            null,
            _tenantId
        );
        var changes = new List<CmekAccessChange>();
        foreach (var (key, keyVault) in keys.Zip(keyVaults, (k, v) => (k, v)))
            changes.AddRange(describe(await grants.ReadAsync(keyVault, key.Key.Name, principalId), [.. key]));
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
