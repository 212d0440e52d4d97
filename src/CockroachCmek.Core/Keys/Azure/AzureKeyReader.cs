namespace CockroachCmek.Core.Keys.Azure;

/// <summary>A version of a key as it is found.</summary>
internal sealed record FoundKey(AzureKeyId Id, KeyBundle Bundle)
{
    public IReadOnlyDictionary<string, string> Tags => Bundle.Tags ?? new Dictionary<string, string>();

    /// <summary>Made by this module for this cluster.</summary>
    public bool BelongsTo(CrdbCluster cluster) =>
        Tags.TryGetValue(AzureNames.ClusterIdTag, out var id) && id == cluster.Id;

    public string? Tag(string name) => Tags.TryGetValue(name, out var value) && value.Length > 0 ? value : null;
}

/// <summary>Reads of Key Vault.</summary>
internal sealed class AzureKeyReader(AzureClients clients, AzureCalls calls)
{
    /// <summary>A version of a key, the newest where none is named; null when there is none.</summary>
    public async Task<FoundKey?> FindAsync(AzureKeyId id) =>
        await calls.FindAsync("Key Vault", "GetKey", id.ToString(), c =>
            clients.Keys(id.Vault).GetAsync(id.Name, id.Version, c)
        )
            is { } bundle
            ? Found(id.Vault, bundle)
            : null;

    /// <summary>The key that a name leads to: keys cannot be renamed, so one that was replaced names the other.</summary>
    public async Task<FoundKey?> FollowAsync(AzureKeyId id, CrdbCluster cluster)
    {
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var found = await FindAsync(id);
        while (
            found is not null
            && found.BelongsTo(cluster)
            && found.Tag(AzureNames.ReplacedByTag) is { } next
            && seen.Add(next)
        )
        {
            if (await FindAsync(new AzureKeyId(id.Vault, next, null)) is not { } successor)
                break;
            found = successor;
        }

        return found;
    }

    /// <summary>True when a key of the name was deleted and can be recovered; false too when that may not be read.</summary>
    public async Task<DeletedKey?> FindDeletedAsync(AzureKeyId id)
    {
        try
        {
            return await calls.FindAsync("Key Vault", "GetDeletedKey", id.ToString(), c =>
                clients.Keys(id.Vault).GetDeletedAsync(id.Name, c)
            );
        }
        catch (AzureFault fault) when (fault is { Status: 403, IsFirewall: false })
        {
            return null;
        }
    }

    /// <summary>Every version, oldest first. The seconds in which Key Vault counts may be the same for two.</summary>
    public async Task<IReadOnlyList<(AzureKeyId Id, KeyAttributes Attributes)>> VersionsAsync(AzureKeyId id) =>
        [
            .. (
                await calls.ReadAsync("Key Vault", "ListKeyVersions", id.WithoutVersion.ToString(), c =>
                    clients.Keys(id.Vault).ListVersionsAsync(id.Name, c)
                )
            )
                .Select(v => (Id: AzureKeyId.Parse(v.Kid, clients.Cloud), v.Attributes))
                .OrderBy(v => v.Attributes.Created),
        ];

    public Task<RotationPolicy?> FindRotationPolicyAsync(AzureKeyId id) =>
        calls.FindAsync("Key Vault", "GetKeyRotationPolicy", id.ToString(), c =>
            clients.Keys(id.Vault).GetRotationPolicyAsync(id.Name, c)
        );

    public FoundKey Found(Uri vault, KeyBundle bundle)
    {
        var id = AzureKeyId.Parse(bundle.Key.Kid, clients.Cloud);
        return new FoundKey(id with { Vault = vault }, bundle);
    }
}
