namespace CockroachCmek.Core.Keys.Vault;

/// <summary>
/// Writes to Vault. Writes only what is missing, and reads the result where the response does not show it.
/// </summary>
internal sealed class VaultKeyWriter(VaultKeyReader reader, VaultCalls calls)
{
    private static readonly TimeSpan DistributionLimit = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);

    /// <summary>
    /// True when Vault got its access to the cloud moments ago: a refusal by the cloud is then tried again.
    /// </summary>
    public bool IsAccessFresh { get; init; }

    private IVaultKeyManagement Client => reader.Client;

    /// <exception cref="CmekException">VaultEnterpriseNeeded, VaultMountTaken.</exception>
    public async Task EnableMountAsync()
    {
        try
        {
            await calls.SettleAsync("enable", Client.Mount, Client.EnableMountAsync, reader.IsMountedAsync, error =>
                error is VaultException { Status: 400 } refused && refused.Mentions("already in use")
            );
        }
        catch (VaultException error) when (error.Status == 400 && IsEngineMissing(error))
        {
            throw VaultErrors.VaultEnterpriseNeeded(Client.Address, error.ErrorText);
        }
    }

    /// <summary>Creates entry, key and distribution, each only where it is missing.</summary>
    public async Task<FoundVaultKey> CreateAsync(VaultPlan plan)
    {
        if (plan.NewCredentials is { } credentials)
            await WriteEntryAsync(plan, credentials);
        if (plan.Found is null)
            await CreateKeyAsync(plan);
        if (plan.IsReplacement && plan.Found is not { Key.DeletionAllowed: true })
            await SetDeletionAllowedAsync(plan.KeyName, true);
        if (!plan.IsDistributed)
            await calls.RetryUntilPropagatedAsync(
                async () =>
                {
                    await DistributeAsync(plan);
                    return true;
                },
                error => IsAccessFresh && error is VaultException { Status: 502 or 400 },
                DistributionLimit,
                Pause
            );
        return await WaitForLatestVersionAsync(plan.KeyName, plan.EntryName);
    }

    public Task SetDeletionAllowedAsync(string key, bool isAllowed) =>
        calls.SettleAsync(
            "update",
            $"key/{key}",
            c => Client.UpdateKeyAsync(key, isAllowed, c),
            async () => await reader.FindKeyAsync(key) is { } now && now.DeletionAllowed == isAllowed
        );

    /// <summary>Rotates once: a rotation whose response was lost is recognised by the latest version.</summary>
    public async Task<FoundVaultKey> RotateAsync(FoundVaultKey key)
    {
        await calls.SettleAsync(
            "rotate",
            $"key/{key.Name}",
            c => Client.RotateKeyAsync(key.Name, c),
            async () => await reader.FindKeyAsync(key.Name) is { } now && now.LatestVersion > key.Key.LatestVersion
        );
        return await WaitForLatestVersionAsync(key.Name, key.Copy!.EntryName);
    }

    /// <summary>
    /// Credentials cannot be read back, so new ones for an existing entry are sent again after a lost response.
    /// Writing them twice does no harm.
    /// </summary>
    private Task WriteEntryAsync(VaultPlan plan, IReadOnlyDictionary<string, string> credentials) =>
        calls.SettleAsync(
            "write",
            $"kms/{plan.EntryName}",
            c => Client.WriteEntryAsync(plan.EntryName, plan.Entry, credentials, c),
            async () => !plan.EntryExists && await reader.FindEntryAsync(plan.EntryName) is not null
        );

    private Task CreateKeyAsync(VaultPlan plan) =>
        calls.SettleAsync(
            "create",
            $"key/{plan.KeyName}",
            c => Client.CreateKeyAsync(plan.KeyName, plan.Type, c),
            async () => await reader.FindKeyAsync(plan.KeyName) is not null
        );

    private Task DistributeAsync(VaultPlan plan) =>
        calls.SettleAsync(
            "distribute",
            $"key/{plan.KeyName} to {plan.EntryName}",
            c => Client.DistributeKeyAsync(plan.EntryName, plan.KeyName, plan.Purpose, plan.Protection, c),
            async () => await reader.FindDistributionAsync(plan.EntryName, plan.KeyName) is not null
        );

    private async Task<FoundVaultKey> WaitForLatestVersionAsync(string key, string entry)
    {
        FoundVaultKey? found = null;
        await calls.PollUntilAsync(
            async () => (found = await reader.FindAsync(key)) is { HasLatestInKms: true },
            DistributionLimit,
            Pause,
            () =>
                VaultErrors.VaultVersionMismatch(
                    key,
                    found?.Key.LatestVersion ?? 1,
                    found?.VersionsInKms ?? "",
                    entry,
                    Client.Mount
                )
        );
        return found!;
    }

    /// <summary>
    /// Without the engine, Vault says that its catalog lacks the plugin; without the license, it names the license.
    /// </summary>
    private static bool IsEngineMissing(VaultException error) =>
        error.Mentions("plugin")
        || error.Mentions("unknown")
        || error.Mentions("enterprise")
        || error.Mentions("license");
}
