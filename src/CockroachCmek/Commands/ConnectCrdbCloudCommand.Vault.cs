using System.Management.Automation;
using System.Security;
using CockroachCmek.Completion;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <content>The connection to HashiCorp Vault.</content>
public sealed partial class ConnectCrdbCloudCommand
{
    /// <summary>HashiCorp Vault: address. Must be https, except on the loopback address. Default: VAULT_ADDR.</summary>
    [Parameter]
    [ValidateNotNull]
    [CloudOption]
    [ArgumentCompleter(typeof(CloudOptionCompleter))]
    public Uri? VaultAddress { get; set; }

    /// <summary>
    /// HashiCorp Vault: token. Default: VAULT_TOKEN, or the file ~/.vault-token that "vault login" writes.
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    [SecretTransformation]
    [CloudOption]
    public SecureString? VaultToken { get; set; }

    /// <summary>
    /// HashiCorp Vault: namespace. On HCP Vault the top namespace is admin. Default: VAULT_NAMESPACE.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [CloudOption]
    [ArgumentCompleter(typeof(CloudOptionCompleter))]
    [Trimmed]
    public string? VaultNamespace { get; set; }

    /// <summary>HashiCorp Vault: mount path of the Key Management secrets engine. Default: keymgmt.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [CloudOption]
    [ArgumentCompleter(typeof(CloudOptionCompleter))]
    [Trimmed]
    public string? VaultMount { get; set; }

    /// <summary>
    /// HashiCorp Vault: PEM file of the certificate authority that signed Vault's certificate. Default: VAULT_CACERT,
    /// or the authorities that this machine trusts.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [CloudOption(IsPath = true)]
    public string? VaultCaCertificate { get; set; }

    /// <summary>
    /// HashiCorp Vault: credentials for new KMS provider entries: on AWS the access key id and secret access key, on
    /// Azure the client id and client secret. Default: the environment of the Vault server.
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    [Credential]
    [CloudOption]
    public PSCredential? VaultCloudCredential { get; set; }

    /// <summary>
    /// HashiCorp Vault on Google Cloud: path on the Vault server of the service account file for new KMS provider
    /// entries. Default: the environment of the Vault server.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [CloudOption]
    public string? VaultServiceAccountFile { get; set; }
}
