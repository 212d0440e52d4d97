namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// Keys for the regions of a cluster: look at all of them, find all that is wrong, ask, and only then write, side by side. Names are deterministic, and
/// cannot change hands: what is there is found by its name, and by a label where a rotation has put another key in force.
/// </summary>
internal sealed class GcpKeys(GcpClients clients, GcpCalls calls)
{
    private readonly GcpKeyReader _reader = new(clients, calls);

    public async Task<IReadOnlyList<CmekKey>> EnsureAsync(KeyRequest request)
    {
        var account = ServiceAccountEmail.Parse(request.AuthPrincipal);
        foreach (var region in request.Regions)
            if (request.Like is null && !request.Cluster.Regions.Any(r => r.Name == region))
                throw Errors.RegionUnknown(request.Cluster.Name, region, request.Cluster.Regions.Select(r => r.Name));
        if (request.KeyUris.Count > 0)
            return await AdoptAsync(request, account);
        if (request.Like is not { } spec)
            return await MakeAsync(request, account, like: null);
        var like = GcpKeyName.Parse(spec.KeyUri);
        // A key that does not live in its region is one that regions share: the new region shares it too.
        if (like.Location != spec.Region && GcpKeyOptions.From(request.Options).Location is null)
            return await AdoptAsync(request with { KeyUris = [spec.KeyUri], Grant = true }, account);
        return await MakeAsync(
            request,
            account,
            await _reader.FindAsync(like, account.Member) ?? throw GcpErrors.KeyNotFound(like)
        );
    }

    private Task<IReadOnlyList<CmekKey>> AdoptAsync(KeyRequest request, ServiceAccountEmail account) =>
        new GcpKeyAdoption(clients, calls, _reader).AdoptAsync(request, account);

    private async Task<IReadOnlyList<CmekKey>> MakeAsync(
        KeyRequest request,
        ServiceAccountEmail account,
        FoundKey? like
    )
    {
        var plan = await GcpKeyPlan.OfAsync(request, account, like, clients, calls.Context.CancellationToken);
        var places = await Task.WhenAll(plan.Names.Distinct().Select(name => LookAsync(name, account, plan)));
        ThrowIfUnfit(request, account, places);
        for (var i = 0; i < places.Length; i++)
            places[i] = await AskAsync(request, account, plan, places[i]);
        if (places.Any(p => p.Write))
            await new GcpAccounts(clients, calls).RequireAsync(request.Cluster, account, mayBeUnreadable: true);
        var written = await Task.WhenAll(places.Select(place => WriteAsync(request, account, plan, place)));
        return
        [
            .. plan.Names.Select(
                (name, i) =>
                {
                    var (inForce, key, outcome) = written[Array.FindIndex(places, p => p.Name == name)];
                    return Key(request, request.Regions[i], inForce, key, outcome);
                }
            ),
        ];
    }

    private async Task<Place> LookAsync(GcpKeyName name, ServiceAccountEmail account, GcpKeyPlan plan)
    {
        var hsm = plan.ProtectionLevel == "HSM";
        try
        {
            if (await _reader.FindInForceAsync(name, account.Member) is { } found)
                return new Place(name, found, HasRing: true, Fault: null);
            var hasRing = await _reader.HasRingAsync(name);
            return new Place(name, null, hasRing, hasRing && !hsm ? null : await _reader.LocationFaultAsync(name, hsm));
        }
        catch (GcpFault fault) when (fault.Code == 400)
        {
            // A location that does not exist makes every name in it invalid.
            return new Place(
                name,
                null,
                HasRing: false,
                await _reader.LocationFaultAsync(name, hsm) ?? GcpCalls.Map(fault, name.ToString())
            );
        }
    }

    private void ThrowIfUnfit(KeyRequest request, ServiceAccountEmail account, IEnumerable<Place> places)
    {
        var now = calls.Context.Time.GetUtcNow();
        var faults = new List<CmekException>();
        foreach (var place in places)
        {
            if (place.Fault is { } fault)
                faults.Add(fault);
            if (place.Found is not { } key)
                continue;
            var ours = key.ClusterId == request.Cluster.Id;
            // A key that is not ours under our name may still be right: somebody made it by the page, and granted the account.
            if (!ours && key.GrantsUse(account.Member, now) == Granted.No)
            {
                faults.Add(GcpErrors.KeyNameTaken(key.Name, key.ClusterId));
                continue;
            }

            if (Differences(request, key.Key) is { Count: > 0 } differences)
                faults.Add(GcpErrors.KeyDiffers(key.Name, differences));
            faults.AddRange(GcpKeyFaults.OfKey(key.Name, key.Key));
        }

        Errors.ThrowCombined(request.Cluster.Name, faults);
    }

