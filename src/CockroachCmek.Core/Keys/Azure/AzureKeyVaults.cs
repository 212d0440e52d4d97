namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// Finds Key Vaults by name, which is unique in the whole cloud. Resource Manager addresses them by subscription and
/// resource group.
/// </summary>
internal sealed class AzureKeyVaults(AzureClients clients, AzureCalls calls)
{
    private readonly Dictionary<string, AzureKeyVault> _found = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The Key Vaults with the given names or URIs, in the same order.</summary>
    /// <param name="subscriptionId">
    /// The subscription to search. Default: the session's, or all that the credentials can see.
    /// </param>
    /// <param name="tenantId">The tenant that they must belong to.</param>
    /// <exception cref="CmekException">
    /// KeyVaultNotFound, KeyVaultNotVisible, KeyVaultInOtherTenant, KeyVaultFirewalled.
    /// </exception>
    public async Task<IReadOnlyList<AzureKeyVault>> FindAsync(
        IReadOnlyList<string> namesOrUris,
        string? subscriptionId,
        string tenantId
    )
    {
        subscriptionId ??= clients.SubscriptionId;
        var names = namesOrUris.Select(NameOf).ToList();
        await SearchAsync(Unknown(names), subscriptionId);
        if (Unknown(names) is { Count: > 0 } missing)
            Errors.ThrowCombined(
                string.Join(", ", missing),
                await Task.WhenAll(missing.Select(n => ExplainMissingAsync(n, subscriptionId)))
            );
        foreach (var keyVault in names.Select(n => _found[n]))
            if (!string.Equals(keyVault.TenantId, tenantId, StringComparison.OrdinalIgnoreCase))
                throw AzureErrors.KeyVaultInOtherTenant(keyVault.Uri.Host, keyVault.TenantId, tenantId);
        return [.. names.Select(n => _found[n])];
    }

    /// <summary>The Key Vault of a key.</summary>
    public async Task<AzureKeyVault> FindAsync(AzureKeyId key, string tenantId) =>
        (await FindAsync([key.KeyVaultName], null, tenantId))[0];

    /// <summary>Every Key Vault that the credentials can see, in the session's subscription or in all.</summary>
    /// <param name="miss">
    /// Called with each subscription or Key Vault that cannot be read, and why: it does not hide the others.
    /// </param>
    /// <exception cref="CmekException">No subscription can be read.</exception>
    public Task<IReadOnlyList<AzureKeyVault>> ListAsync(Action<string, CmekException> miss) =>
        ListAsync(clients.SubscriptionId, null, miss);

    /// <summary>The Key Vault for a region: the only one, or the one in the region's location.</summary>
    /// <exception cref="CmekException">KeyVaultMissing.</exception>
    public static AzureKeyVault Choose(IReadOnlyList<AzureKeyVault> keyVaults, string cluster, string region) =>
        keyVaults.Count == 1
            ? keyVaults[0]
            : keyVaults.FirstOrDefault(v => v.IsIn(region))
                ?? throw AzureErrors.KeyVaultMissing(
                    cluster,
                    region,
                    keyVaults.Select(v => $"{v.Name} in {v.Location}")
                );

    /// <summary>Warns of a Key Vault whose keys can be lost for good, and the cluster's data with them.</summary>
    public void WarnOfDeletion(AzureKeyVault keyVault)
    {
        if (!keyVault.HasSoftDelete)
            calls.Context.Host.Warning(
                $"The Key Vault {keyVault.Name} has no soft delete: a deleted key is lost at once, and the "
                    + $"cluster's data with it. az keyvault update --name {keyVault.Name} "
                    + "--enable-soft-delete true --enable-purge-protection true"
            );
        else if (!keyVault.HasPurgeProtection)
            calls.Context.Host.Warning(
                $"The Key Vault {keyVault.Name} has no purge protection: a key that is deleted and purged is lost, "
                    + $"and the cluster's data with it. az keyvault update --name {keyVault.Name} "
                    + "--enable-purge-protection true"
            );
    }

    private List<string> Unknown(IEnumerable<string> names) =>
        [.. names.Distinct(StringComparer.OrdinalIgnoreCase).Where(n => !_found.ContainsKey(n))];

