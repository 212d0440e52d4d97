namespace CockroachCmek.Core.Keys.Azure;

/// <summary>Reads a version of a key as Key Vault shows it, and where its Key Vault is.</summary>
internal sealed class AzureKeyDescriber(AzureClients clients, AzureCalls calls, SharedReads shared)
{
    private readonly AzureKeyReader _reader = new(clients, calls);

    public async Task<KeyDescription> ReadAsync(string keyUri)
    {
        var id = AzureKeyId.Parse(keyUri, clients.Cloud);
        var location = LocationAsync(id);
        return await ReadAsync(id) with { Name = id.Name, Location = await location };
    }

    private async Task<KeyDescription> ReadAsync(AzureKeyId id)
    {
        try
        {
            if (await _reader.FindAsync(id) is { } key)
                return Of(key);
            return await _reader.FindDeletedAsync(id.WithoutVersion) is null
                ? KeyDescription.Missing
                : KeyDescription.Missing with
                {
                    State = "Deleted",
                };
        }
        catch (AzureException error) when (error.Status == 403)
        {
            calls.Context.Host.Verbose($"{id} cannot be read. {error.Message}");
            return KeyDescription.Unread;
        }
    }

    private static KeyDescription Of(FoundKey key) =>
        new()
        {
            Origin = AzureKeyOrigins.Of(key),
            State = key.Bundle.Attributes.Enabled ? "Enabled" : "Disabled",
            CreatedAt = key.Bundle.Attributes.CreatedOn,
            ExpiresAt = key.Bundle.Attributes.ExpiresOn,
        };

    /// <summary>
    /// The location of the Key Vault, which a key's URI does not tell; empty where it is not visible.
    /// </summary>
    private async Task<string> LocationAsync(AzureKeyId id)
    {
        try
        {
            var keyVaults = await shared.GetAsync(calls.Context, "Key Vaults", () =>
                new AzureKeyVaults(clients, calls).ListAsync(
                    (place, error) =>
                        calls.Context.Host.Verbose($"{place} is left out of the list of Key Vaults. {error.Message}")
                )
            );
            return keyVaults
                .FirstOrDefault(v => string.Equals(v.Name, id.KeyVaultName, StringComparison.OrdinalIgnoreCase))
                ?.Location
                ?? "";
        }
        catch (AzureException error) when (error.Status == 403)
        {
            calls.Context.Host.Verbose($"The location of {id.KeyVaultName} cannot be read. {error.Message}");
            return "";
        }
    }
}
