namespace CockroachCmek.Core.Keys.Vault;

/// <summary>A key that is to be made and put into a KMS, or finished where a run before this one ended.</summary>
internal sealed record VaultPlan(
    string Key,
    string Type,
    string Purpose,
    string EntryName,
    VaultEntry Entry,
    FoundVaultKey? Found
)
{
    /// <summary>What the entry gets to reach the cloud with; null where the entry stays as it is.</summary>
    public IReadOnlyDictionary<string, string>? NewCredentials { get; init; }

    public bool EntryExists { get; init; }

    public string Protection { get; init; } = "hsm";

    /// <summary>Takes another key's place: until that is in force it may be deleted, and is not taken for the cluster's key.</summary>
    public bool IsReplacement { get; init; }

    public bool IsDone => Found?.Place is not null;
}

/// <summary>Writes of Vault. What was made before is not made again, and what an answer does not show is read.</summary>
internal sealed class VaultKeyWriter(VaultKeyReader reader, VaultCalls calls)
{
    private static readonly TimeSpan Distributing = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);

    /// <summary>Vault's own access to the cloud was given moments ago: a refusal by the cloud is tried again.</summary>
    public bool IsAccessFresh { get; init; }

    private IVaultKeyManagement Client => reader.Client;

    /// <exception cref="CmekException">VaultEnterpriseNeeded.</exception>
    public async Task EnableMountAsync()
    {
        try
        {
            await calls.SettleAsync("enable", Client.Mount, Client.EnableMountAsync, reader.IsMountedAsync, error =>
                error is VaultException { Status: 400 } refused && refused.Mentions("already in use")
            );
        }
        catch (VaultException fault)
            when (fault.Status == 400
                && (
                    fault.Mentions("plugin")
                    || fault.Mentions("unknown")
                    || fault.Mentions("enterprise")
                    || fault.Mentions("license")
                )
            )
        {
            // A Vault that does not know the engine says that the plugin is not in its catalog; one that is not licensed for it says so.
            throw VaultErrors.VaultEnterpriseNeeded(Client.Address, fault.ErrorText);
        }
    }

    /// <summary>Entry, key and distribution, each only where it is missing.</summary>
    public async Task<FoundVaultKey> MakeAsync(VaultPlan plan)
    {
        if (plan.NewCredentials is { } credentials)
        {
            // Other credentials cannot be read back; giving them twice is giving them once.
            await calls.SettleAsync(
                "write",
                $"kms/{plan.EntryName}",
                c => Client.WriteEntryAsync(plan.EntryName, plan.Entry, credentials, c),
                async () => !plan.EntryExists && await reader.EntryAsync(plan.EntryName) is not null
            );
        }

        if (plan.Found is null)
            await calls.SettleAsync(
                "create",
                $"key/{plan.Key}",
                c => Client.CreateKeyAsync(plan.Key, plan.Type, c),
                async () => await reader.KeyAsync(plan.Key) is not null
            );
        if (plan.IsReplacement && plan.Found is not { Key.DeletionAllowed: true })
            await AllowDeletionAsync(plan.Key, true);
        if (plan.Found?.Place is null)
            await calls.RetryUntilPropagatedAsync(
                () => DistributeAsync(plan),
                fault => IsAccessFresh && fault is VaultException { Status: 502 or 400 },
                Distributing,
                Pause
            );
        return await WholeAsync(plan.Key, plan.EntryName);
    }

    private async Task<bool> DistributeAsync(VaultPlan plan)
    {
        await calls.SettleAsync(
            "distribute",
            $"key/{plan.Key} to {plan.EntryName}",
            c => Client.DistributeKeyAsync(plan.EntryName, plan.Key, plan.Purpose, plan.Protection, c),
            async () => await reader.DistributionAsync(plan.EntryName, plan.Key) is not null
        );
        return true;
    }

    public Task AllowDeletionAsync(string key, bool isAllowed) =>
        calls.SettleAsync(
            "update",
            $"key/{key}",
            c => Client.UpdateKeyAsync(key, isAllowed, c),
            async () => await reader.KeyAsync(key) is { } now && now.DeletionAllowed == isAllowed
        );

    /// <summary>Rotating is not idempotent: whether it happened is told by the latest version alone.</summary>
    public async Task<FoundVaultKey> RotateAsync(FoundVaultKey key)
    {
        await calls.SettleAsync(
            "rotate",
            $"key/{key.Name}",
            c => Client.RotateKeyAsync(key.Name, c),
            async () => await reader.KeyAsync(key.Name) is { } now && now.LatestVersion > key.Key.LatestVersion
        );
        return await WholeAsync(key.Name, key.Place!.EntryName);
    }

    /// <summary>Reads until the KMS has the latest version.</summary>
    private async Task<FoundVaultKey> WholeAsync(string key, string entry)
    {
        FoundVaultKey? found = null;
        await calls.PollUntilAsync(
            async () => (found = await reader.FindAsync(key)) is { IsWhole: true },
            Distributing,
            Pause,
            () =>
                VaultErrors.VaultVersionMismatch(
                    key,
                    found?.Key.LatestVersion ?? 1,
                    VersionsOf(found),
                    entry,
                    Client.Mount
                )
        );
        return found!;
    }

    public static string VersionsOf(FoundVaultKey? key) =>
        string.Join(", ", key?.Place?.Distribution.Versions.Keys.OrderBy(v => v) ?? Enumerable.Empty<int>());
}
