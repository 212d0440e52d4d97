using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Vault;

/// <summary>
/// What differs between the clouds that Vault distributes to, in one place: the provider's name (it is said once, so that an entry cannot be made under one name and used under
/// another), the types of key that are good for CMEK, what a collection is, and how a version of a key is called in the cloud.
/// </summary>
internal sealed record VaultCloud(string CloudProvider, string Provider, IReadOnlyList<string> KeyTypes, string Purpose)
{
    private const string AzureHost = "vault.azure.net";

    private static readonly Regex KeyRing = new(
        @"^projects/[^/\s]+/locations/[^/\s]+/keyRings/[a-zA-Z0-9_-]{1,63}$",
        RegexOptions.CultureInvariant
    );
    private static readonly Regex VaultUri = new(
        @"^https://(?<name>[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9])\.(?<host>vault\.(azure\.net|azure\.cn|usgovcloudapi\.net))/?$",
        RegexOptions.CultureInvariant
    );
    private static readonly Regex VaultName = new(
        "^[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]$",
        RegexOptions.CultureInvariant
    );
    private static readonly Regex AzureKey = new(
        @"^https://(?<vault>[^./]+)\.(?<host>[^/]+)/keys/(?<key>[^/]+)(/(?<version>[^/]+))?$",
        RegexOptions.CultureInvariant
    );

    private static readonly VaultCloud[] All =
    [
        new("AWS", "awskms", ["aes256-gcm96"], "encrypt,decrypt"),
        new("GCP", "gcpckms", ["aes256-gcm96"], "encrypt,decrypt"),
        // CockroachDB wraps its store key there (cmek.md: RSA-OAEP-256), which encrypt and decrypt do not allow.
        new("AZURE", "azurekeyvault", ["rsa-3072", "rsa-2048", "rsa-4096"], "encrypt,decrypt,wrap,unwrap"),
    ];

    public static VaultCloud Of(string cloudProvider) => All.First(c => c.CloudProvider == cloudProvider);

    /// <summary>On AWS a collection is a region, and a key is in one collection: each region has its own. Elsewhere one key serves all.</summary>
    public bool HasKeyForEachRegion => CloudProvider == "AWS";

    /// <summary>Where the key for a region goes.</summary>
    /// <exception cref="CmekException">VaultCollectionMissing, VaultCollectionMalformed.</exception>
    public VaultCollection Collection(CrdbCluster cluster, string? given, string region)
    {
        if (CloudProvider == "AWS")
            return new VaultCollection(region, "");
        if (given is null)
            throw Errors.VaultCollectionMissing(cluster.Name, CloudProvider);
        if (CloudProvider == "GCP")
            return KeyRing.IsMatch(given)
                ? new VaultCollection(given, "")
                : throw Errors.VaultCollectionMalformed(
                    given,
                    "projects/<project>/locations/<location>/keyRings/<ring>"
                );
        if (VaultUri.Match(given) is { Success: true } uri)
            return new VaultCollection(uri.Groups["name"].Value, uri.Groups["host"].Value);
        return VaultName.IsMatch(given)
            ? new VaultCollection(given, AzureHost)
            : throw Errors.VaultCollectionMalformed(
                given,
                "the name of an Azure Key Vault, or https://<name>.vault.azure.net"
            );
    }

    /// <summary>The fields of an entry's credentials (HashiCorp's API pages of the three providers); none where Vault's own environment is to be used.</summary>
    public IReadOnlyDictionary<string, string> Credentials(
        VaultCloudCredentials? given,
        VaultCollection collection,
        string authPrincipal
    )
    {
        var fields = new Dictionary<string, string>();
        if (CloudProvider == "AZURE" && collection.Host is not (AzureHost or ""))
            fields["environment"] = collection.Host.EndsWith("cn", StringComparison.Ordinal)
                ? "AZURECHINACLOUD"
                : "AZUREUSGOVERNMENTCLOUD";
        if (!IsGiven(given))
            return fields;
        if (CloudProvider == "AWS")
            (fields["access_key"], fields["secret_key"]) = (given!.UserName ?? "", given.Password!.Reveal());
        else if (CloudProvider == "GCP")
            fields["service_account_file"] = given!.ServiceAccountFile!;
        else
            (fields["tenant_id"], fields["client_id"], fields["client_secret"]) = (
                given!.TenantId ?? authPrincipal,
                given.UserName ?? "",
                given.Password!.Reveal()
            ); // the principal of an Azure key is its tenant
        return fields;
    }

