using System.Text.RegularExpressions;
using CockroachCmek.Core.Keys.Vault;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>Azure Key Vault as a target of HashiCorp Vault: a key collection is a Key Vault, and each version has its own URI.</summary>
internal sealed class AzureVaultTarget : IVaultTarget
{
    private const string PublicHost = "vault.azure.net";

    private static readonly Regex VaultUri = new(
        @"^https://(?<name>[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9])"
            + @"\.(?<host>vault\.(azure\.net|azure\.cn|usgovcloudapi\.net))/?$",
        RegexOptions.CultureInvariant
    );

    private static readonly Regex VaultName = new(
        "^[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]$",
        RegexOptions.CultureInvariant
    );

    private static readonly Regex Key = new(
        @"^https://(?<vault>[^./]+)\.(?<host>[^/]+)/keys/(?<key>[^/]+)(/(?<version>[^/]+))?$",
        RegexOptions.CultureInvariant
    );

    public string Provider => "azurekeyvault";

    public IReadOnlyList<string> KeyTypes { get; } = ["rsa-3072", "rsa-2048", "rsa-4096"];

    /// <summary>CockroachDB wraps its store key with RSA-OAEP-256 (cmek.md), which encrypt and decrypt do not allow.</summary>
    public string Purpose => "encrypt,decrypt,wrap,unwrap";

    public IReadOnlyList<string> NeededPurposes { get; } = ["wrap", "unwrap"];

    public IReadOnlyCollection<string> KeyOptions { get; } =
    [
        "VaultKeyType",
        "VaultKeyCollection",
        "KeyVaultName",
        "SubscriptionId",
        "ProtectionLevel",
        "RoleName",
        "PrincipalId",
    ];

    public bool HasKeyForEachRegion => false;

    public bool HasUriForEachVersion => true;

    public bool IsAlwaysHsm => false;

    public VaultCollection CollectionFor(CrdbCluster cluster, string? given, string region)
    {
        if (given is null)
            throw VaultErrors.VaultCollectionMissing(
                cluster.Name,
                "the name of an Azure Key Vault",
                "<Key Vault name>"
            );
        if (VaultUri.Match(given) is { Success: true } uri)
            return new VaultCollection(uri.Groups["name"].Value, uri.Groups["host"].Value);
        return VaultName.IsMatch(given)
            ? new VaultCollection(given, PublicHost)
            : throw VaultErrors.VaultCollectionMalformed(
                given,
                $"the name of an Azure Key Vault, or https://<name>.{PublicHost}"
            );
    }

    /// <summary>The URI tells the host, which Vault does not.</summary>
    public VaultCollection CollectionOf(VaultEntry entry, string keyUri) =>
        new(entry.KeyCollection, Key.Match(keyUri) is { Success: true } key ? key.Groups["host"].Value : "");

    public bool HasCredentials(VaultCloudCredentials? given) => given?.Password is not null;

    /// <summary>Without a tenant of its own, the entry takes the cluster's: the principal of an Azure key is its tenant.</summary>
    public IReadOnlyDictionary<string, string> CredentialFields(
        VaultCloudCredentials? given,
        VaultCollection collection,
        string authPrincipal
    )
    {
        var fields = new Dictionary<string, string>();
        if (collection.Host is not (PublicHost or ""))
            fields["environment"] = collection.Host.EndsWith("cn", StringComparison.Ordinal)
                ? "AZURECHINACLOUD"
                : "AZUREUSGOVERNMENTCLOUD";
        if (!HasCredentials(given))
            return fields;
        fields["tenant_id"] = given!.TenantId ?? authPrincipal;
        fields["client_id"] = given.UserName ?? "";
        fields["client_secret"] = given.Password!.Reveal();
        return fields;
    }

    public string KeyUri(VaultDistribution distribution, VaultCollection collection, int version) =>
        $"{PlannedKeyUri(collection, distribution.Name, "")}/{distribution.Versions[version]}";

    public string PlannedKeyUri(VaultCollection collection, string key, string authPrincipal) =>
        $"https://{collection.Name}.{collection.Host}/keys/{key}";

    public int? VersionOf(string keyUri, VaultEntry entry, VaultDistribution distribution)
    {
        if (
            Key.Match(keyUri) is not { Success: true } key
            || !Same(key.Groups["vault"].Value, entry.KeyCollection)
            || !Same(key.Groups["key"].Value, distribution.Name)
        )
            return null;
        var version = key.Groups["version"].Value;
        return distribution.Versions.Where(v => v.Value == version).Select(v => (int?)v.Key).FirstOrDefault();
    }

    private static bool Same(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
}
