namespace CockroachCmek.Core.Keys.Vault;

/// <summary>Plans the Vault keys that a request needs. Reads only.</summary>
internal sealed class VaultKeyPlanner(ICmekKeyProvider cloud, VaultConnection connection, VaultKeyReader reader)
{
    private readonly IVaultTarget _target = cloud.Cloud.VaultTarget!;

    /// <summary>
    /// One plan for each region where the cloud needs a key for each; else one plan for all regions.
    /// </summary>
    /// <param name="isMounted">False when the secrets engine is not mounted, so that nothing exists yet.</param>
    public async Task<IReadOnlyList<VaultPlan>> PlanAsync(KeyRequest request, bool isMounted)
    {
        string?[] regions = _target.HasKeyForEachRegion ? [.. request.Regions] : [null];
        var collections = regions
            .Select(r => _target.CollectionFor(request.Cluster, request.Options, r ?? request.Regions[0]))
            .ToList();
        var names = isMounted ? await reader.ListNamesAsync() : [];
        var type = await ChooseTypeAsync(request, isMounted);
        return await Task.WhenAll(
            regions.Select(
                async (region, i) =>
                {
                    var first = VaultNames.FirstKey(request.Cluster, request.Name, region);
                    var found = await reader.FindInForceAsync(first, names);
                    var plan = PlanKey(request, first, type, collections[i], found);
                    return plan.IsDistributed ? plan : await PlanEntryAsync(request, plan, isMounted);
                }
            )
        );
    }

    private VaultPlan PlanKey(
        KeyRequest request,
        string first,
        string type,
        VaultCollection collection,
        FoundVaultKey? found
    ) =>
        new(
            found?.Name ?? first,
            found?.Key.Type ?? type,
            _target.Purpose,
            found?.Copy?.EntryName ?? first,
            new VaultEntry(_target.Provider, collection.Name),
            collection,
            found
        )
        {
            Protection =
                VaultKeyOptions.From(request.Options).ProtectionLevel == CmekProtectionLevel.Software
                    ? "software"
                    : "hsm",
        };

    /// <summary>
    /// An existing entry keeps its credentials unless the session has others: the existing ones may be why an earlier
    /// run failed.
    /// </summary>
    private async Task<VaultPlan> PlanEntryAsync(KeyRequest request, VaultPlan plan, bool isMounted)
    {
        var entry = isMounted ? await reader.FindEntryAsync(plan.EntryName) : null;
        var given = CredentialsFor(request);
        return plan with
        {
            Entry = entry ?? plan.Entry,
            EntryExists = entry is not null,
            NewCredentials =
                entry is null || _target.HasCredentials(given)
                    ? _target.CredentialFields(given, plan.Collection, request.AuthPrincipal)
                    : null,
        };
    }

    /// <summary>
    /// The session's credentials. A file that this run writes is also the one that Vault reads, unless the session
    /// names another path on the Vault server.
    /// </summary>
    private VaultCloudCredentials? CredentialsFor(KeyRequest request)
    {
        var given = connection.CloudCredentials;
        return given?.ServiceAccountFile is null && VaultKeyOptions.From(request.Options).NewCredentialFile is { } file
            ? (given ?? new VaultCloudCredentials()) with
            {
                ServiceAccountFile = file,
            }
            : given;
    }

    /// <summary>
    /// The type that was asked for, or that of the key in force when a region joins, or the cloud's default.
    /// </summary>
    private async Task<string> ChooseTypeAsync(KeyRequest request, bool isMounted)
    {
        if (VaultKeyOptions.From(request.Options).KeyType is { } asked)
            return asked;
        if (request.Like is not { } like || !isMounted)
            return _target.KeyTypes[0];
        // Where not every key in force is Vault's, one that is.
        var uris = request.InForce.Select(k => k.KeyUri).Prepend(like.KeyUri).Distinct().ToList();
        var found = await reader.FindByUriAsync(request.Cluster, _target, uris);
        return found.FirstOrDefault(k => k is not null)?.Key.Type
            ?? throw VaultErrors.VaultKeyNotFound(like.KeyUri, connection.Mount);
    }
}
