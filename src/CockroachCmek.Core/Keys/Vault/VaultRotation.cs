namespace CockroachCmek.Core.Keys.Vault;

/// <summary>A key of Vault that is in force, and the regions that use it.</summary>
internal sealed record VaultKeyInForce(FoundVaultKey Found, IReadOnlyList<CmekRegionInfo> Regions)
{
    public VaultPlace Place => Found.Place!;

    public string Uri => Regions[0].Keys[0].KeyUri;

    public DateTimeOffset? TakenUpAt => Regions.Max(r => r.Keys[0].CreatedAt);
}

/// <summary>
/// Something newer for the keys in force: a new version, or a new key. On AWS each version is a KMS key of its own, which needs its grant again and has another URI; on Azure it has another
/// URI; on Google Cloud the URI stays. What a run before this one has made is told by what the cluster has in force and when it took it up.
/// </summary>
internal sealed class VaultRotation(
    ICmekKeyProvider cloud,
    VaultConnection connection,
    VaultKeyReader reader,
    VaultCalls calls
)
{
    private readonly IVaultTarget _target = cloud.Cloud.VaultTarget!;
    private readonly VaultKeyWriter _writer = new(reader, calls);

    private string Server => $"Vault at {connection.Address.Authority}";

    /// <summary>What the cluster is to take up, once every key has a version that is newer than the one in force; null when that was not allowed.</summary>
    public async Task<IReadOnlyList<CmekRegionSpec>?> RotateAsync(RotationRequest request)
    {
        var keys = await InForceAsync(request);
        var due = keys.Where(k => !HasNewer(k)).ToList();
        await new VaultPermissions(reader.Client, calls).ThrowUnlessWritableAsync(
            [.. due.Select(k => $"{connection.Mount}/key/{k.Found.Name}/rotate")],
            request.Cluster.Name
        );
        var refused = 0;
        foreach (var key in due)
        {
            // After a No too: a dry run names every key.
            var action =
                $"Rotate {connection.Mount}/{key.Found.Name}, which makes {(_target.HasKeyForEachRegion ? $"a new KMS key in {key.Place.Entry.KeyCollection}" : $"a new version in {key.Place.Entry.KeyCollection}")}, granted to {key.Regions[0].Keys[0].AuthPrincipal}";
            if (!await calls.Context.Log.ShouldProcessAsync(Server, action, calls.Context.CancellationToken))
                refused++;
        }

        if (refused > 0)
            return null;
        var rotated = await Task.WhenAll(
            keys.Select(async k =>
                (Key: k, Now: due.Contains(k) ? await _writer.RotateAsync(k.Found) : k.Found, IsFresh: due.Contains(k))
            )
        );
        return await GrantedAsync(request, [.. rotated]);
    }

    /// <summary>A new key of the same type, purpose and place for each in force, found again by its number; the key in force where that is new and only unfinished.</summary>
    public async Task<IReadOnlyList<CmekRegionSpec>?> ReplaceAsync(RotationRequest request)
    {
        var keys = await InForceAsync(request);
        if (keys.Any(k => k.Found.IsUnsettled))
        {
            calls.Context.Log.Warning(
                $"{request.Cluster.Name}: new keys of an earlier run are in force, and are still to be settled. That is done now, and nothing else; run the command again for another rotation."
            );
            return [.. request.Regions.Select(r => Spec(r, r.Keys[0].KeyUri))];
        }

        var names = await reader.NamesAsync();
        var plans = await Task.WhenAll(keys.Select(k => ReplacementAsync(k, names)));
        Errors.ThrowCombined(
            request.Cluster.Name,
            [.. plans.SelectMany(p => VaultFaults.OfKey(_target, p.Found, p.Key, p.Type, connection.Mount))]
        );
        await new VaultPermissions(reader.Client, calls).ThrowUnlessWritableAsync(
            [
                .. plans
                    .Where(p => !p.IsDone)
                    .SelectMany(p =>
                        new[] { $"{connection.Mount}/key/{p.Key}", $"{connection.Mount}/kms/{p.EntryName}/key/{p.Key}" }
                    ),
            ],
            request.Cluster.Name
        );
        var refused = 0;
        for (var i = 0; i < plans.Length; i++)
        {
            if (plans[i].IsDone)
                continue;
            var action =
                $"Create {plans[i].Type} key {connection.Mount}/{plans[i].Key} in the place of {keys[i].Found.Name}, distribute it to {plans[i].Entry.Provider} {plans[i].Entry.KeyCollection} and grant it to {keys[i].Regions[0].Keys[0].AuthPrincipal}";
            if (!await calls.Context.Log.ShouldProcessAsync(Server, action, calls.Context.CancellationToken))
                refused++;
        }

        if (refused > 0)
            return null;
        var made = await Task.WhenAll(
            plans.Select(
                async (p, i) =>
                    (Key: keys[i], Now: p.IsDone ? p.Found! : await _writer.MakeAsync(p), IsFresh: !p.IsDone)
            )
        );
        return await GrantedAsync(request, made);
    }

    /// <summary>A replacement that is in force is not to be deleted any more, and is the cluster's key from now on.</summary>
    public async Task SettleAsync(CrdbCluster cluster, IReadOnlyList<CmekRegionSpec> inForce)
    {
        var found = await reader.FindByUriAsync(cluster, _target, [.. inForce.Select(s => s.KeyUri).Distinct()]);
        foreach (var key in found.Where(k => k is { IsUnsettled: true }).GroupBy(k => k!.Name).Select(g => g.First()!))
            if (
                await calls.Context.Log.ShouldProcessAsync(
                    Server,
                    $"Settle {connection.Mount}/{key.Name} as the cluster's key, which may not be deleted",
                    calls.Context.CancellationToken
                )
            )
                await _writer.AllowDeletionAsync(key.Name, false);
    }

    private async Task<IReadOnlyList<VaultKeyInForce>> InForceAsync(RotationRequest request)
    {
        var found = await reader.FindByUriAsync(
            request.Cluster,
            _target,
            [.. request.Regions.Select(r => r.Keys[0].KeyUri)]
        );
        var unknown = request
            .Regions.Where((_, i) => found[i] is null)
            .Select(r => VaultErrors.VaultKeyNotFound(r.Keys[0].KeyUri, connection.Mount));
        var torn = found
            .Where(k => k is { IsWhole: false })
            .Select(k =>
                VaultErrors.VaultVersionMismatch(
                    k!.Name,
                    k.Key.LatestVersion,
                    VaultKeyWriter.VersionsOf(k),
                    k.Place!.EntryName,
                    connection.Mount
                )
            );
        Errors.ThrowCombined(request.Cluster.Name, [.. unknown, .. torn]);
        return
        [
            .. request
                .Regions.Select((r, i) => (Region: r, Key: found[i]!))
                .GroupBy(x => x.Key.Name)
                .Select(g => new VaultKeyInForce(g.First().Key, [.. g.Select(x => x.Region)])),
        ];
    }

    /// <summary>True when Vault has a version that no region has taken up. Where the URI tells the version that is the answer; on Google Cloud the times are.</summary>
    private bool HasNewer(VaultKeyInForce key)
    {
        var latest = key.Found.Key.LatestVersion;
        var isNewer = !_target.HasUriForEachVersion
            ? key.Found.Key.Versions.TryGetValue(latest, out var created)
                && created > (key.TakenUpAt ?? DateTimeOffset.MaxValue)
            : key.Regions.All(r =>
                _target.VersionOf(r.Keys[0].KeyUri, key.Place.Entry, key.Place.Distribution) < latest
            );
        if (isNewer)
            calls.Context.Log.Verbose(
                $"Version {latest} of {key.Found.Name} is newer than what the cluster has taken up: it is not rotated again."
            );
        return isNewer;
    }

    /// <summary>The next number that is not a settled key already: x-g2 after x, though x-g2 may have been in force before.</summary>
    private async Task<VaultPlan> ReplacementAsync(VaultKeyInForce old, IReadOnlyList<string> names)
    {
        var (first, number) = VaultNames.Generation(old.Found.Name);
        FoundVaultKey? found;
        string name;
        do
        {
            name = VaultNames.Generation(first, ++number);
            found = names.Contains(name) ? await reader.FindAsync(name) : null;
        } while (found is { Place: not null, IsUnsettled: false });

        return new VaultPlan(
            name,
            found?.Key.Type ?? old.Found.Key.Type,
            _target.Purpose,
            old.Place.EntryName,
            old.Place.Entry,
            found
        )
        {
            EntryExists = true,
            Protection = old.Place.Distribution.Protection.Length > 0 ? old.Place.Distribution.Protection : "hsm",
            IsReplacement = true,
        };
    }

    /// <summary>The newest of each key, with its use granted: those that use one identity together.</summary>
    private async Task<IReadOnlyList<CmekRegionSpec>?> GrantedAsync(
        RotationRequest request,
        IReadOnlyList<(VaultKeyInForce Key, FoundVaultKey Now, bool IsFresh)> keys
    )
    {
        var uris = new Dictionary<string, string>();
        foreach (
            var group in keys.SelectMany(k => k.Key.Regions.Select(r => (Region: r, k.Key, k.Now, k.IsFresh)))
                .GroupBy(k => k.Region.Keys[0].AuthPrincipal)
        )
        {
            var granted = await new VaultGrants(cloud, calls).GrantAsync(
                new KeyRequest
                {
                    Cluster = request.Cluster,
                    AuthPrincipal = group.Key,
                    Regions = [.. group.Select(k => k.Region.Region)],
                },
                [
                    .. group.Select(k => new DistributedKey(
                        k.Region.Region,
                        _target.KeyUri(
                            k.Now.Place!.Distribution,
                            _target.CollectionOf(k.Now.Place.Entry, k.Key.Uri),
                            k.Now.Key.LatestVersion
                        ),
                        k.IsFresh
                    )),
                ]
            );
            if (granted.Any(k => k.IsPlanned))
                return null;
            foreach (var key in granted)
                uris[key.Region] = key.KeyUri;
        }

        return [.. request.Regions.Select(r => Spec(r, uris[r.Region]))];
    }

    private static CmekRegionSpec Spec(CmekRegionInfo region, string uri) =>
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
}
