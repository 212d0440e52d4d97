namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// The tags by which one key succeeds another. Keys cannot be renamed: a new key names the old one until it is in
/// force; then the old key names the new one, so that the cluster's default name leads to the key in force.
/// </summary>
internal sealed class AzureKeySuccession(AzureClients clients, AzureCalls calls, CrdbCluster cluster)
{
    private readonly AzureKeyReader _reader = new(clients, calls);

    /// <summary>
    /// The tags of a key that replaces another: those of the old key, the module's own, and the old key's name.
    /// </summary>
    public static IReadOnlyDictionary<string, string> TagsOfNew(CrdbCluster cluster, FoundKey old) =>
        With(
            AzureNames.Tags(
                cluster,
                With(
                    With(With(old.Tags, AzureNames.ReplacedByTag, null), AzureNames.OriginTag, null),
                    AzureNames.VaultClusterTag,
                    null
                )
            ),
            AzureNames.ReplacesTag,
            old.Id.Name
        );

    /// <summary>
    /// Completes replacements: the old names lead to the keys in force. Does nothing for keys that replace none.
    /// </summary>
    public async Task CompleteAsync(IReadOnlyList<CmekRegionSpec> inForce)
    {
        var versions = inForce.Select(s => AzureKeyId.Parse(s.KeyUri, clients.Cloud)).Distinct();
        foreach (var key in versions.GroupBy(v => v.WithoutVersion))
            if (!await CompleteAsync(key.Key, await FindMarkedAsync(key.Key, key)))
                return;
    }

    /// <summary>False when it was declined.</summary>
    private async Task<bool> CompleteAsync(AzureKeyId id, IReadOnlyList<FoundKey> marked)
    {
        if (marked.Count == 0)
            return true;
        var oldName = marked[^1].Tag(AzureNames.ReplacesTag)!;
        var predecessors = await FindPredecessorsAsync(id, oldName);
        foreach (var old in predecessors)
        {
            if (!await calls.ConfirmAsync(old.Id.WithoutVersion.ToString(), $"Let its name lead to {id.Name}"))
                return false;
            await TagAsync(old, AzureNames.ReplacedByTag, id.Name);
        }

        if (
            predecessors.Count == 0
            && !await calls.ConfirmAsync(id.ToString(), $"Note that it has replaced {oldName} completely")
        )
            return false;
        foreach (var version in marked)
            await TagAsync(version, AzureNames.ReplacesTag, null);
        return true;
    }

    /// <summary>
    /// The versions that are tagged as a replacement, of those in force and the newest, which may be one that lost
    /// against another run. Those in force come last: as long as they have the tag, a later run completes the rest.
    /// </summary>
    private async Task<IReadOnlyList<FoundKey>> FindMarkedAsync(AzureKeyId key, IEnumerable<AzureKeyId> inForce)
    {
        var found = await Task.WhenAll(inForce.Prepend(key).Select(_reader.FindAsync));
        return
        [
            .. found
                .OfType<FoundKey>()
                .Where(k => k.BelongsTo(cluster) && k.Tag(AzureNames.ReplacesTag) is not null)
                .Reverse()
                .GroupBy(k => k.Id.Version)
                .Select(g => g.First())
                .Reverse(),
        ];
    }

    /// <summary>
    /// The cluster's keys that do not lead to the new key yet: the replaced one under its own name, and the one that
    /// the cluster's default name leads to.
    /// </summary>
    private async Task<IReadOnlyList<FoundKey>> FindPredecessorsAsync(AzureKeyId id, string oldName)
    {
        FoundKey?[] found =
        [
            await _reader.FindAsync(id with { Name = oldName }),
            await _reader.FollowAsync(id with { Name = AzureNames.Key(cluster) }, cluster),
        ];
        return
        [
            .. found
                .OfType<FoundKey>()
                .Where(k => k.Id.Name != id.Name && k.BelongsTo(cluster) && k.Tag(AzureNames.ReplacedByTag) != id.Name)
                .GroupBy(k => k.Id.Name)
                .Select(g => g.First()),
        ];
    }

    private Task TagAsync(FoundKey key, string name, string? value) =>
        new AzureKeyWriter(clients, calls, _reader).TagAsync(key.Id, With(key.Tags, name, value));

    private static Dictionary<string, string> With(IReadOnlyDictionary<string, string> tags, string name, string? value)
    {
        var changed = tags.ToDictionary(t => t.Key, t => t.Value);
        changed.Remove(name);
        if (value is not null)
            changed[name] = value;
        return changed;
    }
}
