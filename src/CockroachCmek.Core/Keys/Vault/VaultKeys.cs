namespace CockroachCmek.Core.Keys.Vault;

/// <summary>
/// Keys for the regions of a cluster, born in Vault: look at everything, find all that is wrong, in Vault and in the cloud, ask, and only then write, side by side. After Vault has put a key
/// into the cloud, the cloud's provider grants its use.
/// </summary>
internal sealed class VaultKeys(
    ICmekKeyProvider cloud,
    VaultConnection connection,
    VaultKeyReader reader,
    VaultCalls calls
)
{
    private readonly IVaultTarget _target = cloud.Cloud.VaultTarget!;
    private readonly VaultGrants _grants = new(cloud, calls);

    public async Task<IReadOnlyList<CmekKey>> EnsureAsync(KeyRequest request)
    {
        ThrowIfImpossible(request);
        if (request.KeyUris.Count > 0)
            return await AdoptAsync(request);
        if (request.Like is { } like && !_target.HasKeyForEachRegion)
            return await AdoptAsync(request with { KeyUris = [like.KeyUri], Grant = true });
        return await MakeAsync(request);
    }

    /// <summary>Keys that exist in the cloud: whether they were born in this Vault is all that is ours to check.</summary>
    private async Task<IReadOnlyList<CmekKey>> AdoptAsync(KeyRequest request)
    {
        var known = await reader.FindByUriAsync(request.Cluster, _target, request.KeyUris);
        Errors.ThrowCombined(
            request.Cluster.Name,
            [
                .. request
                    .KeyUris.Where((_, i) => known[i] is null)
                    .Select(uri => VaultErrors.VaultKeyNotFound(uri, connection.Mount)),
            ]
        );
        return await cloud.EnsureKeysAsync(request with { Like = null }, calls.Context);
    }

    private async Task<IReadOnlyList<CmekKey>> MakeAsync(KeyRequest request)
    {
        var location = cloud is IVaultLocationProvider host
            ? await host.FindVaultLocationAsync(request, calls.Context)
            : null;
        if (location is not null)
            request = request with
            {
                Options = request
                    .Options.With("VaultKeyCollection", location.KeyCollection)
                    .With("ProtectionLevel", location.ProtectionLevel),
            };
        var isMounted = await reader.IsMountedAsync();
        var names = isMounted ? await reader.NamesAsync() : [];
        var type = await TypeAsync(request, isMounted);
        string?[] places = _target.HasKeyForEachRegion ? [.. request.Regions] : [null];
        var plans = await Task.WhenAll(places.Select(region => PlanAsync(request, region, type, names, isMounted)));
        await ThrowIfUnfitAsync(request, plans);
        await new VaultPermissions(reader.Client, calls).ThrowUnlessWritableAsync(
            Paths(plans, isMounted),
            request.Cluster.Name
        );

        var mayBegin = location is null || await location.ConfirmAsync(calls.Context);
        var mayMount =
            isMounted
            || await calls.Context.Log.ShouldProcessAsync(
                $"Vault at {connection.Address.Authority}",
                $"Enable the Key Management secrets engine at {connection.Mount}",
                calls.Context.CancellationToken
            );
        var allowed = new List<bool>();
        foreach (var plan in plans)
        {
            allowed.Add(
                plan.IsDone
                    || (
                        await calls.Context.Log.ShouldProcessAsync(
                            $"Vault at {connection.Address.Authority}",
                            $"{(plan.Found is null ? $"Create {plan.Type} key" : "Distribute key")} {connection.Mount}/{plan.Key}{(plan.Found is null ? ", distribute it" : "")} to {plan.Entry.Provider} {plan.Entry.KeyCollection}"
                                + $"{(plan.NewCredentials is null ? "" : $" through the entry {plan.EntryName}, which is {(plan.EntryExists ? "given these credentials" : "made")},")} and grant it to {request.AuthPrincipal}",
                            calls.Context.CancellationToken
                        )
                        && mayBegin
                        && mayMount
                    )
            );
        }

        var isFresh = location is not null && mayBegin && await location.CreateAsync(calls.Context);
        var writer = new VaultKeyWriter(reader, calls) { IsAccessFresh = isFresh };
        if (!isMounted && allowed.Contains(true))
            await writer.EnableMountAsync();
        var made = await Task.WhenAll(
            plans.Select(
                async (plan, i) =>
                    !allowed[i] ? null
                    : plan.IsDone ? plan.Found
                    : await writer.MakeAsync(plan)
            )
        );
        return await ResultsAsync(request, plans, made);
    }

    private async Task<VaultPlan> PlanAsync(
        KeyRequest request,
        string? region,
        string type,
        IReadOnlyList<string> names,
        bool isMounted
    )
    {
        var first = VaultNames.Key(request.Cluster, request.Name, region);
        var collection = _target.CollectionFor(request.Cluster, request.Options, region ?? request.Regions[0]);
        var found = await reader.FindSettledAsync(first, names);
        var plan = new VaultPlan(
            found?.Name ?? first,
            found?.Key.Type ?? type,
            _target.Purpose,
            found?.Place?.EntryName ?? first,
            new VaultEntry(_target.Provider, collection.Name),
            found
        )
        {
            Protection =
                VaultKeyOptions.From(request.Options).ProtectionLevel == CmekProtectionLevel.Software
                    ? "software"
                    : "hsm",
        };
        if (plan.IsDone)
            return plan;
        var entry = isMounted ? await reader.EntryAsync(plan.EntryName) : null;
        // An entry that is there keeps what it has, unless the caller brings credentials: those that it has may be why a run before this one failed.
        var writes = entry is null || _target.HasCredentials(connection.CloudCredentials);
        return plan with
        {
            Entry = entry ?? plan.Entry,
            EntryExists = entry is not null,
            NewCredentials = writes
                ? _target.CredentialFields(connection.CloudCredentials, collection, request.AuthPrincipal)
                : null,
        };
    }

    /// <summary>All that can be known without asking anybody.</summary>
    private void ThrowIfImpossible(KeyRequest request)
    {
        var faults = new List<CmekException>();
        foreach (var region in request.Regions)
            if (!request.Cluster.Regions.Any(r => r.Name == region))
                faults.Add(
                    Errors.RegionUnknown(request.Cluster.Name, region, request.Cluster.Regions.Select(r => r.Name))
                );
        if (cloud.Cloud.PrincipalProblem(request.AuthPrincipal) is { } problem)
            faults.Add(VaultErrors.PrincipalMalformed(request.AuthPrincipal, cloud.Cloud.KeyType, problem));
        string[] options =
        [
            .. request.Options.Names.Except(_target.KeyOptions).Select(n => $"-{n}"),
            .. request.RotationPeriodInDays is not null ? ["-RotationPeriodInDays"] : Array.Empty<string>(),
            .. request.Tags.Count > 0 ? ["-Tag"] : Array.Empty<string>(),
        ];
        if (options.Length > 0)
            faults.Add(VaultErrors.VaultOptionsNotSupported(request.Cluster.Name, options));
        if (VaultKeyOptions.From(request.Options).KeyType is { } type && !_target.KeyTypes.Contains(type))
            faults.Add(
                VaultErrors.VaultKeyTypeRefused(
                    request.Name ?? "to be made",
                    type,
                    $"CMEK on {cloud.Cloud.DisplayName}",
                    _target.KeyTypes
                )
            );
        Errors.ThrowCombined(request.Cluster.Name, faults);
    }

    /// <summary>The type that was asked for, that of the key in force where a region joins, or the cloud's usual one.</summary>
    private async Task<string> TypeAsync(KeyRequest request, bool isMounted)
    {
        if (VaultKeyOptions.From(request.Options).KeyType is { } asked)
            return asked;
        if (request.Like is not { } like || !isMounted)
            return _target.KeyTypes[0];
        return (await reader.FindByUriAsync(request.Cluster, _target, [like.KeyUri]))[0]?.Key.Type
            ?? throw VaultErrors.VaultKeyNotFound(like.KeyUri, connection.Mount);
    }

    private async Task ThrowIfUnfitAsync(KeyRequest request, IReadOnlyList<VaultPlan> plans)
    {
        var faults = new List<CmekException>();
        for (var i = 0; i < plans.Count; i++)
        {
            var plan = plans[i];
            var wanted = _target.CollectionFor(request.Cluster, request.Options, request.Regions[i]).Name;
            faults.AddRange(VaultFaults.OfKey(_target, plan.Found, plan.Key, plan.Type, connection.Mount));
            if (VaultKeyOptions.From(request.Options).KeyType is { } type && type != plan.Type)
                faults.Add(VaultErrors.VaultKeyTypeRefused(plan.Key, plan.Type, "what was asked for", [type]));
            if (plan.Found?.Place is { } place)
            {
                if (!VaultFaults.IsSame(place.Entry, _target, wanted))
                    faults.Add(
                        VaultErrors.VaultKeyElsewhere(
                            plan.Key,
                            place.EntryName,
                            $"{place.Entry.Provider} {place.Entry.KeyCollection}"
                        )
                    );
            }
            else if (plan.EntryExists && !VaultFaults.IsSame(plan.Entry, _target, wanted))
                faults.Add(
                    VaultErrors.VaultEntryDiffers(
                        plan.EntryName,
                        VaultFaults.Differences(plan.Entry, _target, wanted),
                        connection.Mount
                    )
                );
        }

        // Where nothing is to be written, taking the keys checks them first anyway.
        if (faults.Count == 0 && plans.Any(p => !p.IsDone))
            faults.AddRange(
                await _grants.FaultsAsync(request, Distributed(request, plans, [.. plans.Select(p => p.Found)]))
            );
        Errors.ThrowCombined(request.Cluster.Name, faults);
    }

    private List<string> Paths(IEnumerable<VaultPlan> plans, bool isMounted)
    {
        var paths = isMounted ? new List<string>() : [$"sys/mounts/{connection.Mount}"];
        foreach (var plan in plans.Where(p => !p.IsDone))
        {
            if (plan.NewCredentials is not null)
                paths.Add($"{connection.Mount}/kms/{plan.EntryName}");
            if (plan.Found is null)
                paths.Add($"{connection.Mount}/key/{plan.Key}");
            paths.Add($"{connection.Mount}/kms/{plan.EntryName}/key/{plan.Key}");
        }

        return paths;
    }

    /// <summary>For each region, what Vault has put into the cloud; regions of a planned key are left out.</summary>
    private List<DistributedKey> Distributed(
        KeyRequest request,
        IReadOnlyList<VaultPlan> plans,
        IReadOnlyList<FoundVaultKey?> keys
    )
    {
        var distributed = new List<DistributedKey>();
        for (var i = 0; i < request.Regions.Count; i++)
        {
            var at = _target.HasKeyForEachRegion ? i : 0;
            if (keys[at] is { IsWhole: true, Place: { } place } key)
                distributed.Add(
                    new DistributedKey(
                        request.Regions[i],
                        _target.KeyUri(place.Distribution, Collection(request, i), key.Key.LatestVersion),
                        IsFresh: !plans[at].IsDone
                    )
                );
        }

        return distributed;
    }

    private async Task<IReadOnlyList<CmekKey>> ResultsAsync(
        KeyRequest request,
        IReadOnlyList<VaultPlan> plans,
        IReadOnlyList<FoundVaultKey?> made
    )
    {
        var granted = (await _grants.GrantAsync(request, Distributed(request, plans, made))).ToDictionary(k =>
            k.Region
        );
        return
        [
            .. request.Regions.Select(
                (region, i) =>
                {
                    var plan = plans[_target.HasKeyForEachRegion ? i : 0];
                    if (!granted.TryGetValue(region, out var key))
                        return Planned(request, region, plan, Collection(request, i));
                    var outcome =
                        key.IsPlanned || plan.IsDone ? key.Outcome
                        : plan.Found is null ? CmekOutcome.Created
                        : CmekOutcome.Updated;
                    return key with { Name = plan.Key, Outcome = outcome };
                }
            ),
        ];
    }

    private VaultCollection Collection(KeyRequest request, int region) =>
        _target.CollectionFor(request.Cluster, request.Options, request.Regions[region]);

    private CmekKey Planned(KeyRequest request, string region, VaultPlan plan, VaultCollection collection) =>
        new()
        {
            Cluster = request.Cluster,
            Region = region,
            KeyType = cloud.Cloud.KeyType,
            KeyUri = _target.PlannedKeyUri(collection, plan.Key, request.AuthPrincipal),
            AuthPrincipal = request.AuthPrincipal,
            Name = plan.Key,
            Location = collection.Name,
            Outcome = CmekOutcome.Planned,
        };
}
