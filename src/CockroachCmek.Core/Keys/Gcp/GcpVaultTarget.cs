using System.Text.RegularExpressions;
using CockroachCmek.Core.Keys.Vault;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>Cloud KMS as a target of HashiCorp Vault: a key collection is a key ring, and one key serves all regions.</summary>
internal sealed class GcpVaultTarget : IVaultTarget
{
    private static readonly Regex KeyRing = new(
        @"^projects/[^/\s]+/locations/[^/\s]+/keyRings/[a-zA-Z0-9_-]{1,63}$",
        RegexOptions.CultureInvariant
    );

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

    public bool IsAlwaysHsm => false;

    public VaultCollection CollectionFor(CrdbCluster cluster, string? given, string region)
    {
        const string form = "projects/<project>/locations/<location>/keyRings/<ring>";
        if (given is null)
            throw VaultErrors.VaultCollectionMissing(cluster.Name, "the name of a key ring", form);
        return KeyRing.IsMatch(given)
            ? new VaultCollection(given, "")
            : throw VaultErrors.VaultCollectionMalformed(given, form);
    }

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

    /// <summary>A URI means all versions of the key, so it means the latest.</summary>
    public int? VersionOf(string keyUri, VaultEntry entry, VaultDistribution distribution) =>
        keyUri == $"{entry.KeyCollection}/cryptoKeys/{distribution.Name}" && distribution.Versions.Count > 0
            ? distribution.Versions.Keys.Max()
            : null;
}
