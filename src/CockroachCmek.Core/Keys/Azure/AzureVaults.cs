namespace CockroachCmek.Core.Keys.Azure;

/// <summary>Vaults by name: ARM knows them by subscription and group, people by their name, which is unique in the whole cloud.</summary>
internal sealed class AzureVaults(AzureClients clients, AzureCalls calls)
{
    private readonly Dictionary<string, AzureVault> _found = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The vaults of names or URIs, in their order.</summary>
    /// <exception cref="CmekException">VaultNotFound, VaultNotVisible, VaultInOtherTenant.</exception>
    public async Task<IReadOnlyList<AzureVault>> FindAsync(
        IReadOnlyList<string> namesOrUris,
        string? subscriptionId,
        string tenantId
    )
    {
        var names = namesOrUris.Select(NameOf).ToList();
        await SearchAsync(
            [.. names.Distinct(StringComparer.OrdinalIgnoreCase).Where(n => !_found.ContainsKey(n))],
            subscriptionId ?? clients.SubscriptionId
        );
        var missing = names.Where(n => !_found.ContainsKey(n)).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        if (missing.Count > 0)
            Errors.ThrowCombined(
                string.Join(", ", missing),
                await Task.WhenAll(missing.Select(n => ExplainAsync(n, subscriptionId ?? clients.SubscriptionId)))
            );
        foreach (var vault in names.Select(n => _found[n]))
            if (!string.Equals(vault.TenantId, tenantId, StringComparison.OrdinalIgnoreCase))
                throw AzureErrors.KeyVaultInOtherTenant(vault.Uri.Host, vault.TenantId, tenantId);
        return [.. names.Select(n => _found[n])];
    }

    public async Task<AzureVault?> FindAsync(AzureKeyId key, string? subscriptionId, string tenantId) =>
        (await FindAsync([key.VaultName], subscriptionId, tenantId))[0];

    /// <summary>The vault for a region: the only one, or the one of that place.</summary>
    public static AzureVault Choose(IReadOnlyList<AzureVault> vaults, string cluster, string region) =>
        vaults.Count == 1
            ? vaults[0]
            : vaults.FirstOrDefault(v => v.IsIn(region))
                ?? throw AzureErrors.KeyVaultMissing(cluster, region, vaults.Select(v => $"{v.Name} in {v.Location}"));

    /// <summary>Loudly: a key that is purged takes the database with it.</summary>
    public void WarnOfDeletion(AzureVault vault)
    {
        if (!vault.HasSoftDelete)
            calls.Context.Log.Warning(
                $"The vault {vault.Name} has no soft delete: a key that is deleted there is gone at once, and the cluster's data with it. az keyvault update --name {vault.Name} --enable-soft-delete true --enable-purge-protection true"
            );
        else if (!vault.HasPurgeProtection)
            calls.Context.Log.Warning(
                $"The vault {vault.Name} has no purge protection: a key that is deleted and purged there is gone, and the cluster's data with it. az keyvault update --name {vault.Name} --enable-purge-protection true"
            );
    }

    private string NameOf(string nameOrUri)
    {
        if (!nameOrUri.Contains("://"))
            return nameOrUri;
        return
            Uri.TryCreate(nameOrUri, UriKind.Absolute, out var uri)
            && uri.Host.EndsWith($".{clients.Cloud.VaultSuffix}", StringComparison.OrdinalIgnoreCase)
            ? uri.Host.Split('.')[0]
            : throw AzureErrors.KeyVaultUriMalformed(nameOrUri, clients.Cloud.VaultSuffix);
    }

    private async Task SearchAsync(IReadOnlyList<string> names, string? subscriptionId)
    {
        if (names.Count == 0)
            return;
        var subscriptions = subscriptionId is not null
            ? [subscriptionId]
            : await calls.ReadAsync("ARM", "ListSubscriptions", "", clients.Arm.ListSubscriptionsAsync);
        var ids = (
            await Task.WhenAll(
                subscriptions.Select(s =>
                    calls.ReadAsync("ARM", "ListVaults", s, c => clients.Arm.ListVaultsAsync(s, c))
                )
            )
        ).SelectMany(i => i);
        var vaults = await Task.WhenAll(
            ids.Where(id => names.Contains(id.Split('/').Last(), StringComparer.OrdinalIgnoreCase))
                .Select(id => calls.FindAsync("ARM", "GetVault", id, c => clients.Arm.GetVaultAsync(id, c)))
        );
        foreach (var vault in vaults.OfType<AzureVault>())
            _found[vault.Name] = vault;
    }

    /// <summary>A vault that ARM does not show may still be there: a key is asked for that no vault has, which tells whether the vault answers, and to whom.</summary>
    private async Task<CmekException> ExplainAsync(string name, string? subscriptionId)
    {
        var uri = clients.Cloud.VaultUri(name);
        try
        {
            // As a write it is not repeated: a name that nobody has gives no answer, however often it is asked.
            await calls.WriteAsync("Key Vault", "GetKey", uri.Host, c =>
                clients.Keys(uri).GetAsync("crdb-cmek-is-it-there", null, c)
            );
            return AzureErrors.KeyVaultNotVisible(name, subscriptionId);
        }
        catch (AzureFault fault) when (fault.IsFirewall)
        {
            return AzureErrors.KeyVaultFirewalled(uri.Host, fault.Message, fault);
        }
        catch (AzureFault fault) when (fault is { Status: 404, Code: "KeyNotFound" } or { Status: 403 })
        {
            return AzureErrors.KeyVaultNotVisible(name, subscriptionId);
        }
        catch (CmekException fault)
        {
            return fault;
        }
        catch (Exception fault)
            when (AzureCalls.IsAzures(fault) && !calls.Context.CancellationToken.IsCancellationRequested)
        {
            return AzureErrors.KeyVaultNotFound(name, subscriptionId);
        }
    }
}
