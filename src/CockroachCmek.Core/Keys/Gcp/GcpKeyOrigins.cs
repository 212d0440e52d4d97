namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// Where a key's material comes from. Cloud KMS reports imported versions and external key managers. Of an imported
/// version, a label of this module or the name that HashiCorp Vault gives its keys tells whose it is.
/// </summary>
internal sealed class GcpKeyOrigins(GcpClients clients, GcpCalls calls)
{
    private const string Cloud = "Google Cloud";

    private readonly GcpKeyReader _reader = new(clients, calls);

    /// <summary>The origin of a key; Unknown when it does not exist or cannot be read.</summary>
    public async Task<KeyOrigin> ReadAsync(string keyUri)
    {
        if (GcpKeyName.TryParse(keyUri) is not { } name)
            return KeyOrigin.Unknown;
        try
        {
            return await _reader.FindKeyAsync(name) is { } key ? Of(name, key) : KeyOrigin.Unknown;
        }
        catch (GcpException error) when (error.Code == 403)
        {
            calls.Context.Host.Verbose($"The origin of {keyUri} cannot be read. {error.Message}");
            return KeyOrigin.Unknown;
        }
    }

    /// <summary>The origin of a key as it was read.</summary>
    public static KeyOrigin Of(GcpKeyName name, CryptoKey key)
    {
        if (GcpLabels.Read(key, GcpLabels.Origin) is { } mark && KeyOrigin.OfMark(mark, Cloud) is { } marked)
            return marked with { ClusterId = GcpLabels.Read(key, GcpLabels.VaultCluster) };
        if (GcpKeyFitness.IsExternal(key))
            return new KeyOrigin(
                CmekKeyOrigin.ExternalKeyStore,
                "is in an external key manager, outside of Google Cloud"
            );
        if (!GcpKeyFitness.IsImported(key))
            return KeyOrigin.OfCloud(Cloud);
        return KeyOrigin.IsDistributedName(name.Id) ? KeyOrigin.OfVault : KeyOrigin.Imported;
    }

    /// <summary>Marks a key as Vault's, unless it is marked.</summary>
    public async Task MarkAsync(GcpKeyName name, CrdbCluster cluster)
    {
        if (
            await _reader.FindKeyAsync(name) is not { } key
            || GcpLabels.Read(key, GcpLabels.Origin) is not null
            || !await calls.Context.Host.ConfirmAsync(
                name.ToString(),
                "Mark the key as generated in HashiCorp Vault, by a label",
                calls.Context.CancellationToken
            )
        )
            return;
        try
        {
            await SetMarkAsync(name, key, KeyOrigin.VaultMark, cluster.Id);
        }
        catch (GcpException error) when (error.Code == 403)
        {
            calls.Context.Host.Verbose(
                $"cloudkms.cryptoKeys.update is not allowed on {name}: only its name tells that the key is Vault's."
            );
        }
    }

    /// <summary>Records that Google Cloud generated a key's new version, where a mark says something else.</summary>
    public async Task MarkReplacedAsync(GcpKeyName name, CryptoKey key)
    {
        if (Of(name, key).IsForeign)
            await SetMarkAsync(name, key, KeyOrigin.CloudMark, null);
    }

    private Task SetMarkAsync(GcpKeyName name, CryptoKey key, string mark, string? clusterId)
    {
        var labels = new Dictionary<string, string>(key.Labels ?? []) { [GcpLabels.Origin] = mark };
        labels.Remove(GcpLabels.VaultCluster);
        if (clusterId is not null)
            labels[GcpLabels.VaultCluster] = clusterId;
        return new GcpKeyWriter(clients, calls).SetLabelsAsync(name, labels);
    }
}
