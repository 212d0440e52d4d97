namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// Keys for the regions of a cluster: look at all vaults, find all that is wrong, ask, and only then write, side by side. One key serves all regions
/// whose vault it is in. What is there is found by its name.
/// </summary>
internal sealed class AzureKeys(AzureClients clients, AzureCalls calls)
{
    private const int DefaultSize = 3072;

    private readonly AzureKeyReader _reader = new(clients, calls);
    private readonly AzureGrants _grants = new(clients, calls);
    private readonly AzureVaults _vaults = new(clients, calls);

    public async Task<IReadOnlyList<CmekKey>> EnsureAsync(KeyRequest request)
    {
        foreach (var region in request.Regions)
            if (!request.Cluster.Regions.Any(r => r.Name == region))
                throw Errors.RegionUnknown(request.Cluster.Name, region, request.Cluster.Regions.Select(r => r.Name));
        // Says whose token it is, and fails where it is another tenant's.
        await calls.CallerAsync(clients);
        var principalId = await PrincipalAsync(request);
        if (request.KeyUris.Count > 0)
            return await new AzureKeyAdoption(clients, calls, _reader, _grants, _vaults).AdoptAsync(
                request,
                principalId
            );
        // Whatever region joins, the key in force can serve it; a key near it is made only where a vault for it is named.
        if (request.Like is { } like && AzureKeyOptions.From(request.Options).Vaults.Count == 0)
            return await new AzureKeyAdoption(clients, calls, _reader, _grants, _vaults).AdoptAsync(
                request with
                {
                    KeyUris = [like.KeyUri],
                },
                principalId
            );
        return await MakeAsync(request, principalId);
    }

    /// <summary>One vault's part of the work.</summary>
    private sealed record Place(AzureVault Vault, IReadOnlyList<string> Regions, AzureKeyId Id)
    {
        public FoundKey? Found { get; init; }

        public DeletedKey? Deleted { get; init; }

        public RotationPolicy? Rotation { get; init; }

        public required RoleDefinition Role { get; init; }

        public required GrantedAccess Access { get; init; }

        public KeyShape? Like { get; init; }

        public bool NeedsGrant => Access.Missing.Count > 0;
    }

    private async Task<IReadOnlyList<CmekKey>> MakeAsync(KeyRequest request, string principalId)
    {
        if (AzureKeyOptions.From(request.Options).Vaults.Count == 0)
            throw AzureErrors.KeyVaultNameMissing(request.Cluster.Name);
        if (request.Name is { } name && !AzureKeyId.IsName(name))
            throw AzureErrors.KeyNameMalformed(name, request.Cluster.Name);
        var vaults = await _vaults.FindAsync(
            AzureKeyOptions.From(request.Options).Vaults,
            AzureKeyOptions.From(request.Options).SubscriptionId,
            request.AuthPrincipal
        );
        var shape = request.Like is null ? null : await ShapeAsync(request.Like);
        var places = await Task.WhenAll(
            request
                .Regions.GroupBy(r => AzureVaults.Choose(vaults, request.Cluster.Name, r))
                .Select(g => LookAsync(request, g.Key, [.. g], principalId, shape))
        );
        await ThrowIfUnfitAsync(request, places);
        foreach (var place in places)
            _vaults.WarnOfDeletion(place.Vault);

        var plan = new List<(Place Place, bool Write)>();
        foreach (var place in places)
            plan.Add((place, await AskAsync(request, place)));
        var keys = (
            await Task.WhenAll(
                plan.Select(p =>
                    p.Write ? WriteAsync(request, p.Place, principalId) : Task.FromResult(Settled(p.Place))
                )
            )
        ).ToList();
        return
        [
            .. request.Regions.Select(region =>
            {
                var at = plan.FindIndex(p => p.Place.Regions.Contains(region));
                return Key(request, region, plan[at].Place.Vault, keys[at].Id, keys[at].Found, keys[at].Outcome);
            }),
        ];
    }

