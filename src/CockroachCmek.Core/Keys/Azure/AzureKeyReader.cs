namespace CockroachCmek.Core.Keys.Azure;

/// <summary>A version of a key as it was read.</summary>
internal sealed record FoundKey(AzureKeyId Id, KeyBundle Bundle)
{
    public IReadOnlyDictionary<string, string> Tags => Bundle.Tags ?? new Dictionary<string, string>();

    /// <summary>True when the module created the key for this cluster.</summary>
    public bool BelongsTo(CrdbCluster cluster) => Tag(AzureNames.ClusterIdTag) == cluster.Id;

    /// <summary>The value of a tag; null when it is missing or empty.</summary>
    public string? Tag(string name) => Tags.TryGetValue(name, out var value) && value.Length > 0 ? value : null;
}

/// <summary>A version in the list of a key's versions.</summary>
internal sealed record ListedVersion(AzureKeyId Id, KeyAttributes Attributes);

/// <summary>Reads keys.</summary>
internal sealed class AzureKeyReader(AzureClients clients, AzureCalls calls)
{
    /// <summary>A version of a key, or the newest one; null when there is none.</summary>
    public async Task<FoundKey?> FindAsync(AzureKeyId id)
    {
        var bundle = await calls.FindAsync("Key Vault", "GetKey", id.ToString(), c =>
            clients.Keys(id.KeyVault).GetAsync(id.Name, id.Version, c)
        );
        return bundle is null ? null : ToFoundKey(id.KeyVault, bundle);
    }

    /// <summary>A version of a key, or the newest one.</summary>
    /// <exception cref="CmekException">KeySoftDeleted, KeyNotFound.</exception>
    public async Task<FoundKey> RequireAsync(AzureKeyId id) =>
        await FindAsync(id) ?? throw await ExplainMissingAsync(id);

    /// <summary>
    /// The key that a name leads to. Keys cannot be renamed, so a key that was replaced names its successor in a tag.
    /// </summary>
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
            if (await FindAsync(new AzureKeyId(id.KeyVault, next, null)) is not { } successor)
                break;
            found = successor;
        }

        return found;
    }

    /// <summary>
    /// A deleted key that can be recovered; null when there is none, or the caller is not allowed to read it.
    /// </summary>
    public async Task<DeletedKey?> FindDeletedAsync(AzureKeyId id)
    {
        try
        {
            return await calls.FindAsync("Key Vault", "GetDeletedKey", id.ToString(), c =>
                clients.Keys(id.KeyVault).GetDeletedAsync(id.Name, c)
            );
        }
        catch (AzureException error) when (error is { Status: 403, IsFirewall: false })
        {
            return null;
        }
    }

    /// <summary>
    /// Every version, oldest first. Key Vault reports times in seconds, so two versions can have the same time.
    /// </summary>
    /// <exception cref="CmekException">KeyNotFound.</exception>
    public async Task<IReadOnlyList<ListedVersion>> ListVersionsAsync(AzureKeyId id)
    {
        var items = await calls.FindAsync("Key Vault", "ListKeyVersions", id.WithoutVersion.ToString(), c =>
            clients.Keys(id.KeyVault).ListVersionsAsync(id.Name, c)
        );
        return items is null
            ? throw AzureErrors.KeyNotFound(id)
            :
            [
                .. items
                    .Select(v => new ListedVersion(AzureKeyId.Parse(v.Kid, clients.Cloud), v.Attributes))
                    .OrderBy(v => v.Attributes.Created),
            ];
    }

    /// <summary>The rotation policy of a key; null when there is none.</summary>
    public Task<RotationPolicy?> FindRotationPolicyAsync(AzureKeyId id) =>
        calls.FindAsync("Key Vault", "GetKeyRotationPolicy", id.ToString(), c =>
            clients.Keys(id.KeyVault).GetRotationPolicyAsync(id.Name, c)
        );

    /// <summary>A key from a response, under the host name that the request was sent to.</summary>
    public FoundKey ToFoundKey(Uri keyVault, KeyBundle bundle) =>
        new(AzureKeyId.Parse(bundle.Key.Kid, clients.Cloud) with { KeyVault = keyVault }, bundle);

    /// <summary>Why a key was not found: it was deleted and can be recovered, or it does not exist.</summary>
    private async Task<CmekException> ExplainMissingAsync(AzureKeyId id) =>
        await FindDeletedAsync(id.WithoutVersion) is { } deleted
            ? AzureErrors.KeySoftDeleted(id, deleted.PurgedOn)
            : AzureErrors.KeyNotFound(id);
}
