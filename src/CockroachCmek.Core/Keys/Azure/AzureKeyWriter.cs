using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>Writes of Key Vault. None of them is idempotent: making a key again makes a version of it, so what became of a lost answer is read.</summary>
internal sealed class AzureKeyWriter(AzureClients clients, AzureCalls calls, AzureKeyReader reader)
{
    /// <summary>Recovering a key takes seconds (soft-delete-overview).</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromMinutes(3);

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);

    /// <summary>Makes a key of a name that has none.</summary>
    public async Task<FoundKey> CreateAsync(AzureKeyId id, KeyShape shape)
    {
        for (var round = 1; ; round++)
        {
            try
            {
                return reader.Found(
                    id.Vault,
                    await calls.WriteAsync("Key Vault", "CreateKey", id.ToString(), c =>
                        clients.Keys(id.Vault).CreateAsync(id.Name, shape, c)
                    )
                );
            }
            catch (AzureFault fault)
                when (fault.Status == 409
                    && (
                        fault.InnerCode == "ObjectIsDeletedButRecoverable"
                        || fault.Message.IndexOf("deleted but recoverable", StringComparison.OrdinalIgnoreCase) >= 0
                    )
                )
            {
                throw AzureErrors.KeySoftDeleted(id, purgedOn: null);
            }
            catch (Exception fault) when (calls.IsResponseLost(fault))
            {
                calls.Context.Log.Verbose($"The answer to CreateKey {id} was lost; looking whether it happened.");
                if (await reader.FindAsync(id) is { } made)
                    return made;
                if (round == 3)
                    throw;
            }
        }
    }

    /// <summary>Makes a version that is newer than those that are known.</summary>
    public async Task<FoundKey> RotateAsync(AzureKeyId id, IReadOnlyCollection<string> known)
    {
        for (var round = 1; ; round++)
        {
            try
            {
                return reader.Found(
                    id.Vault,
                    await calls.WriteAsync("Key Vault", "RotateKey", id.ToString(), c =>
                        clients.Keys(id.Vault).RotateAsync(id.Name, c)
                    )
                );
            }
            catch (Exception fault) when (calls.IsResponseLost(fault))
            {
                if (await reader.FindAsync(id.WithoutVersion) is { } newest && !known.Contains(newest.Id.Version!))
                    return newest;
                if (round == 3)
                    throw;
            }
        }
    }

    /// <summary>Brings a deleted key back, with all its versions.</summary>
    public async Task<FoundKey> RecoverAsync(AzureKeyId id)
    {
        try
        {
            await calls.SendAsync("Key Vault", "RecoverDeletedKey", id.ToString(), c =>
                clients.Keys(id.Vault).RecoverAsync(id.Name, c)
            );
        }
        catch (AzureFault fault) when (fault.Status is 404 or 409)
        {
            // It is being recovered already, or was.
        }
        catch (Exception fault) when (calls.IsResponseLost(fault))
        {
            calls.Context.Log.Verbose($"The answer to RecoverDeletedKey {id} was lost; looking whether it happened.");
            if (await reader.FindAsync(id) is null && await reader.FindDeletedAsync(id) is not null)
                await calls.SendAsync("Key Vault", "RecoverDeletedKey", id.ToString(), c =>
                    clients.Keys(id.Vault).RecoverAsync(id.Name, c)
                );
        }

        FoundKey? found = null;
        await calls.PollUntilAsync(
            async () => (found = await reader.FindAsync(id)) is not null,
            Settling,
            Pause,
            () => AzureErrors.KeyNotRecovered(id)
        );
        return found!;
    }

    /// <summary>Lets Key Vault make a new version every so many days. What else the policy says stays.</summary>
    public async Task SetRotationAsync(AzureKeyId id, RotationPolicy? before, RotationPolicy wanted)
    {
        var actions = (before?.LifetimeActions ?? []).Where(a =>
            !string.Equals(a.Action.Type, "Rotate", StringComparison.OrdinalIgnoreCase)
        );
        var policy = new RotationPolicy
        {
            LifetimeActions = [wanted.Rotation!, .. actions],
            Attributes = before?.Attributes?.DeepClone() as JsonObject ?? [],
        };
        policy.Attributes!.Remove("created");
        policy.Attributes.Remove("updated");
        await RepeatedAsync("UpdateKeyRotationPolicy", id, async c =>
        {
            await clients.Keys(id.Vault).UpdateRotationPolicyAsync(id.Name, policy, c);
            return true;
        });
    }

    /// <summary>Enables or disables a version; the answer shows it.</summary>
    public Task EnableAsync(AzureKeyId id, bool enabled) =>
        RepeatedAsync("UpdateKey", id, c => clients.Keys(id.Vault).UpdateAsync(id.Name, id.Version!, enabled, null, c));

    public Task TagAsync(AzureKeyId id, IReadOnlyDictionary<string, string> tags) =>
        RepeatedAsync("UpdateKey", id, c => clients.Keys(id.Vault).UpdateAsync(id.Name, id.Version!, null, tags, c));

    /// <summary>A write that sets a value is the same however often it is made.</summary>
    private async Task RepeatedAsync<T>(string verb, AzureKeyId id, Func<CancellationToken, Task<T>> write)
    {
        for (var round = 1; ; round++)
        {
            try
            {
                await calls.WriteAsync("Key Vault", verb, id.ToString(), write);
                return;
            }
            catch (Exception fault) when (calls.IsResponseLost(fault) && round < 3)
            {
                calls.Context.Log.Verbose($"The answer to {verb} {id} was lost; setting it once more.");
            }
        }
    }
}
