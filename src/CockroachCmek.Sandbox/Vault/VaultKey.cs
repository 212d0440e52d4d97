using System.Globalization;
using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Vault;

/// <summary>A key of the key management engine, with the key material of every version.</summary>
internal sealed class VaultKey(string name, string type, IReadOnlyList<string> replicaRegions)
{
    public string Name { get; } = name;

    /// <summary>The type, which never changes.</summary>
    public string Type { get; } = type;

    /// <summary>AWS regions that the key can be replicated to.</summary>
    public IReadOnlyList<string> ReplicaRegions { get; } = replicaRegions;

    /// <summary>Versions, counted from 1. None is ever deleted.</summary>
    public SortedDictionary<int, (VaultMaterial Material, DateTimeOffset Created)> Versions { get; } = [];

    public int Latest => Versions.Keys.Last();

    /// <summary>The oldest enabled version. Older ones are disabled in the cloud.</summary>
    public int MinEnabled { get; set; } = 1;

    public bool DeletionAllowed { get; set; }

    /// <summary>Its distribution; a key is in one KMS at a time.</summary>
    public KeyDistribution? Distribution { get; set; }

    public void Rotate(DateTimeOffset now, RsaSupply rsa) =>
        Versions[Versions.Count + 1] = (VaultMaterial.Generate(Type, rsa), now);

    /// <summary>
    /// The key as servers show it (recorded 2021 and 2023). Disabled versions are omitted, and the map is called
    /// versions; the API's page calls it keys.
    /// </summary>
    public JsonObject ToJson(bool withReplicas)
    {
        var versions = new JsonObject();
        foreach (var version in Versions.Where(v => v.Key >= MinEnabled))
        {
            var shown = new JsonObject { ["creation_time"] = VaultTime.Text(version.Value.Created) };
            if (version.Value.Material.PublicKeyPem(Type) is { } pem)
                shown["public_key"] = pem;
            versions[version.Key.ToString(CultureInfo.InvariantCulture)] = shown;
        }

        var data = new JsonObject
        {
            ["deletion_allowed"] = DeletionAllowed,
            ["latest_version"] = Latest,
            ["min_enabled_version"] = MinEnabled,
            ["name"] = Name,
            ["type"] = Type,
            ["versions"] = versions,
        };
        if (withReplicas && ReplicaRegions.Count > 0)
            data["replica_regions"] = new JsonArray([.. ReplicaRegions.Select(r => (JsonNode)r)]);
        return data;
    }
}
