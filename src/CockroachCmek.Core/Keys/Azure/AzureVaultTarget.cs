using System.Text.RegularExpressions;
using CockroachCmek.Core.Keys.Vault;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// Azure Key Vault as a target of HashiCorp Vault: a key collection is a Key Vault, and each version has its own URI.
/// </summary>
internal sealed class AzureVaultTarget : IVaultTarget
{
    private const string PublicHost = "vault.azure.net";

    private static readonly Regex KeyVaultUri = new(
        @"^https://(?<name>[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9])"
            + @"\.(?<host>vault\.(azure\.net|azure\.cn|usgovcloudapi\.net))/?$",
        RegexOptions.CultureInvariant
    );

    private static readonly Regex KeyVaultName = new(
        "^[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]$",
        RegexOptions.CultureInvariant
    );

    private static readonly Regex Key = new(
        @"^https://(?<vault>[^./]+)\.(?<host>[^/]+)/keys/(?<key>[^/]+)(/(?<version>[^/]+))?$",
        RegexOptions.CultureInvariant
    );

    public string Provider => "azurekeyvault";

    public IReadOnlyList<string> KeyTypes { get; } = ["rsa-3072", "rsa-2048", "rsa-4096"];

    /// <summary>CockroachDB wraps its store key with RSA-OAEP-256 (cmek.md), which needs wrap and unwrap.</summary>
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

    /// <summary>Names of Key Vaults are not case-sensitive.</summary>
    public StringComparer CollectionComparer => StringComparer.OrdinalIgnoreCase;

    public VaultCollection CollectionFor(CrdbCluster cluster, CloudOptions options, string region)
    {
        var given = GivenKeyVault(cluster, options);
        if (KeyVaultUri.Match(given) is { Success: true } uri)
            return new VaultCollection(uri.Groups["name"].Value, uri.Groups["host"].Value);
        return KeyVaultName.IsMatch(given)
            ? new VaultCollection(given, PublicHost)
            : throw VaultErrors.VaultCollectionMalformed(
                given,
                $"the name of an Azure Key Vault, or https://<name>.{PublicHost}"
            );
    }

    /// <summary>The Key Vault as it was given: -VaultKeyCollection, or one -KeyVaultName.</summary>
    /// <exception cref="CmekException">VaultCollectionMissing.</exception>
    public static string GivenKeyVault(CrdbCluster cluster, CloudOptions options) =>
        VaultKeyOptions.From(options).KeyCollection
        ?? (options.Get<string[]>("KeyVaultName") is { Length: 1 } names ? names[0] : null)
        ?? throw VaultErrors.VaultCollectionMissing(cluster.Name, "the name of an Azure Key Vault", "<Key Vault name>");

    /// <summary>The host comes from the URI: Vault does not report it.</summary>
    public VaultCollection CollectionOf(VaultEntry entry, string keyUri) =>
        new(entry.KeyCollection, Key.Match(keyUri) is { Success: true } key ? key.Groups["host"].Value : "");

    public bool HasCredentials(VaultCloudCredentials? given) => given?.Password is not null;

    /// <summary>The identity of an Azure key is its tenant, which is also the tenant of these credentials.</summary>
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
        fields["tenant_id"] = authPrincipal;
        fields["client_id"] = given!.UserName ?? "";
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
            || !CollectionComparer.Equals(key.Groups["vault"].Value, entry.KeyCollection)
            || !string.Equals(key.Groups["key"].Value, distribution.Name, StringComparison.OrdinalIgnoreCase)
        )
            return null;
        var version = key.Groups["version"].Value;
        return distribution.Versions.Where(v => v.Value == version).Select(v => (int?)v.Key).FirstOrDefault();
    }
}
