namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// AWS KMS as a target of HashiCorp Vault: a key collection is a region, and each version is its own KMS key.
/// </summary>
internal sealed class AwsVaultTarget : IVaultTarget
{
    public string Provider => "awskms";

    public IReadOnlyList<string> KeyTypes { get; } = ["aes256-gcm96"];

    public string Purpose => "encrypt,decrypt";

    public IReadOnlyList<string> NeededPurposes { get; } = ["encrypt", "decrypt"];

    public IReadOnlyCollection<string> KeyOptions { get; } = ["VaultKeyType"];

    public bool HasKeyForEachRegion => true;

    public bool HasUriForEachVersion => true;

    public StringComparer CollectionComparer => StringComparer.Ordinal;

    public VaultCollection CollectionFor(CrdbCluster cluster, CloudOptions options, string region) => new(region, "");

    public VaultCollection CollectionOf(VaultEntry entry, string keyUri) => new(entry.KeyCollection, "");

    public bool HasCredentials(VaultCloudCredentials? given) => given?.Password is not null;

    public IReadOnlyDictionary<string, string> CredentialFields(
        VaultCloudCredentials? given,
        VaultCollection collection,
        string authPrincipal
    ) =>
        HasCredentials(given)
            ? new Dictionary<string, string>
            {
                ["access_key"] = given!.UserName ?? "",
                ["secret_key"] = given.Password!.Reveal(),
            }
            : new Dictionary<string, string>();

    public string KeyUri(VaultDistribution distribution, VaultCollection collection, int version) =>
        distribution.Versions[version];

    /// <summary>
    /// The alias that Vault creates, in the role's account: the account that is known before the key exists.
    /// </summary>
    public string PlannedKeyUri(VaultCollection collection, string key, string authPrincipal) =>
        $"arn:{AwsPartition.OfRegion(collection.Name).Name}:kms:{collection.Name}"
        + $":{RoleArn.Parse(authPrincipal).AccountId}:alias/hashicorp/{key}";

    public int? VersionOf(string keyUri, VaultEntry entry, VaultDistribution distribution)
    {
        if (keyUri.Split(':') is not { Length: 6 } arn || arn[3] != entry.KeyCollection)
            return null;
        var id = arn[5].StartsWith("key/", StringComparison.Ordinal) ? arn[5].Substring(4) : arn[5];
        return distribution.Versions.Where(v => v.Value == id).Select(v => (int?)v.Key).FirstOrDefault();
    }
}
