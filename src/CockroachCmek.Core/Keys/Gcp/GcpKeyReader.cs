namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>A key that exists, with its policy, and that of its ring where the key's own does not grant the use.</summary>
internal sealed record FoundKey(GcpKeyName Name, CryptoKey Key, IamPolicy Policy, IamPolicy? RingPolicy)
{
    /// <summary>The cluster that its label names; null without one.</summary>
    public string? ClusterId => Label(GcpNames.ClusterIdLabel);

    public string? Label(string name) =>
        Key.Labels is { } labels && labels.TryGetValue(name, out var value) ? value : null;

    public Granted GrantsUse(string member, DateTimeOffset now)
    {
        var onKey = Policy.GrantsUse(member, now);
        var onRing = RingPolicy?.GrantsUse(member, now) ?? Granted.No;
        return onKey > onRing ? onKey : onRing;
    }
}

/// <summary>Looks at rings, keys, versions and their policies.</summary>
internal sealed class GcpKeyReader(GcpClients clients, GcpCalls calls)
{
    private const string Service = "KMS";

    /// <summary>A key with its policies, or null.</summary>
    public async Task<FoundKey?> FindAsync(GcpKeyName name, string member)
    {
        if (await GetAsync(name) is not { } key)
            return null;
        var policy = await PolicyAsync(name.ToString());
        // Bindings are inherited: the ring's may be what grants. (The project's would need another API to read.)
        var ring =
            policy.GrantsUse(member, calls.Context.Time.GetUtcNow()) == Granted.No ? await RingPolicyAsync(name) : null;
        return new FoundKey(name, key, policy, ring);
    }

    /// <summary>The cluster's key under a name: where a rotation has put another key in force, that one.</summary>
    public async Task<FoundKey?> FindInForceAsync(GcpKeyName name, string member)
    {
        if (await FindAsync(name, member) is not { } first)
            return null;
        return
            first.Label(GcpNames.InForceLabel) is { } id
            && await FindAsync(name with { Id = id }, member) is { } inForce
            ? inForce
            : first;
    }

    public Task<CryptoKey?> GetAsync(GcpKeyName name) =>
        calls.FindAsync(Service, "cryptoKeys.get", name.ToString(), c =>
            clients.Kms.GetCryptoKeyAsync(name.ToString(), c)
        );

    public async Task<bool> HasRingAsync(GcpKeyName name) =>
        await calls.FindAsync(Service, "keyRings.get", name.RingName, c =>
            clients.Kms.GetKeyRingAsync(name.RingName, c)
        )
            is not null;

    public Task<IReadOnlyList<CryptoKey>> KeysAsync(GcpKeyName name) =>
        calls.ReadAsync(Service, "cryptoKeys.list", name.RingName, c =>
            clients.Kms.ListCryptoKeysAsync(name.RingName, c)
        );

    /// <summary>All versions of a key, the newest first.</summary>
    public async Task<IReadOnlyList<CryptoKeyVersion>> VersionsAsync(GcpKeyName name) =>
        [
            .. (
                await calls.ReadAsync(Service, "cryptoKeyVersions.list", name.ToString(), c =>
                    clients.Kms.ListCryptoKeyVersionsAsync(name.ToString(), c)
                )
            )
                .OrderByDescending(v => v.CreateTime)
                .ThenByDescending(v => int.TryParse(v.Id, out var number) ? number : 0),
        ];

    public Task<IamPolicy> PolicyAsync(string resource) =>
        calls.ReadAsync(Service, "getIamPolicy", resource, c => clients.Kms.GetIamPolicyAsync(resource, c));

    /// <summary>The ring's policy; null when it may not be read.</summary>
    public async Task<IamPolicy?> RingPolicyAsync(GcpKeyName name)
    {
        try
        {
            return await PolicyAsync(name.RingName);
        }
        catch (GcpFault fault) when (fault.Code is 403 or 404)
        {
            return null;
        }
    }

    /// <summary>What stands against making a ring and a key in a location; null when nothing does, or when it may not be asked.</summary>
    public async Task<CmekException?> LocationFaultAsync(GcpKeyName name, bool needsHsm)
    {
        try
        {
            var location = await calls.ReadAsync(Service, "locations.get", name.LocationName, c =>
                clients.Kms.GetLocationAsync(name.LocationName, c)
            );
            return needsHsm && location.HasHsm == false ? GcpErrors.HsmNotAvailable(name.Location) : null;
        }
        catch (GcpFault fault) when (fault.Code is 400 or 404)
        {
            return GcpErrors.LocationUnknown(name.Location, fault.Message);
        }
        catch (GcpFault fault) when (fault.Code == 403 && fault.Reason != "SERVICE_DISABLED")
        {
            return null;
        }
    }
}
