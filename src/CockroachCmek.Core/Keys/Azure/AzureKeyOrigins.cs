namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// Where a key's material comes from. Key Vault does not report it. A tag tells it, and so do the tags of a key that
/// this module created, and the name that HashiCorp Vault gives its keys.
/// </summary>
internal sealed class AzureKeyOrigins(AzureClients clients, AzureCalls calls)
{
    private const string Cloud = "Key Vault";

    private readonly AzureKeyReader _reader = new(clients, calls);

    /// <summary>The origin of a key; Unknown also when it does not exist or cannot be read.</summary>
    public async Task<KeyOrigin> ReadAsync(string keyUri)
    {
        var id = AzureKeyId.Parse(keyUri, clients.Cloud);
        try
        {
            return await _reader.FindAsync(id) is { } key ? Of(key) : KeyOrigin.Unknown;
        }
        catch (AzureException error) when (error.Status == 403)
        {
            calls.Context.Host.Verbose($"The origin of {keyUri} cannot be read. {error.Message}");
            return KeyOrigin.Unknown;
        }
    }

    /// <summary>The origin of a key as it was read.</summary>
    public static KeyOrigin Of(FoundKey key) =>
        KeyOrigin.OfMark(key.Tag(AzureNames.OriginTag), Cloud) is { } marked
            ? marked with
            {
                ClusterId = key.Tag(AzureNames.VaultClusterTag),
            }
            : (
                key.Tag(AzureNames.ManagedByTag) is not null ? KeyOrigin.OfCloud(Cloud)
                : KeyOrigin.IsDistributedName(key.Id.Name) ? KeyOrigin.OfVault
                : KeyOrigin.Unknown
            );

    /// <summary>Marks a version as Vault's, unless it is marked.</summary>
    public async Task MarkAsync(AzureKeyId id, CrdbCluster cluster)
    {
        if (
            await _reader.FindAsync(id) is not { } key
            || key.Tag(AzureNames.OriginTag) is not null
            || !await calls.ConfirmAsync(id.ToString(), "Mark the key as generated in HashiCorp Vault, by a tag")
        )
            return;
        try
        {
            await new AzureKeyWriter(clients, calls, _reader).TagAsync(
                key.Id,
                Marked(key.Tags, KeyOrigin.VaultMark, cluster.Id)
            );
        }
        catch (AzureException error) when (error.Status == 403)
        {
            calls.Context.Host.Verbose(
                $"The permission to update {id} is missing: only its name tells that the key is Vault's."
            );
        }
    }

    /// <summary>Tags with another mark of the origin.</summary>
    /// <param name="clusterId">The cluster that Vault distributed the key for; null for another origin.</param>
    public static IReadOnlyDictionary<string, string> Marked(
        IReadOnlyDictionary<string, string> tags,
        string mark,
        string? clusterId = null
    )
    {
        var marked = tags.ToDictionary(t => t.Key, t => t.Value);
        marked[AzureNames.OriginTag] = mark;
        marked.Remove(AzureNames.VaultClusterTag);
        if (clusterId is not null)
            marked[AzureNames.VaultClusterTag] = clusterId;
        return marked;
    }
}
