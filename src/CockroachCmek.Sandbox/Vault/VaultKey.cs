using System.Globalization;
using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Vault;

/// <summary>A key of the key management engine: Vault keeps the original of every version.</summary>
internal sealed class VaultKey(string name, string type, IReadOnlyList<string> replicaRegions)
{
    public string Name { get; } = name;

    /// <summary>Never changes.</summary>
    public string Type { get; } = type;

    /// <summary>Further AWS regions that the key may be replicated to.</summary>
    public IReadOnlyList<string> ReplicaRegions { get; } = replicaRegions;

    /// <summary>Versions from 1; none is ever lost.</summary>
    public SortedDictionary<int, (VaultMaterial Material, DateTimeOffset Created)> Versions { get; } = [];

    public int Latest => Versions.Keys.Last();

    /// <summary>Older versions are disabled in the cloud.</summary>
    public int MinEnabled { get; set; } = 1;

    public bool DeletionAllowed { get; set; }

    /// <summary>Where it is; a key is in one KMS at a time.</summary>
    public KeyDistribution? Distribution { get; set; }

    public void Rotate(DateTimeOffset now) => Versions[Versions.Count + 1] = (VaultMaterial.Generate(Type), now);

    /// <summary>As servers show it (recorded 2021 and 2023): disabled versions are left out, and the map is called versions, not keys as on the API's page.</summary>
    public JsonObject Describe(bool withReplicas)
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

/// <summary>A key's copy in a KMS.</summary>
internal sealed class KeyDistribution(
    KmsProvider kms,
    string cloudName,
    IReadOnlyList<string> purpose,
    string protection,
    DateTimeOffset at
)
{
    public KmsProvider Kms { get; } = kms;

    /// <summary>The key's name and the second when it was distributed: another one each time.</summary>
    public string CloudName { get; } = cloudName;

    /// <summary>Sorted.</summary>
    public IReadOnlyList<string> Purpose { get; } = purpose;

    public string Protection { get; } = protection;

    /// <summary>What each version is called in the KMS: a KMS key's id on AWS, the version's number on GCP, the version's id on Azure.</summary>
    public SortedDictionary<int, string> Versions { get; } = [];

    public JsonObject Describe()
    {
        var versions = new JsonObject();
        foreach (var version in Versions)
            versions[version.Key.ToString(CultureInfo.InvariantCulture)] = version.Value;
        return new JsonObject
        {
            ["distribution_time"] = VaultTime.Text(at),
            ["name"] = CloudName,
            ["protection"] = Protection,
            ["purpose"] = string.Join(",", Purpose),
            ["versions"] = versions,
        };
    }
}

/// <summary>A place for keys in a cloud, and what Vault signs in with there; never shown.</summary>
internal sealed class KmsProvider(string name, string provider, string collection)
{
    public string Name { get; } = name;

    /// <summary>awskms, gcpckms or azurekeyvault; never changes.</summary>
    public string Provider { get; } = provider;

    /// <summary>A region, a key ring or a vault's name; never changes.</summary>
    public string Collection { get; } = collection;

    public IReadOnlyDictionary<string, string> Credentials { get; set; } = new Dictionary<string, string>();
}

/// <summary>How Vault writes times.</summary>
internal static class VaultTime
{
    public static string Text(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
}
