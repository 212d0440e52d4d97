namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// Creates new versions of keys. On Azure each version has its own URI. The old version stays enabled, because what was
/// wrapped with it needs it.
/// </summary>
internal sealed class AzureKeyRotation(AzureClients clients, AzureCalls calls)
{
    private readonly AzureKeyReader _reader = new(clients, calls);

    /// <summary>A key, its versions, and the newest one if the cluster does not use it yet.</summary>
    private sealed record Plan(AzureKeyId Key, HashSet<string> Versions, AzureKeyId? Newer);

    /// <summary>
    /// For each region the URI of a version newer than the one in force; null when creating one was declined.
    /// </summary>
    public async Task<IReadOnlyList<CmekRegionSpec>?> RotateAsync(RotationRequest request)
    {
        var regions = request.Regions;
        var inForce = regions.Select(r => AzureKeyId.Parse(r.Keys[0].KeyUri, clients.Cloud)).ToList();
        var plans = new List<Plan>();
        foreach (var key in inForce.GroupBy(id => id.WithoutVersion))
        {
            var versions = await _reader.ListVersionsAsync(key.Key);
            plans.Add(
                new Plan(
                    key.Key,
                    [.. versions.Select(v => v.Id.Version!)],
                    FindNewer(versions, [.. key.Select(id => id.Version!)])
                )
            );
        }

        if (!request.ReplaceOrigin)
            await ThrowIfReplacedAsync(request.Cluster, plans);
        if (!await ConfirmAsync(plans))
            return null;
        var newest = await Task.WhenAll(plans.Select(async p => p.Newer ?? await CreateVersionAsync(p)));
        var newestOf = plans.Zip(newest, (p, id) => (p.Key, id)).ToDictionary(p => p.Key, p => p.id);
        return [.. regions.Zip(inForce, (r, id) => ToSpec(r, newestOf[id.WithoutVersion].ToString()))];
    }

    /// <summary>
    /// The newest usable version that is younger than every one in force; null when there is none. Regions that share a
    /// key share its versions, so a version that one of them uses is not newer for the others.
    /// </summary>
    public AzureKeyId? FindNewer(IReadOnlyList<ListedVersion> versions, IReadOnlyCollection<string> inForce)
    {
        var latest = versions
            .Where(v => inForce.Contains(v.Id.Version!))
            .Select(v => v.Attributes.Created ?? 0)
            .DefaultIfEmpty(0)
            .Max();
        // The age does not order versions of the same second. Any version not in force that is not older counts as
        // newer.
        return versions
            .LastOrDefault(v =>
                !inForce.Contains(v.Id.Version!) && (v.Attributes.Created ?? 0) >= latest && IsUsable(v.Attributes)
            )
            ?.Id;
    }

    /// <summary>A region with its present identity and key type, and another key.</summary>
    public static CmekRegionSpec ToSpec(CmekRegionInfo region, string uri) =>
        CmekRegionSpec.Create(region.Region, region.Keys[0].KeyType, uri, region.Keys[0].AuthPrincipal);

    /// <summary>Asks for every new version, so that a dry run names every key. False when one was declined.</summary>
    private async Task<bool> ConfirmAsync(IEnumerable<Plan> plans)
    {
        var confirmed = true;
        foreach (var plan in plans)
        {
            if (plan.Newer is { } newer)
                calls.Context.Host.Verbose(
                    $"{newer} is newer than the version the cluster uses, so the key is not rotated again."
                );
            else
                confirmed &= await calls.ConfirmAsync(plan.Key.ToString(), "Create a new version of the key");
        }

        return confirmed;
    }

    /// <summary>
    /// Key Vault generates the new version, wherever the present one comes from. One that was imported is used instead.
    /// </summary>
    private async Task ThrowIfReplacedAsync(CrdbCluster cluster, IEnumerable<Plan> plans)
    {
        var problems = new List<CmekException>();
        foreach (var plan in plans.Where(p => p.Newer is null))
            if (await _reader.FindAsync(plan.Key) is { } key && AzureKeyOrigins.Of(key) is { IsForeign: true } origin)
                problems.Add(
                    Errors.OriginWouldChange(plan.Key.ToString(), origin.Detail, "Key Vault", cluster, newKey: false)
                );
        Errors.ThrowCombined(cluster.Name, problems);
    }

    private bool IsUsable(KeyAttributes attributes)
    {
        var now = calls.Context.Time.GetUtcNow();
        return attributes.Enabled && !(attributes.ExpiresOn <= now) && !(attributes.NotBefore > now);
    }

    /// <summary>
    /// Creates a version with the tags of the present one. A later run identifies the cluster's key by them, and the
    /// documentation does not say that a rotation keeps them.
    /// </summary>
    private async Task<AzureKeyId> CreateVersionAsync(Plan plan)
    {
        var writer = new AzureKeyWriter(clients, calls, _reader);
        var before = await _reader.FindAsync(plan.Key);
        var created = await writer.RotateAsync(plan.Key, plan.Versions);
        if (before is not null)
        {
            var tags = AzureKeyOrigins.Of(before).IsForeign
                ? AzureKeyOrigins.Marked(before.Tags, KeyOrigin.CloudMark)
                : before.Tags;
            if (tags.Any(t => created.Tag(t.Key) != t.Value))
                await writer.TagAsync(created.Id, tags);
        }

        var rivals = new AzureRivals(clients, calls);
        var version = await rivals.FindOldestAsync(created.Id, plan.Versions);
        if (version.Version == created.Id.Version)
            rivals.Note(version);
        return version;
    }
}
