using System.Collections.Concurrent;

namespace CockroachCmek.Session;

/// <summary>A key and the identity that uses it; one of the two may be empty.</summary>
internal sealed record SeenKey(string KeyUri, string AuthPrincipal, string Where);

/// <summary>The keys and identities in what a session's cmdlets have returned, for completion. Thread-safe.</summary>
internal sealed class SessionMemory
{
    private readonly ConcurrentDictionary<string, SeenKey> _keys = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, CmekAccess> _access = new(StringComparer.OrdinalIgnoreCase);

    public IReadOnlyList<SeenKey> Keys => Ordered(_keys);

    /// <summary>Identities with access to keys.</summary>
    public IReadOnlyList<CmekAccess> Access => Ordered(_access);

    /// <summary>Remembers what an object names. Planned keys do not exist.</summary>
    public void Add(object shown)
    {
        switch (shown)
        {
            case IPlannable { IsPlanned: true }:
                break;
            case CmekRole role:
                Add("", role.AuthPrincipal, $"identity of {role.ClusterName}");
                break;
            case CmekKey key:
                var use = key.Use == CmekKeyUse.Unknown ? "" : $": {key.Use}";
                Add(key.KeyUri, key.AuthPrincipal, $"{key.ClusterName}, {key.Region}{use}");
                break;
            case CmekManifest manifest:
                AddSpecs(manifest.RegionSpecs, manifest.ClusterName ?? "a manifest");
                break;
            case CmekRevocation revocation:
                AddSpecs(revocation.Keys, revocation.ClusterName);
                break;
            case CmekInfo info:
                foreach (var region in info.Regions)
                foreach (var key in region.Keys)
                    Add(key.KeyUri, key.AuthPrincipal, $"{info.ClusterName}, {region.Region}: {key.Status}");
                break;
            case CmekAccess { Principal.Length: > 0 } access:
                _access.TryAdd(access.Principal, access);
                break;
        }
    }

    private void AddSpecs(IEnumerable<CmekRegionSpec> specs, string where)
    {
        foreach (var spec in specs)
            Add(spec.KeyUri, spec.AuthPrincipal, $"{where}, {spec.Region}");
    }

    private void Add(string keyUri, string principal, string where) =>
        _keys.TryAdd($"{keyUri} {principal}", new SeenKey(keyUri, principal, where));

    private static IReadOnlyList<T> Ordered<T>(ConcurrentDictionary<string, T> things) =>
        [.. things.OrderBy(pair => pair.Key, StringComparer.OrdinalIgnoreCase).Select(pair => pair.Value)];
}
