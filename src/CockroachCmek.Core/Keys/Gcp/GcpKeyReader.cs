using CockroachCmek.Core.Keys.Gcp.Access;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>A key that exists, its policy, and what the policies of the key and its ring grant an account.</summary>
internal sealed record FoundKey(GcpKeyName Name, CryptoKey Key, IamPolicy Policy, GcpReading Access)
{
    /// <summary>The value of a label; null without one.</summary>
    public string? Label(string name) => GcpLabels.Read(Key, name);

    /// <summary>True when bindings on the key or its ring let the account use the key, be it on conditions.</summary>
    public bool IsGranted => Access.IsNamed;
}

/// <summary>Reads key rings, keys, versions and their policies.</summary>
internal sealed class GcpKeyReader(GcpClients clients, GcpCalls calls)
{
    private const string Service = "KMS";

    private readonly GcpPolicies _policies = new(clients, calls);
    private readonly GcpAccessReader _access = new(clients, calls);

    /// <summary>A key with its policies; null without one.</summary>
    public async Task<FoundKey?> FindAsync(GcpKeyName name, ServiceAccountEmail account)
    {
        if (await FindKeyAsync(name) is not { } key)
            return null;
        var policy = await ReadPolicyAsync(name);
        var access = await _access.ReadOwnAsync(name, account, policy, ring: null);
        // Bindings are inherited, so the ring's may grant the use.
        if (!access.IsNamed && await FindRingPolicyAsync(name.Ring) is { } ring)
            access = await _access.ReadOwnAsync(name, account, policy, ring);
        return new FoundKey(name, key, policy, access);
    }

    /// <summary>The cluster's key under a name, or the key that a rotation has put in force instead of it.</summary>
    public async Task<FoundKey?> FindInForceAsync(GcpKeyName name, ServiceAccountEmail account)
    {
        if (await FindAsync(name, account) is not { } first)
            return null;
        return
            first.Label(GcpLabels.InForce) is { } id && await FindAsync(name with { Id = id }, account) is { } inForce
            ? inForce
            : first;
    }

    /// <summary>A key without its policies; null without one.</summary>
    public Task<CryptoKey?> FindKeyAsync(GcpKeyName name) =>
        calls.FindAsync(Service, "cryptoKeys.get", name.ToString(), c =>
            clients.Kms.GetCryptoKeyAsync(name.ToString(), c)
        );

    /// <summary>
    /// Whether a key exists, and the key itself unless the credentials are not allowed to read it: neither its policy
    /// nor
    /// its versions need that.
    /// </summary>
    public async Task<(bool Exists, CryptoKey? Key)> FindIfAllowedAsync(GcpKeyName name)
    {
        try
        {
            var key = await FindKeyAsync(name);
            return (key is not null, key);
        }
        catch (GcpException error) when (error.Code == 403)
        {
            calls.Context.Host.Verbose($"{name} could not be read: {error.Message}");
            return (true, null);
        }
    }

    public Task<KmsKeyRing?> FindRingAsync(GcpRingName name) =>
        calls.FindAsync(Service, "keyRings.get", name.ToString(), c => clients.Kms.GetKeyRingAsync(name.ToString(), c));

    public Task<IReadOnlyList<CryptoKey>> ListKeysAsync(GcpRingName ring) =>
        calls.ReadAsync(Service, "cryptoKeys.list", ring.ToString(), c =>
            clients.Kms.ListCryptoKeysAsync(ring.ToString(), c)
        );

    /// <summary>True when every version is destroyed, or about to be: nobody can use the key.</summary>
    public async Task<bool> IsDestroyedAsync(GcpKeyName name)
    {
        try
        {
            var versions = await ListVersionsAsync(name);
            return versions.Count > 0 && versions.All(v => v.State is "DESTROYED" or "DESTROY_SCHEDULED");
        }
        catch (GcpException error) when (error.Code is 403 or 404)
        {
            return false;
        }
    }

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
