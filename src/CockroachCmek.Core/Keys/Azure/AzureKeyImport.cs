using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys.Azure.Access;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>Imports existing keys: checks all of them first, and adds a missing grant only on request.</summary>
internal sealed class AzureKeyImport(
    AzureClients clients,
    AzureCalls calls,
    KeyRequest request,
    AzureKeyReader reader,
    AzureGrants grants,
    AzureKeyVaults keyVaults
)
{
    private readonly AzureKeyOptions _options = AzureKeyOptions.From(request.Options);

    /// <summary>A key that was given, as it was read.</summary>
    private sealed record Candidate(
        AzureKeyId Given,
        AzureKeyVault KeyVault,
        FoundKey? Found,
        DeletedKey? Deleted,
        RoleDefinition Role,
        AzureAccess Access
    )
    {
        /// <summary>Doubt about the access is a reason to add a grant on request, and no reason to refuse.</summary>
        public bool NeedsGrant { get; init; }
    }

    public async Task<IReadOnlyList<CmekKey>> ImportAsync(string principalId)
    {
        var given = request.KeyUris.Select(uri => AzureKeyId.Parse(uri, clients.Cloud)).Distinct().ToList();
        var found = await keyVaults.FindAsync(
            [.. given.Select(id => id.KeyVaultName)],
            _options.SubscriptionId,
            request.AuthPrincipal
        );
        var keyVaultOf = given.Zip(found, (id, keyVault) => (id, keyVault)).ToDictionary(p => p.id, p => p.keyVault);
        var chosen = request
            .Regions.Distinct()
            .ToDictionary(region => region, region => Choose(region, given, keyVaultOf));
        var candidates = await Task.WhenAll(
            chosen.Values.Distinct().Select(id => ReadAsync(id, keyVaultOf[id], principalId))
        );
        await ThrowIfUnfitAsync(candidates);
        Warn(chosen, candidates);

        var granted = await GrantAsync(candidates, principalId);
        return
        [
            .. request.Regions.Select(region =>
            {
                var key = candidates.First(c => c.Given == chosen[region]);
                return AzureKeys.ToCmekKey(
                    request,
                    region,
                    key.KeyVault,
                    key.Found!.Id,
                    key.Found,
                    !key.NeedsGrant ? CmekOutcome.Existing
                        : granted.Contains(key.KeyVault.Id) ? CmekOutcome.Updated
                        : CmekOutcome.Planned
                );
            }),
        ];
    }

    /// <summary>The key for a region: the only one, or the one in the region's location.</summary>
    private AzureKeyId Choose(
        string region,
        IReadOnlyList<AzureKeyId> given,
        IReadOnlyDictionary<AzureKeyId, AzureKeyVault> keyVaultOf
    ) =>
        given.Count == 1
            ? given[0]
            : given.FirstOrDefault(id => keyVaultOf[id].IsIn(region))
                ?? throw Errors.KeyUriMissing(request.Cluster.Name, region);

    private async Task<Candidate> ReadAsync(AzureKeyId id, AzureKeyVault keyVault, string principalId)
    {
        var found = await reader.FindAsync(id);
        var access = await grants.ReadAsync(keyVault, id.Name, principalId, AzureNames.Application(request.Cluster));
        return new Candidate(
            id,
            keyVault,
            found,
            found is null ? await reader.FindDeletedAsync(id) : null,
            await grants.RequireRoleAsync(keyVault, _options.RoleName),
            access
        )
        {
            NeedsGrant = request.Grant ? access.NeedsGrant : access.Verdict == CmekAccessVerdict.NotGranted,
        };
    }

    private async Task ThrowIfUnfitAsync(IEnumerable<Candidate> candidates)
    {
        var problems = new List<CmekException>();
        foreach (var key in candidates)
        {
            if (key.Found is not { } found)
            {
                problems.Add(
                    key.Deleted is { } deleted
                        ? AzureErrors.KeySoftDeleted(key.Given, deleted.PurgedOn)
                        : AzureErrors.KeyNotFound(key.Given)
                );
                continue;
            }

            problems.AddRange(AzureKeyProblems.KeyProblems(found, calls.Context.Time.GetUtcNow()));
            if (key.Access.Problem(found.Id, request.Grant || request.IsRolePlanned) is { } problem)
                problems.Add(problem);
            else if (key.NeedsGrant && request.Grant)
                problems.AddRange(
                    await new AzurePermissions(clients, calls).FindMissingAsync(
                        key.KeyVault,
                        createsKey: false,
                        grants: true
                    )
                );
        }

        Errors.ThrowCombined(request.Cluster.Name, problems);
    }

    private void Warn(IReadOnlyDictionary<string, AzureKeyId> chosen, IReadOnlyCollection<Candidate> candidates)
    {
        foreach (var keyVault in candidates.Select(c => c.KeyVault).Distinct())
            keyVaults.WarnOfDeletion(keyVault);
        foreach (var doubt in candidates.Where(c => !(c.NeedsGrant && request.Grant)).Select(c => c.Access.Doubt))
            if (doubt is not null)
                calls.Context.Host.Warning(doubt);
        if (request.Like is not null)
            return;
        foreach (var region in request.Regions)
            if (candidates.First(c => c.Given == chosen[region]).KeyVault is var keyVault && !keyVault.IsIn(region))
                calls.Context.Host.Warning(
                    $"The key for {region} is in {keyVault.Location}. "
                        + "It works, but the region's nodes depend on both locations."
                );
    }

    /// <summary>Asks for and makes the missing grants, one for each Key Vault: it serves all keys in it.</summary>
    /// <returns>The ids of the Key Vaults that were granted.</returns>
    private async Task<HashSet<string>> GrantAsync(IEnumerable<Candidate> candidates, string principalId)
    {
        var confirmed = new List<Candidate>();
        if (request.Grant)
            foreach (var key in candidates.Where(c => c.NeedsGrant).GroupBy(c => c.KeyVault.Id).Select(g => g.First()))
                if (
                    await calls.ConfirmAsync(
                        $"Key Vault {key.KeyVault.Name}",
                        StandardGrant.Describe(key.KeyVault, key.Role, AzureNames.Application(request.Cluster))
                    )
                )
                    confirmed.Add(key);
        var writer = new AzureGrantWriter(clients, calls);
        await Task.WhenAll(confirmed.Select(k => writer.GrantAsync(k.KeyVault, k.Role, principalId)));
        return [.. confirmed.Select(k => k.KeyVault.Id)];
    }
}
