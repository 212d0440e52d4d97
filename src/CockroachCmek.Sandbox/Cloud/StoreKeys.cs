using System.Security.Cryptography;

namespace CockroachCmek.Sandbox.Cloud;

/// <summary>Wraps and unwraps the store key of a region with the customer's key, in the customer's cloud.</summary>
internal sealed class StoreKeys(CloudData data, IReadOnlyDictionary<string, IKeyUser> keyUsers)
{
    /// <summary>A random store key.</summary>
    public static byte[] New()
    {
        var key = new byte[32];
        using var random = RandomNumberGenerator.Create();
        random.GetBytes(key);
        return key;
    }

    /// <summary>Wraps the region's store key. Returns the reason why the key cannot be used, or null.</summary>
    public string? Wrap(
        FleetCluster cluster,
        CmekRegion region,
        SandboxKeySpec spec,
        DateTimeOffset now,
        out CmekKeyEntry? entry
    )
    {
        entry = null;
        if (!keyUsers.TryGetValue(spec.Type, out var user))
            return $"This sandbox has no {spec.Type}.";
        var wrapped = user.Wrap(Request(cluster, region, spec, now), region.StoreKey);
        if (!wrapped.Succeeded)
            return wrapped.Refusal;
        entry = new CmekKeyEntry(spec, now, "ENABLING").Holding(wrapped.Bytes!);
        return null;
    }

    /// <summary>A key that is switched to itself may keep its entry.</summary>
    public bool IsInPlace(CmekKeyEntry? old, SandboxKeySpec spec) =>
        data.UpdatesEntryInPlace && old?.Spec.Uri == spec.Uri;

    /// <param name="at">When the key is used, for the customer's logs.</param>
    public KeyUse Unwrap(FleetCluster cluster, CmekRegion region, CmekKeyEntry key, DateTimeOffset? at = null) =>
        keyUsers[key.Spec.Type].Unwrap(Request(cluster, region, key.Spec, at), key.Wrapped);

    /// <summary>True when the key gives the region's store key back.</summary>
    /// <param name="at">When the key is used, for the customer's logs.</param>
    public bool Unwraps(FleetCluster cluster, CmekRegion region, CmekKeyEntry key, DateTimeOffset? at = null) =>
        keyUsers.ContainsKey(key.Spec.Type)
        && Unwrap(cluster, region, key, at) is { Succeeded: true } back
        && back.Bytes!.SequenceEqual(region.StoreKey);

    private KeyUseRequest Request(
        FleetCluster cluster,
        CmekRegion region,
        SandboxKeySpec spec,
        DateTimeOffset? at = null
    ) => new(spec.Uri, spec.AuthPrincipal, data.OrganizationId, cluster.Id, cluster.AccountId, region.Name) { At = at };
}
