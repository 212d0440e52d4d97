using CockroachCmek.Core.Keys.Vault;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// Cloud KMS as a target of HashiCorp Vault: a key collection is a key ring, and one key serves all regions.
/// </summary>
internal sealed class GcpVaultTarget : IVaultTarget
{
    private const string KeyRingForm = "projects/<project>/locations/<location>/keyRings/<ring>";

    public string Provider => "gcpckms";

    public IReadOnlyList<string> KeyTypes { get; } = ["aes256-gcm96"];

    public string Purpose => "encrypt,decrypt";

    public IReadOnlyList<string> NeededPurposes { get; } = ["encrypt", "decrypt"];

    public IReadOnlyCollection<string> KeyOptions { get; } =
    [
        "VaultKeyType",
        "VaultKeyCollection",
        "BootstrapVaultAccess",
        "ServiceAccountKeyPath",
        "Project",
        "Location",
        "KeyRing",
        "ProtectionLevel",
    ];

    public bool HasKeyForEachRegion => false;

    public bool HasUriForEachVersion => false;

    public StringComparer CollectionComparer => StringComparer.Ordinal;

    public VaultCollection CollectionFor(CrdbCluster cluster, CloudOptions options, string region) =>
        VaultKeyOptions.From(options).KeyCollection is { } given
            ? new VaultCollection(ParseKeyRing(given).ToString(), "")
            : throw VaultErrors.VaultCollectionMissing(cluster.Name, "the name of a key ring", KeyRingForm);

    /// <summary>Reads the resource name of a key ring.</summary>
    /// <exception cref="CmekException">VaultCollectionMalformed.</exception>
    public static GcpRingName ParseKeyRing(string text) =>
        GcpRingName.TryParse(text) ?? throw VaultErrors.VaultCollectionMalformed(text, KeyRingForm);

    public VaultCollection CollectionOf(VaultEntry entry, string keyUri) => new(entry.KeyCollection, "");

    public bool HasCredentials(VaultCloudCredentials? given) => given?.ServiceAccountFile is not null;

    public IReadOnlyDictionary<string, string> CredentialFields(
        VaultCloudCredentials? given,
        VaultCollection collection,
        string authPrincipal
    ) =>
        given?.ServiceAccountFile is { } file
            ? new Dictionary<string, string> { ["service_account_file"] = file }
            : new Dictionary<string, string>();

    public string KeyUri(VaultDistribution distribution, VaultCollection collection, int version) =>
        PlannedKeyUri(collection, distribution.Name, "");

    public string PlannedKeyUri(VaultCollection collection, string key, string authPrincipal) =>
        $"{collection.Name}/cryptoKeys/{key}";

    /// <summary>A URI names no version, and so means the latest one.</summary>
    public int? VersionOf(string keyUri, VaultEntry entry, VaultDistribution distribution) =>
        keyUri == $"{entry.KeyCollection}/cryptoKeys/{distribution.Name}" && distribution.Versions.Count > 0
            ? distribution.Versions.Keys.Max()
            : null;
}