    private async Task<string> PrincipalAsync(KeyRequest request)
    {
        if (AzureKeyOptions.From(request.Options).PrincipalId is { } known)
            return known;
        try
        {
            return (await new AzureRoles(clients, calls).RequireAsync(request.Cluster, request.AuthPrincipal)).Id;
        }
        catch (CmekException fault) when (request.IsRolePlanned && fault.ErrorId == nameof(AzureErrors.ConsentMissing))
        {
            return Guid.Empty.ToString("D"); // of nobody yet: nothing is granted to it, and nothing will be
        }
    }

    private async Task<Place> LookAsync(
        KeyRequest request,
        AzureVault vault,
        IReadOnlyList<string> regions,
        string principalId,
        KeyShape? like
    )
    {
        var id = new AzureKeyId(vault.Uri, request.Name ?? AzureNames.Default(request.Cluster), null);
        var role = await _grants.RoleAsync(vault, AzureKeyOptions.From(request.Options).RoleName);
        var found = await _reader.FollowAsync(id, request.Cluster);
        return new Place(vault, regions, found?.Id.WithoutVersion ?? id)
        {
            Found = found,
            Deleted = found is null ? await _reader.FindDeletedAsync(id) : null,
            Rotation =
                found is not null && request.RotationPeriodInDays is not null
                    ? await _reader.FindRotationPolicyAsync(found.Id.WithoutVersion)
                    : null,
            Role = role,
            Access = await _grants.ReadAsync(vault, found?.Id.Name ?? id.Name, principalId),
            Like = like,
        };
    }

    private async Task ThrowIfUnfitAsync(KeyRequest request, IEnumerable<Place> places)
    {
        var faults = new List<CmekException>();
        foreach (var place in places)
        {
            if (place.Found is { } key)
            {
                // A key that is not ours under our name may still be right: somebody made it by the page, and granted the application.
                if (!key.BelongsTo(request.Cluster) && place.NeedsGrant)
                {
                    faults.Add(AzureErrors.KeyNameTaken(place.Id, key.Tag(AzureNames.ClusterIdTag)));
                    continue;
                }

                if (
                    AzureKeyFaults.Differences(key, AzureKeyOptions.From(request.Options)) is { Count: > 0 } differences
                )
                    faults.Add(AzureErrors.KeyDiffers(place.Id, differences));
                faults.AddRange(AzureKeyFaults.OfKey(key, calls.Context.Time.GetUtcNow()));
            }
            else if (place.Deleted is { } deleted && !AzureKeyOptions.From(request.Options).Recover)
            {
                faults.Add(
                    AzureErrors.KeySoftDeleted(
                        place.Id,
                        deleted.ScheduledPurgeDate is { } at ? DateTimeOffset.FromUnixTimeSeconds(at) : null
                    )
                );
            }
            else if (
                place.Deleted is null
                && (
                    place.Like?.Kty == "RSA-HSM"
                    || AzureKeyOptions.From(request.Options).ProtectionLevel == CmekProtectionLevel.Hsm
                )
                && !place.Vault.IsPremium
            )
            {
                faults.Add(AzureErrors.HsmNotAvailable(place.Vault));
            }

            faults.AddRange(
                await new AzurePermissions(clients, calls).MissingAsync(
                    place.Vault,
                    makesKey: place.Found is null,
                    grants: place.NeedsGrant
                )
            );
        }

        Errors.ThrowCombined(request.Cluster.Name, faults);
    }