    private string NameOf(string nameOrUri)
    {
        if (!nameOrUri.Contains("://"))
            return nameOrUri;
        return
            Uri.TryCreate(nameOrUri, UriKind.Absolute, out var uri)
            && uri.Host.EndsWith($".{clients.Cloud.KeyVaultSuffix}", StringComparison.OrdinalIgnoreCase)
            ? uri.Host.Split('.')[0]
            : throw AzureErrors.KeyVaultUriMalformed(nameOrUri, clients.Cloud.KeyVaultSuffix);
    }

    private async Task SearchAsync(IReadOnlyList<string> names, string? subscriptionId)
    {
        if (names.Count == 0)
            return;
        foreach (var keyVault in await ListAsync(subscriptionId, names))
            _found[keyVault.Name] = keyVault;
    }

    /// <param name="names">Only those with one of these names; null for all.</param>
    /// <param name="miss">Called with what cannot be read; null when that ends the search.</param>
    private async Task<IReadOnlyList<AzureKeyVault>> ListAsync(
        string? subscriptionId,
        IReadOnlyList<string>? names,
        Action<string, CmekException>? miss = null
    )
    {
        var subscriptions = subscriptionId is not null
            ? [subscriptionId]
            : await calls.ReadAsync("ARM", "ListSubscriptions", "", clients.Arm.ListSubscriptionsAsync);
        var missed = 0;
        var listed = await Task.WhenAll(
            subscriptions.Select(s =>
                TryAsync(
                    $"subscription {s}",
                    async () =>
                        await calls.ReadAsync("ARM", "ListKeyVaults", s, c => clients.Arm.ListKeyVaultsAsync(s, c)),
                    // Without one subscription, nothing was searched.
                    miss is null
                        ? null
                        : (place, error) =>
                        {
                            if (Interlocked.Increment(ref missed) == subscriptions.Count)
                                throw error;
                            miss(place, error);
                        }
                )
            )
        );
        var ids = listed
            .OfType<IReadOnlyList<string>>()
            .SelectMany(i => i)
            .Where(id => names?.Contains(id.Split('/').Last(), StringComparer.OrdinalIgnoreCase) != false);
        var keyVaults = await Task.WhenAll(
            ids.Select(id =>
                TryAsync(
                    $"Key Vault {id.Split('/').Last()}",
                    () => calls.FindAsync("ARM", "GetKeyVault", id, c => clients.Arm.GetKeyVaultAsync(id, c)),
                    miss
                )
            )
        );
        return [.. keyVaults.OfType<AzureKeyVault>()];
    }

    /// <summary>What is read; null when it cannot be read and the search goes on.</summary>
    private async Task<T?> TryAsync<T>(string place, Func<Task<T?>> read, Action<string, CmekException>? miss)
        where T : class
    {
        try
        {
            return await read();
        }
        catch (Exception error)
            when (miss is not null
                && !calls.Context.CancellationToken.IsCancellationRequested
                && AzureCalls.TranslateRead(error, place) is { } translated
            )
        {
            miss(place, translated);
            return null;
        }
    }

    /// <summary>
    /// Why a Key Vault was not found. One that Resource Manager does not show may still exist: a read of a key that
    /// does not exist tells whether it responds, and to whom.
    /// </summary>
    private async Task<CmekException> ExplainMissingAsync(string name, string? subscriptionId)
    {
        var uri = clients.Cloud.KeyVaultUri(name);
        try
        {
            // Called as a write so that it is not retried: at a name that nobody owns, nothing ever responds.
            await calls.WriteAsync("Key Vault", "GetKey", uri.Host, c =>
                clients.Keys(uri).GetAsync("crdb-cmek-is-it-there", null, c)
            );
            return AzureErrors.KeyVaultNotVisible(name, subscriptionId);
        }
        catch (AzureException error) when (error.IsFirewall)
        {
            return AzureErrors.KeyVaultFirewalled(uri.Host, error.Message, error);
        }
        catch (AzureException error) when (error is { Status: 404, Code: "KeyNotFound" } or { Status: 403 })
        {
            return AzureErrors.KeyVaultNotVisible(name, subscriptionId);
        }
        catch (CmekException error)
        {
            return error;
        }
        catch (Exception error)
            when (!calls.Context.CancellationToken.IsCancellationRequested
                && AzureCalls.Translate(error, name) is not null
            )
        {
            return AzureErrors.KeyVaultNotFound(name, subscriptionId);
        }
    }
}
