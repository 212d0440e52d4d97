namespace CockroachCmek.Core.Keys.Azure;

/// <summary>New versions of keys. On Azure a version has a URI of its own; the old one stays enabled, because what was wrapped with it needs it.</summary>
internal sealed class AzureKeyRotation(AzureClients clients, AzureCalls calls)
{
    private readonly AzureKeyReader _reader = new(clients, calls);

    /// <summary>For each region the URI of a version that is newer than the one in force; null when making one was not allowed.</summary>
    public async Task<IReadOnlyList<CmekRegionSpec>?> RotateAsync(IReadOnlyList<CmekRegionInfo> regions)
    {
        var inForce = regions.Select(r => AzureKeyId.Parse(r.Keys[0].KeyUri, clients.Cloud)).ToList();
        var plans = new List<(AzureKeyId Key, HashSet<string> Known, AzureKeyId? Newer)>();
        foreach (var group in inForce.GroupBy(id => id.WithoutVersion))
        {
            var versions = await VersionsAsync(group.Key);
            plans.Add(
                (
                    group.Key,
                    [.. versions.Select(v => v.Id.Version!)],
                    Newer(versions, [.. group.Select(id => id.Version!)])
                )
            );
        }

        var refused = false;
        for (var i = 0; i < plans.Count; i++)
        {
            if (plans[i].Newer is { } newer)
                calls.Context.Log.Verbose(
                    $"{newer} is newer than what the cluster took up: the key is not rotated again."
                );
            else
                refused |= !await calls.AskAsync(plans[i].Key.ToString(), "Make a new version of the key"); // go on asking: a dry run names every key
        }

        if (refused)
            return null;
        var made = (
            await Task.WhenAll(plans.Select(async p => (p.Key, Newest: p.Newer ?? await RotateAsync(p.Key, p.Known))))
        ).ToDictionary(p => p.Key, p => p.Newest);
        return [.. regions.Zip(inForce, (r, id) => Spec(r, made[id.WithoutVersion].ToString()))];
    }

    /// <summary>The newest usable version that is younger than every one in force; null when there is none. One that only some regions use is not newer for the others' sake: they share the key.</summary>
    public AzureKeyId? Newer(
        IReadOnlyList<(AzureKeyId Id, KeyAttributes Attributes)> versions,
        IReadOnlyCollection<string> inForce
    )
    {
        var now = calls.Context.Time.GetUtcNow();
        var latest = versions
            .Where(v => inForce.Contains(v.Id.Version!))
            .Select(v => v.Attributes.Created ?? 0)
            .DefaultIfEmpty(0)
            .Max();
        // Two versions of one second cannot be told apart by age: any other than those in force that is not older will do.
        var newer = versions
            .Where(v =>
                !inForce.Contains(v.Id.Version!)
                && (v.Attributes.Created ?? 0) >= latest
                && v.Attributes.Enabled
                && !(v.Attributes.ExpiresOn <= now)
                && !(v.Attributes.NotBefore > now)
            )
            .ToList();
        return newer.Count == 0 ? null : newer[newer.Count - 1].Id;
    }

    public async Task<IReadOnlyList<(AzureKeyId Id, KeyAttributes Attributes)>> VersionsAsync(AzureKeyId key)
    {
        try
        {
            return await _reader.VersionsAsync(key);
        }
        catch (AzureFault fault) when (fault.Status == 404)
        {
            throw AzureErrors.KeyNotFound(key);
        }
    }

    public static CmekRegionSpec Spec(CmekRegionInfo region, string uri) =>
        new()
        {
            Region = region.Region,
            KeySpec = new CmekKeySpec
            {
                Type = region.Keys[0].KeyType,
                Uri = uri,
                AuthPrincipal = region.Keys[0].AuthPrincipal,
            },
        };

    private async Task<AzureKeyId> RotateAsync(AzureKeyId key, HashSet<string> known)
    {
        var writer = new AzureKeyWriter(clients, calls, _reader);
        var before = await _reader.FindAsync(key);
        var made = await writer.RotateAsync(key, known);
        // By the tags a later run knows whose key it is; that rotating keeps them is not documented.
        if (before is { Tags.Count: > 0 } && before.Tags.Any(t => made.Tag(t.Key) != t.Value))
            await writer.TagAsync(made.Id, before.Tags);
        return made.Id;
    }
}
