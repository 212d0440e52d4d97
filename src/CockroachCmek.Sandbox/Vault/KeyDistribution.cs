using System.Globalization;
using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Vault;

/// <summary>A key in the KMS of a cloud.</summary>
internal sealed class KeyDistribution(
    KmsProvider kms,
    string cloudName,
    IReadOnlyList<string> purpose,
    string protection,
    DateTimeOffset at
)
{
    public KmsProvider Kms { get; } = kms;

    /// <summary>The key's name in the cloud, with the time in seconds. Every distribution has a new name.</summary>
    public string CloudName { get; } = cloudName;

    /// <summary>The sorted purposes.</summary>
    public IReadOnlyList<string> Purpose { get; } = purpose;

    public string Protection { get; } = protection;

    /// <summary>
    /// The id of each version in the KMS: the key id on AWS, the version number on Google Cloud, the version id on
    /// Azure.
    /// </summary>
    public SortedDictionary<int, string> Versions { get; } = [];

    public JsonObject ToJson()
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
