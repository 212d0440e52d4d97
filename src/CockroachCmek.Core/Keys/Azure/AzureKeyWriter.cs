namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// Writes keys. Creating a key again creates a version of it, so that after a lost response the state is read before
/// anything is sent again.
/// </summary>
internal sealed class AzureKeyWriter(AzureClients clients, AzureCalls calls, AzureKeyReader reader)
{
    /// <summary>Recovering a key takes seconds (soft-delete-overview).</summary>
    private static readonly TimeSpan RecoveryLimit = TimeSpan.FromMinutes(3);

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);

    /// <summary>Creates a key whose name is not in use.</summary>
    /// <exception cref="CmekException">KeySoftDeleted.</exception>
    public async Task<FoundKey> CreateAsync(AzureKeyId id, KeyShape shape)
    {
        try
        {
            return await calls.SettleAsync(
                $"CreateKey {id}",
                async () =>
                    reader.ToFoundKey(
                        id.KeyVault,
                        await WriteAsync("CreateKey", id, c => Keys(id).CreateAsync(id.Name, shape, c))
                    ),
                () => reader.FindAsync(id)
            );
        }
        catch (AzureException error) when (error.IsSoftDeleted)
        {
            throw AzureErrors.KeySoftDeleted(id, purgedOn: null);
        }
        catch (AzureException error) when (IsRuleOnKeys(error))
        {
            throw AzureErrors.AzurePolicyDenies(id, error);
        }
    }

    /// <summary>Creates a version that is newer than the known ones.</summary>
    public async Task<FoundKey> RotateAsync(AzureKeyId id, IReadOnlyCollection<string> known)
    {
        try
        {
            return await calls.SettleAsync(
                $"RotateKey {id}",
                async () =>
                    reader.ToFoundKey(
                        id.KeyVault,
                        await WriteAsync("RotateKey", id, c => Keys(id).RotateAsync(id.Name, c))
                    ),
                async () =>
                    await reader.FindAsync(id.WithoutVersion) is { } newest && !known.Contains(newest.Id.Version!)
                        ? newest
                        : null
            );
        }
        catch (AzureException error) when (IsRuleOnKeys(error))
        {
            throw AzureErrors.AzurePolicyDenies(id, error);
        }
    }

    /// <summary>Recovers a deleted key with all its versions.</summary>
    /// <exception cref="CmekException">KeyNotRecovered.</exception>
    public async Task<FoundKey> RecoverAsync(AzureKeyId id)
    {
        await calls.SettleAsync(
            $"RecoverDeletedKey {id}",
            () => SendRecoveryAsync(id),
            async () => await reader.FindAsync(id) is not null || await reader.FindDeletedAsync(id) is null
        );
        FoundKey? found = null;
        await calls.PollUntilAsync(
            async () => (found = await reader.FindAsync(id)) is not null,
            RecoveryLimit,
            Pause,
            () => AzureErrors.KeyNotRecovered(id)
        );
        return found!;
    }

    /// <summary>Lets Key Vault create versions on a schedule. The rest of the policy stays as it is.</summary>
    /// <param name="before">The present policy; null when there is none.</param>
    /// <param name="wanted">A policy that rotates.</param>
    public Task SetRotationAsync(AzureKeyId id, RotationPolicy? before, RotationPolicy wanted)
    {
        var policy = (before ?? new RotationPolicy()).WithRotation(wanted.Rotation!);
        return SetAsync(
            "UpdateKeyRotationPolicy",
            id,
            c => Keys(id).UpdateRotationPolicyAsync(id.Name, policy, c),
            async () => (await reader.FindRotationPolicyAsync(id))?.Rotation == wanted.Rotation
        );
    }

    /// <summary>Enables or disables a version.</summary>
    public Task EnableAsync(AzureKeyId id, bool enabled) =>
        SetAsync(
            "UpdateKey",
            id,
            c => Keys(id).UpdateAsync(id.Name, id.Version!, enabled, null, c),
            async () => (await reader.FindAsync(id))?.Bundle.Attributes.Enabled == enabled
        );

    /// <summary>Replaces the tags of a version.</summary>
    public Task TagAsync(AzureKeyId id, IReadOnlyDictionary<string, string> tags) =>
        SetAsync(
            "UpdateKey",
            id,
            c => Keys(id).UpdateAsync(id.Name, id.Version!, null, tags, c),
            async () => await reader.FindAsync(id) is { } found && HasSame(found.Tags, tags)
        );

    /// <summary>
    /// True when a new key or version is refused, and neither for want of permission nor by the firewall. Rules of
    /// Azure Policy apply to both (key-vault, azure-policy.md).
    /// </summary>
    private static bool IsRuleOnKeys(AzureException error) =>
        error is { Status: 403, IsFirewall: false, IsMissingPermission: false };

    private async Task SendRecoveryAsync(AzureKeyId id)
    {
        try
        {
            await calls.SendAsync("Key Vault", "RecoverDeletedKey", id.ToString(), c =>
                Keys(id).RecoverAsync(id.Name, c)
            );
        }
        catch (AzureException error) when (error.Status is 404 or 409)
        {
            // The key is being recovered, or has been.
        }
    }

    private Task SetAsync(string verb, AzureKeyId id, Func<CancellationToken, Task> write, Func<Task<bool>> isDone) =>
        calls.SettleAsync($"{verb} {id}", () => calls.SendAsync("Key Vault", verb, id.ToString(), write), isDone);

    private Task<T> WriteAsync<T>(string verb, AzureKeyId id, Func<CancellationToken, Task<T>> write) =>
        calls.WriteAsync("Key Vault", verb, id.ToString(), write);

    private IKeyVaultKeys Keys(AzureKeyId id) => clients.Keys(id.KeyVault);

    private static bool HasSame(IReadOnlyDictionary<string, string> tags, IReadOnlyDictionary<string, string> wanted) =>
        tags.Count == wanted.Count && wanted.All(t => tags.TryGetValue(t.Key, out var value) && value == t.Value);
}
