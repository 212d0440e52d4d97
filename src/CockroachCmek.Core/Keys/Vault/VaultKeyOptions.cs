namespace CockroachCmek.Core.Keys.Vault;

/// <summary>Options of keys that are generated in Vault, whatever the cloud.</summary>
internal sealed record VaultKeyOptions
{
    /// <summary>
    /// Where Vault puts the key: the resource name of a key ring on Google Cloud, the name of a Key Vault on Azure.
    /// On AWS it is always the region.
    /// </summary>
    public string? KeyCollection { get; private init; }

    /// <summary>Vault's name of the key type. Default: the first that the cloud supports.</summary>
    public string? KeyType { get; private init; }

    /// <summary>Google Cloud and Azure: how the distributed key is protected. Default: hardware.</summary>
    public CmekProtectionLevel? ProtectionLevel { get; private init; }

    /// <summary>Google Cloud: where the key of Vault's own identity is written. Default: none is created.</summary>
    public string? NewCredentialFile { get; private init; }

    public static VaultKeyOptions From(CloudOptions options) =>
        new()
        {
            KeyCollection = options.Get<string>("VaultKeyCollection"),
            KeyType = options.Get<string>("VaultKeyType"),
            NewCredentialFile = options.Get<string>("ServiceAccountKeyPath"),
            ProtectionLevel = options.Get<CmekProtectionLevel?>("ProtectionLevel"),
        };
}