    /// <summary>Only what was asked for in so many words, and cannot be changed.</summary>
    private static List<string> Differences(KeyRequest request, CryptoKey key)
    {
        var differences = new List<string>();
        if (
            GcpKeyOptions.From(request.Options).ProtectionLevel is { } level
            && !string.Equals(
                key.VersionTemplate?.ProtectionLevel,
                level.ToString(),
                StringComparison.OrdinalIgnoreCase
            )
        )
            differences.Add(
                $"its protection level is {key.VersionTemplate?.ProtectionLevel}, not {level.ToString().ToUpperInvariant()}"
            );
        if (
            GcpKeyOptions.From(request.Options).DestroyScheduledDuration is { } duration
            && GcpNames.Duration(key.DestroyScheduledDuration) is { } other
            && other != duration
        )
            differences.Add(
                $"its versions stay restorable for {other.TotalDays:0.#} days, not {duration.TotalDays:0.#}"
            );
        return differences;
    }

    /// <summary>Asks for each thing that is to be written. Where a ring may not be made, its key cannot be either, but is named all the same.</summary>
    private async Task<Place> AskAsync(KeyRequest request, ServiceAccountEmail account, GcpKeyPlan plan, Place place)
    {
        if (place.Found is null)
        {
            var ring =
                place.HasRing
                || await ShouldAsync(
                    place.Name.LocationName,
                    $"Create key ring {place.Name.Ring}, which cannot be deleted again"
                );
            var key = await ShouldAsync(
                $"KMS in {place.Name.Location}",
                $"Create {(plan.ProtectionLevel ?? "SOFTWARE").ToLowerInvariant()} key {place.Name}, granted to {account}"
            );
            return place with { Write = ring && key };
        }

        string[] actions =
        [
            .. place.Found.GrantsUse(account.Member, calls.Context.Time.GetUtcNow()) == Granted.No
                ? [$"Grant {GcpNames.UseRole} to {account}"]
                : Array.Empty<string>(),
            .. NeedsRotation(request, place.Found.Key)
                ? [$"Let Google Cloud rotate the key every {request.RotationPeriodInDays} days"]
                : Array.Empty<string>(),
        ];
        return actions.Length == 0
            ? place
            : place with
            {
                Write = await ShouldAsync(place.Found.Name.ToString(), string.Join("; ", actions)),
                IsPending = true,
            };
    }

    private async Task<(GcpKeyName Name, CryptoKey Key, CmekOutcome Outcome)> WriteAsync(
        KeyRequest request,
        ServiceAccountEmail account,
        GcpKeyPlan plan,
        Place place
    )
    {
        if (!place.Write)
            return (
                place.Found?.Name ?? place.Name,
                place.Found?.Key ?? new CryptoKey(),
                place.Found is null || place.IsPending ? CmekOutcome.Planned : CmekOutcome.Existing
            );
        var writer = new GcpKeyWriter(clients, calls, _reader);
        if (place.Found is { } found)
        {
            if (found.GrantsUse(account.Member, calls.Context.Time.GetUtcNow()) == Granted.No)
                await writer.GrantAsync(found.Name, [IamPolicy.Binding(GcpNames.UseRole, account.Member)], account);
            if (NeedsRotation(request, found.Key))
                await writer.RotateEveryAsync(found.Name, TimeSpan.FromDays(request.RotationPeriodInDays!.Value));
            return (found.Name, found.Key, CmekOutcome.Updated);
        }

        if (!place.HasRing)
            await writer.CreateRingAsync(place.Name);
        var made = await writer.CreateKeyAsync(place.Name, plan.ToKey(writer.NextRotation), request.Cluster);
        await writer.GrantAsync(place.Name, plan.Bindings, account);
        return (place.Name, made, CmekOutcome.Created);
    }

    private static bool NeedsRotation(KeyRequest request, CryptoKey key) =>
        request.RotationPeriodInDays is { } days && GcpNames.Duration(key.RotationPeriod) != TimeSpan.FromDays(days);

    private Task<bool> ShouldAsync(string target, string action) =>
        calls.Context.Log.ShouldProcessAsync(target, action, calls.Context.CancellationToken);

    internal static CmekKey Key(
        KeyRequest request,
        string region,
        GcpKeyName name,
        CryptoKey key,
        CmekOutcome outcome
    ) =>
        new()
        {
            Cluster = request.Cluster,
            Region = region,
            KeyType = "GCP_CLOUD_KMS",
            KeyUri = name.ToString(),
            AuthPrincipal = request.AuthPrincipal,
            Name = name.Id,
            Location = name.Location,
            State = key.Primary?.State ?? "",
            RotationPeriodInDays = request.RotationPeriodInDays,
            Outcome = outcome,
        };

    /// <summary>A key that is needed, and what is there.</summary>
    private sealed record Place(GcpKeyName Name, FoundKey? Found, bool HasRing, CmekException? Fault)
    {
        /// <summary>Something is to be written, and may be.</summary>
        public bool Write { get; init; }

        /// <summary>The key is there, and something about it is to be changed.</summary>
        public bool IsPending { get; init; }
    }
}
