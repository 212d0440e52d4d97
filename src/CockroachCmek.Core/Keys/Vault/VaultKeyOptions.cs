namespace CockroachCmek.Core.Keys.Vault;

/// <summary>Options of keys that only keys generated in Vault have.</summary>
internal sealed record VaultKeyOptions
{
    /// <summary>
    /// Where Vault puts the key: on Google Cloud the resource name of a key ring, on Azure the name of a Key Vault. On AWS it is
    /// the region.
    /// </summary>
    public string? KeyCollection { get; private init; }

    /// <summary>Vault's name of the key type. Default: the first that the cloud supports.</summary>
    public string? KeyType { get; private init; }

    /// <summary>Google Cloud and Azure: what keeps the distributed key. Default: hardware.</summary>
    public CmekProtectionLevel? ProtectionLevel { get; private init; }

    /// <summary>
    /// Google Cloud: give Vault an identity of its own, as the documentation's page does: a custom role, a service account, and its
    /// binding on the key ring.
    /// </summary>
    public bool BootstrapAccess { get; private init; }

    /// <summary>Google Cloud: where to write a key of that service account. Default: no key is created.</summary>
    public string? ServiceAccountKeyPath { get; private init; }

    public static VaultKeyOptions From(CloudOptions options) =>
        new()
        {
            KeyCollection = options.Get<string>("VaultKeyCollection")
                ?? (options.Get<string[]>("KeyVaultName") is { Length: 1 } named ? named[0] : null),
            KeyType = options.Get<string>("VaultKeyType"),
            ProtectionLevel = options.Get<CmekProtectionLevel?>("ProtectionLevel"),
            BootstrapAccess =
                options.Get<bool>("BootstrapVaultAccess") || options.Get<string>("ServiceAccountKeyPath") is not null,
            ServiceAccountKeyPath = options.Get<string>("ServiceAccountKeyPath"),
        };
}
