namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// A key that exists, its policy, and the policy of its ring where the key's own does not grant the use.
/// </summary>
internal sealed record FoundKey(GcpKeyName Name, CryptoKey Key, IamPolicy Policy, IamPolicy? RingPolicy)
{
    /// <summary>The value of a label; null without one.</summary>
    public string? Label(string name) => GcpLabels.Read(Key, name);

    /// <summary>Whether a member may encrypt and decrypt with the key, by its own policy or the ring's.</summary>
    public Granted GrantsUse(string member, DateTimeOffset now)
    {
        var onKey = Policy.GrantsUse(member, now);
        var onRing = RingPolicy?.GrantsUse(member, now) ?? Granted.No;
        return onKey > onRing ? onKey : onRing;
    }
}

/// <summary>Reads key rings, keys, versions and their policies.</summary>
internal sealed class GcpKeyReader(GcpClients clients, GcpCalls calls)
{
    private const string Service = "KMS";

    private readonly GcpPolicies _policies = new(clients, calls);

    /// <summary>A key with its policies; null without one.</summary>
    public async Task<FoundKey?> FindAsync(GcpKeyName name, string member) =>
        await FindKeyAsync(name) is { } key ? await ReadPoliciesAsync(name, key, member) : null;

    /// <summary>Reads the policies of a key.</summary>
    public async Task<FoundKey> ReadPoliciesAsync(GcpKeyName name, CryptoKey key, string member)
    {
        var policy = await ReadPolicyAsync(name);
        // Bindings are inherited, so the ring's may grant the use. (The project's would need another API to read.)
        var isGranted = policy.GrantsUse(member, calls.Context.Time.GetUtcNow()) != Granted.No;
        return new FoundKey(name, key, policy, isGranted ? null : await FindRingPolicyAsync(name.Ring));
    }

    /// <summary>The cluster's key under a name, or the key that a rotation has put in force instead of it.</summary>
    public async Task<FoundKey?> FindInForceAsync(GcpKeyName name, string member)
    {
        if (await FindAsync(name, member) is not { } first)
            return null;
        return first.Label(GcpLabels.InForce) is { } id && await FindAsync(name with { Id = id }, member) is { } inForce
            ? inForce
            : first;
    }

    /// <summary>A key without its policies; null without one.</summary>
    public Task<CryptoKey?> FindKeyAsync(GcpKeyName name) =>
        calls.FindAsync(Service, "cryptoKeys.get", name.ToString(), c =>
            clients.Kms.GetCryptoKeyAsync(name.ToString(), c)
        );

    public Task<KmsKeyRing?> FindRingAsync(GcpRingName name) =>
        calls.FindAsync(Service, "keyRings.get", name.ToString(), c => clients.Kms.GetKeyRingAsync(name.ToString(), c));

    public Task<IReadOnlyList<CryptoKey>> ListKeysAsync(GcpRingName ring) =>
        calls.ReadAsync(Service, "cryptoKeys.list", ring.ToString(), c =>
            clients.Kms.ListCryptoKeysAsync(ring.ToString(), c)
        );

    /// <summary>All versions of a key, the newest first.</summary>
    public async Task<IReadOnlyList<CryptoKeyVersion>> ListVersionsAsync(GcpKeyName name)
    {
        var versions = await calls.ReadAsync(Service, "cryptoKeyVersions.list", name.ToString(), c =>
            clients.Kms.ListCryptoKeyVersionsAsync(name.ToString(), c)
        );
        return
        [
            .. versions
                .OrderByDescending(v => v.CreateTime)
                .ThenByDescending(v => int.TryParse(v.Id, out var number) ? number : 0),
        ];
    }

    public Task<IamPolicy> ReadPolicyAsync(GcpKeyName name) => _policies.ReadAsync(name.ToString());

    /// <summary>The policy of a ring; null when the credentials are not allowed to read it.</summary>
    public async Task<IamPolicy?> FindRingPolicyAsync(GcpRingName ring)
    {
        try
        {
            return await _policies.ReadAsync(ring.ToString());
        }
        catch (GcpException error) when (error.Code is 403 or 404)
        {
            return null;
        }
    }

    /// <summary>
    /// Why a ring or a key cannot be created in a location; null when it can, or when the credentials are not allowed
    /// to read locations.
    /// </summary>
    public async Task<CmekException?> FindLocationProblemAsync(GcpRingName ring, bool needsHsm)
    {
        try
        {
            var location = await calls.ReadAsync(Service, "locations.get", ring.LocationName, c =>
                clients.Kms.GetLocationAsync(ring.LocationName, c)
            );
            return needsHsm && location.HasHsm == false ? GcpErrors.HsmNotAvailable(ring.Location) : null;
        }
        catch (GcpException error) when (error.Code is 400 or 404)
        {
            return GcpErrors.LocationUnknown(ring.Location, error.Message);
        }
        catch (GcpException error) when (error.Code == 403 && error.Reason != "SERVICE_DISABLED")
        {
            return null;
        }
    }
}
