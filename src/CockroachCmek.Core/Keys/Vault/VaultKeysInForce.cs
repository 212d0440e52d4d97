namespace CockroachCmek.Core.Keys.Vault;

/// <summary>A Vault key that is in force, and the regions that use it.</summary>
internal sealed record VaultKeyInForce(FoundVaultKey Found, IReadOnlyList<CmekRegionInfo> Regions)
{
    public KmsCopy Copy => Found.Copy!;

    public string Uri => Regions[0].Keys[0].KeyUri;

    public string AuthPrincipal => Regions[0].Keys[0].AuthPrincipal;

    /// <summary>When a region last wrapped with the key; null when no region reports it.</summary>
    public DateTimeOffset? WrappedAt => Regions.Max(r => r.WrappedAt());
}

/// <summary>A key in force, and the key or version that regions are to use next.</summary>
/// <param name="IsFresh">True when this run created it.</param>
internal sealed record RenewedVaultKey(VaultKeyInForce InForce, FoundVaultKey Newest, bool IsFresh);

/// <summary>
/// What a rotation starts from and ends with: the keys in force, and the granted keys that follow them.
/// </summary>
internal sealed class VaultKeysInForce(
    ICmekKeyProvider cloud,
    VaultConnection connection,
    VaultKeyReader reader,
    VaultCalls calls
)
{
    private readonly IVaultTarget _target = cloud.Cloud.VaultTarget!;

    /// <summary>The keys that the regions use, one for each Vault key.</summary>
    /// <exception cref="CmekException">VaultKeyNotFound, VaultVersionMismatch, or both combined.</exception>
    public async Task<IReadOnlyList<VaultKeyInForce>> FindAsync(RotationRequest request)
    {
        var uris = request.Regions.Select(r => r.Keys[0].KeyUri).ToList();
        var found = await reader.FindByUriAsync(request.Cluster, _target, uris);
        var unknown = uris.Where((_, i) => found[i] is null)
            .Select(uri => VaultErrors.VaultKeyNotFound(uri, connection.Mount));
        var incomplete = found.SelectMany(new VaultKeyProblems(cloud.Cloud, connection.Mount).OfDistribution);
        Errors.ThrowCombined(request.Cluster.Name, [.. unknown, .. incomplete]);
        return
        [
            .. request
                .Regions.Select((r, i) => (Region: r, Key: found[i]!))
                .GroupBy(x => x.Key.Name)
                .Select(g => new VaultKeyInForce(g.First().Key, [.. g.Select(x => x.Region)])),
        ];
    }

    /// <summary>
    /// Grants the renewed keys, and returns what each region is to use; null when a grant was declined.
    /// </summary>
    public async Task<IReadOnlyList<CmekRegionSpec>?> GrantAsync(
        RotationRequest request,
        IReadOnlyList<RenewedVaultKey> keys
    )
    {
        var uris = new Dictionary<string, string>();
        var byIdentity = keys.SelectMany(k => k.InForce.Regions.Select(r => (Region: r, Key: k)))
            .GroupBy(x => x.Region.Keys[0].AuthPrincipal);
        foreach (var group in byIdentity)
        {
            var grant = new KeyRequest
            {
                Cluster = request.Cluster,
                AuthPrincipal = group.Key,
                Regions = [.. group.Select(x => x.Region.Region)],
            };
            var granted = await new VaultGrants(cloud, calls).GrantAsync(
                grant,
                [.. group.Select(x => new DistributedKey(x.Region.Region, NewestUri(x.Key), x.Key.IsFresh))]
            );
            if (granted.Any(k => k.IsPlanned))
                return null;
            foreach (var key in granted)
                uris[key.Region] = key.KeyUri;
        }

        return [.. request.Regions.Select(r => SpecOf(r, uris[r.Region]))];
    }

    /// <summary>A region's specification with another key URI.</summary>
    public static CmekRegionSpec SpecOf(CmekRegionInfo region, string uri) =>
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

    private string NewestUri(RenewedVaultKey key)
    {
        var copy = key.Newest.Copy!;
        return _target.KeyUri(
            copy.Distribution,
            _target.CollectionOf(copy.Entry, key.InForce.Uri),
            key.Newest.Key.LatestVersion
        );
    }
}