    /// <summary>Whether there are credentials for this cloud: in a mixed fleet they may be for another.</summary>
    public bool IsGiven(VaultCloudCredentials? given) =>
        CloudProvider == "GCP" ? given?.ServiceAccountFile is not null : given?.Password is not null;

    /// <summary>What the cloud calls a version of a distributed key; on AWS its id, which is good in its region: Vault does not know the account.</summary>
    public string Uri(VaultDistribution distribution, VaultCollection collection, int version) =>
        CloudProvider switch
        {
            "AWS" => distribution.Versions[version],
            "GCP" => $"{collection.Name}/cryptoKeys/{distribution.Name}",
            _ =>
                $"https://{collection.Name}.{collection.Host}/keys/{distribution.Name}/{distribution.Versions[version]}",
        };

    /// <summary>Where a key that is not made yet will be found, as far as it can be known: Vault adds to the name, and the cloud numbers the versions.</summary>
    public string PlannedUri(VaultCollection collection, string key, string authPrincipal) =>
        CloudProvider switch
        {
            "AWS" =>
                $"arn:{Aws.AwsPartition.OfRegion(collection.Name).Name}:kms:{collection.Name}:{Manifest.KeyUri.AccountOfRole(authPrincipal)}:alias/hashicorp/{key}",
            "GCP" => $"{collection.Name}/cryptoKeys/{key}",
            _ => $"https://{collection.Name}.{collection.Host}/keys/{key}",
        };

    /// <summary>The version of a distributed key that a URI means; null when it means another key. A Google Cloud URI means all versions: it gives the latest.</summary>
    public int? VersionOf(string uri, VaultEntry entry, VaultDistribution distribution)
    {
        switch (CloudProvider)
        {
            case "AWS":
                return uri.Split(':') is { Length: 6 } arn && arn[3] == entry.KeyCollection
                    ? Version(arn[5].StartsWith("key/", StringComparison.Ordinal) ? arn[5].Substring(4) : arn[5])
                    : null;
            case "GCP":
                return uri == $"{entry.KeyCollection}/cryptoKeys/{distribution.Name}" && distribution.Versions.Count > 0
                    ? distribution.Versions.Keys.Max()
                    : null;
            default:
                return
                    AzureKey.Match(uri) is { Success: true } key
                    && string.Equals(key.Groups["vault"].Value, entry.KeyCollection, StringComparison.OrdinalIgnoreCase)
                    && string.Equals(key.Groups["key"].Value, distribution.Name, StringComparison.OrdinalIgnoreCase)
                    ? Version(key.Groups["version"].Value)
                    : null;
        }

        int? Version(string id) =>
            distribution.Versions.Where(v => v.Value == id).Select(v => (int?)v.Key).FirstOrDefault();
    }

    /// <summary>The collection of a key in force. On Azure the URI tells the host, which Vault does not.</summary>
    public VaultCollection CollectionOf(VaultEntry entry, string uri) =>
        new(
            entry.KeyCollection,
            CloudProvider == "AZURE" && AzureKey.Match(uri) is { Success: true } key ? key.Groups["host"].Value : ""
        );
}

/// <summary>Where Vault puts keys: a region, a key ring, or a Key Vault with the host of its cloud.</summary>
internal sealed record VaultCollection(string Name, string Host);