    /// <summary>True when something is to be written in a vault, and all of it may be. Every question is asked: a dry run names every change.</summary>
    private async Task<bool> AskAsync(KeyRequest request, Place place)
    {
        var questions = new List<string>();
        var rotation = request.RotationPeriodInDays is { } days ? $", with a new version every {days} days" : "";
        if (place.Found is null && place.Deleted is not null)
            questions.Add($"Recover the deleted key {place.Id.Name}");
        else if (place.Found is null)
            questions.Add(
                $"Create {Shape(request, place) switch { { Kty: var kty, Size: var size } => $"{kty} {size}" }} key {place.Id.Name}{rotation}"
            );
        else if (NeedsRotation(request, place))
            questions.Add(
                $"Let Key Vault make a new version of {place.Id.Name} every {request.RotationPeriodInDays} days"
            );
        if (place.NeedsGrant)
            questions.Add(AzureGrants.Describe(place.Vault, place.Role, AzureNames.Application(request.Cluster)));
        var allowed = questions.Count > 0;
        foreach (var question in questions)
            allowed &= await calls.AskAsync($"Key Vault {place.Vault.Name}", question);
        return allowed;
    }

    /// <summary>First the key, whose permission a vault with policies tells only when it is used; nothing is granted for a key that cannot be made.</summary>
    private async Task<(AzureKeyId Id, FoundKey? Found, CmekOutcome Outcome)> WriteAsync(
        KeyRequest request,
        Place place,
        string principalId
    )
    {
        var writer = new AzureKeyWriter(clients, calls, _reader);
        var key = place.Found
            ?? (
                place.Deleted is not null
                    ? await writer.RecoverAsync(place.Id)
                    : await writer.CreateAsync(place.Id, Shape(request, place))
            );
        if (place.NeedsGrant)
            await _grants.GrantAsync(place.Vault, place.Role, principalId);
        if (NeedsRotation(request, place))
            await writer.SetRotationAsync(
                key.Id.WithoutVersion,
                place.Rotation,
                RotationPolicy.Every(request.RotationPeriodInDays!.Value)
            );
        return (key.Id, key, place.Found is null && place.Deleted is null ? CmekOutcome.Created : CmekOutcome.Updated);
    }

    /// <summary>A vault for which nothing was written: it is as it should be, or it is only planned.</summary>
    private static (AzureKeyId Id, FoundKey? Found, CmekOutcome Outcome) Settled(Place place) =>
        (
            place.Found?.Id ?? place.Id,
            place.Found,
            place.Found is null || place.NeedsGrant ? CmekOutcome.Planned : CmekOutcome.Existing
        );

    private static bool NeedsRotation(KeyRequest request, Place place) =>
        request.RotationPeriodInDays is { } days && place.Rotation?.Rotation?.Trigger.TimeAfterCreate != $"P{days}D";

    private static KeyShape Shape(KeyRequest request, Place place) =>
        new(
            AzureKeyOptions.From(request.Options).ProtectionLevel switch
            {
                CmekProtectionLevel.Hsm => "RSA-HSM",
                CmekProtectionLevel.Software => "RSA",
                _ => place.Like?.Kty ?? "RSA",
            },
            AzureKeyOptions.From(request.Options).KeySize ?? place.Like?.Size ?? DefaultSize,
            AzureNames.Tags(request.Cluster, request.Tags)
        )
        {
            ExpiresOn = AzureKeyOptions.From(request.Options).ExpiresOn,
        };

    private async Task<KeyShape> ShapeAsync(CmekRegionSpec like)
    {
        var id = AzureKeyId.Parse(like.KeyUri, clients.Cloud);
        var key = await _reader.FindAsync(id) ?? throw AzureErrors.KeyNotFound(id);
        return new KeyShape(key.Bundle.Key.Kty, key.Bundle.Key.Size ?? DefaultSize, key.Tags);
    }

    internal static CmekKey Key(
        KeyRequest request,
        string region,
        AzureVault vault,
        AzureKeyId id,
        FoundKey? found,
        CmekOutcome outcome
    ) =>
        new()
        {
            Cluster = request.Cluster,
            Region = region,
            KeyType = "AZURE_KEY_VAULT",
            KeyUri = id.ToString(),
            AuthPrincipal = request.AuthPrincipal,
            Name = id.Name,
            Location = vault.Location,
            State =
                found is null ? ""
                : found.Bundle.Attributes.Enabled ? "Enabled"
                : "Disabled",
            RotationPeriodInDays = request.RotationPeriodInDays,
            Outcome = outcome,
        };
}
