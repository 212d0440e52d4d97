using System.Net.Http;
using CockroachCmek.Core.Http;

namespace CockroachCmek.Core.Keys.Vault;

/// <summary>How HashiCorp Vault is reached, and what Vault itself uses to reach the cloud.</summary>
public sealed record VaultConnection(Uri Address, Secret Token)
{
    /// <summary>Namespace of Vault Enterprise or HCP Vault, where the topmost is admin; null for the root.</summary>
    public string? Namespace { get; init; }

    /// <summary>Where the Key Management secrets engine is mounted, or is to be.</summary>
    public string Mount { get; init; } = "keymgmt";

    /// <summary>PEM file of the authorities that Vault's certificate is checked against; null for those of the machine.</summary>
    public string? CaCertificatePath { get; init; }

    /// <summary>What new KMS provider entries are given to reach the cloud with; null for Vault's own environment.</summary>
    public VaultCloudCredentials? CloudCredentials { get; init; }

    /// <summary>What carries the requests; null for the platform's own.</summary>
    public HttpMessageHandler? Handler { get; init; }

    /// <summary>Longest time for one request. Distributing a key of many versions is slow.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromMinutes(2);
}

/// <summary>The credentials of a KMS provider entry. Vault stores them and never shows them again.</summary>
public sealed record VaultCloudCredentials
{
    /// <summary>AWS: access key id. Azure: client id. Not used on Google Cloud.</summary>
    public string? UserName { get; init; }

    /// <summary>AWS: secret access key. Azure: client secret. Not used on Google Cloud.</summary>
    public Secret? Password { get; init; }

    /// <summary>Google Cloud: path of the service account's file on the Vault server.</summary>
    public string? ServiceAccountFile { get; init; }

    /// <summary>Azure: the tenant; null for the one that the cluster's key is used through.</summary>
    public string? TenantId { get; init; }
}

/// <summary>What only keys that are born in Vault can be asked for.</summary>
public sealed record VaultKeyOptions
{
    /// <summary>Where Vault puts the key: on Google Cloud the resource name of a key ring, on Azure the name of a Key Vault. On AWS it is the region.</summary>
    public string? KeyCollection { get; init; }

    /// <summary>Vault's name of the type: aes256-gcm96, on Azure rsa-2048, rsa-3072 or rsa-4096; null for the cloud's usual one.</summary>
    public string? KeyType { get; init; }

    /// <summary>Google Cloud and Azure: what keeps the distributed key; null for hardware.</summary>
    public CmekProtectionLevel? ProtectionLevel { get; init; }

    /// <summary>Google Cloud: give Vault an identity of its own, as the documentation's page does: a custom role, a service account, and its binding on the key ring.</summary>
    public bool BootstrapAccess { get; init; }

    /// <summary>Google Cloud: where to write a key of that service account; null to make none. An existing file of the account is left as it is.</summary>
    public string? ServiceAccountKeyPath { get; init; }
}
