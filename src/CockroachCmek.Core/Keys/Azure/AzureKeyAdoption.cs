namespace CockroachCmek.Core.Keys.Azure;

/// <summary>Takes keys that exist: checks all of them first, and adds a missing grant only when told to.</summary>
internal sealed class AzureKeyAdoption(
    AzureClients clients,
    AzureCalls calls,
    AzureKeyReader reader,
    AzureGrants grants,
    AzureVaults vaults
)
{
    private sealed record Adopted(
        AzureKeyId Asked,
        AzureVault Vault,
        FoundKey? Found,
        DeletedKey? Deleted,
        RoleDefinition Role,
        GrantedAccess Access
    );

    public async Task<IReadOnlyList<CmekKey>> AdoptAsync(KeyRequest request, string principalId)
    {
        var asked = request.KeyUris.Select(uri => AzureKeyId.Parse(uri, clients.Cloud)).Distinct().ToList();
        var places = await vaults.FindAsync(
            [.. asked.Select(id => id.VaultName)],
            AzureKeyOptions.From(request.Options).SubscriptionId,
            request.AuthPrincipal
        );
        // The key for a region: the only one, or the one in a vault of that place.
        var chosen = request
            .Regions.Select(region =>
                asked.Count == 1
                    ? asked[0]
                    : asked.Where((_, i) => places[i].IsIn(region)).FirstOrDefault()
                        ?? throw Errors.KeyUriMissing(request.Cluster.Name, region)
            )
            .ToList();
        var used = await Task.WhenAll(
            chosen.Distinct().Select(id => LookAsync(request, id, places[asked.IndexOf(id)], principalId))
        );
        await ThrowIfUnfitAsync(request, used);
        foreach (var vault in used.Select(u => u.Vault).Distinct())
            vaults.WarnOfDeletion(vault);
        foreach (var (region, id) in request.Regions.Zip(chosen, (r, id) => (r, id)))
            if (places[asked.IndexOf(id)] is { } vault && !vault.IsIn(region) && request.Like is null)
                calls.Context.Log.Warning(
                    $"The key for {region} lives in {vault.Location}: it works, but the region's nodes depend on both."
                );

        // A vault's grant serves all keys in it: it is asked for and made once.
        var granted = new Dictionary<string, bool>();
        foreach (
            var key in used.Where(k => k.Access.Missing.Count > 0 && request.Grant)
                .GroupBy(k => k.Vault.Id)
                .Select(g => g.First())
        )
            granted[key.Vault.Id] = await calls.AskAsync(
                $"Key Vault {key.Vault.Name}",
                AzureGrants.Describe(key.Vault, key.Role, AzureNames.Application(request.Cluster))
            );
        await Task.WhenAll(
            used.Where(k => granted.TryGetValue(k.Vault.Id, out var may) && may)
                .GroupBy(k => k.Vault.Id)
                .Select(g => grants.GrantAsync(g.First().Vault, g.First().Role, principalId))
        );
        CmekOutcome OutcomeOf(Adopted key) =>
            key.Access.Missing.Count == 0 ? CmekOutcome.Existing
            : granted.TryGetValue(key.Vault.Id, out var may) && may ? CmekOutcome.Updated
            : CmekOutcome.Planned;
        return
        [
            .. request
                .Regions.Zip(chosen, (region, id) => (Region: region, Key: used.First(u => u.Asked == id)))
                .Select(c =>
                    AzureKeys.Key(request, c.Region, c.Key.Vault, c.Key.Found!.Id, c.Key.Found, OutcomeOf(c.Key))
                ),
        ];
    }

    private async Task<Adopted> LookAsync(KeyRequest request, AzureKeyId id, AzureVault vault, string principalId)
    {
        var found = await reader.FindAsync(id);
        return new Adopted(
            id,
            vault,
            found,
            found is null ? await reader.FindDeletedAsync(id) : null,
            await grants.RoleAsync(vault, AzureKeyOptions.From(request.Options).RoleName),
            await grants.ReadAsync(vault, id.Name, principalId)
        );
    }

    private async Task ThrowIfUnfitAsync(KeyRequest request, IEnumerable<Adopted> used)
    {
        var faults = new List<CmekException>();
        foreach (var key in used)
        {
            if (key.Found is null)
            {
                faults.Add(
                    key.Deleted is null
                        ? AzureErrors.KeyNotFound(key.Asked)
                        : AzureErrors.KeySoftDeleted(
                            key.Asked,
                            key.Deleted.ScheduledPurgeDate is { } at ? DateTimeOffset.FromUnixTimeSeconds(at) : null
                        )
                );
                continue;
            }

            faults.AddRange(AzureKeyFaults.OfKey(key.Found, calls.Context.Time.GetUtcNow()));
            if (key.Access.Missing.Count == 0)
                continue;
            if (request.Grant)
                faults.AddRange(
                    await new AzurePermissions(clients, calls).MissingAsync(key.Vault, makesKey: false, grants: true)
                );
            else if (!request.IsRolePlanned)
                faults.Add(
                    AzureErrors.KeyNotGranted(key.Found.Id, AzureNames.Application(request.Cluster), key.Access.Missing)
                );
        }

        Errors.ThrowCombined(request.Cluster.Name, faults);
    }
}
