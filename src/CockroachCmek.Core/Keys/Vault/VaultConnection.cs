using System.IO;
using System.Net;
using System.Net.Http;
using CockroachCmek.Core.Http;

namespace CockroachCmek.Core.Keys.Vault;

/// <summary>How to reach HashiCorp Vault, and the credentials with which Vault reaches the cloud.</summary>
internal sealed record VaultConnection(Uri Address, Secret Token)
{
    /// <summary>
    /// Namespace of Vault Enterprise or HCP Vault, whose top namespace is admin; null for the root namespace.
    /// </summary>
    public string? Namespace { get; init; }

    /// <summary>The mount path of the Key Management secrets engine. It is mounted there if missing.</summary>
    public string Mount { get; init; } = DefaultMount;

    /// <summary>The mount path of a session that names none.</summary>
    public const string DefaultMount = "keymgmt";

    /// <summary>The certificates to trust and to present.</summary>
    public VaultTls Tls { get; init; } = new();

    /// <summary>
    /// Credentials for the cloud in new KMS provider entries. Default: the Vault server's own environment.
    /// </summary>
    public VaultCloudCredentials? CloudCredentials { get; init; }

    /// <summary>Sends the requests. Default: a new HTTP handler.</summary>
    public HttpMessageHandler? Handler { get; init; }

    /// <summary>Limit of a write. Distributing a key with many versions is slow.</summary>
    public static TimeSpan LongestWrite { get; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// The connection of a session: the parameters of Connect-CrdbCloud, then the sandbox's Vault, then the environment
    /// of the vault command: VAULT_ADDR, VAULT_TOKEN or the token helper's file, VAULT_NAMESPACE, VAULT_CACERT or
    /// VAULT_CAPATH, VAULT_CLIENT_CERT, VAULT_CLIENT_KEY, VAULT_TLS_SERVER_NAME. An address that was given is never the
    /// sandbox's.
    /// </summary>
    /// <exception cref="CmekException">VaultAddressMissing, VaultTokenMissing, VaultMountMalformed.</exception>
    public static VaultConnection Create(CloudOptions options, SandboxClouds? sandbox)
    {
        var (address, token) = (options.Get<Uri>("VaultAddress"), options.Get<Secret>("VaultToken"));
        var sandboxVault = address is null ? sandbox?.Find("vault") : null;
        if (sandboxVault is not null)
        {
            address = new Uri(sandboxVault["address"]);
            token ??= new Secret(sandboxVault["token"]);
        }

        var connection = new VaultConnection(address ?? AddressFromEnvironment(), token ?? TokenFromEnvironment())
        {
            Namespace = options.Get<string>("VaultNamespace")
                ?? (sandboxVault is null ? Variable("VAULT_NAMESPACE") : null),
            Tls =
                (sandboxVault is null ? TlsFromEnvironment() : new VaultTls()) is var tls
                && options.Get<string>("VaultCaCertificate") is { } authority
                    ? tls with
                    {
                        Authorities = authority,
                    }
                    : tls,
            CloudCredentials = CredentialsFrom(options),
        };
        return options.Get<string>("VaultMount") is { } mount
            ? connection with
            {
                Mount = VaultNames.Mount(mount),
            }
            : connection;
    }

    private static VaultCloudCredentials? CredentialsFrom(CloudOptions options)
    {
        var credential = options.Get<NetworkCredential>("VaultCloudCredential");
        var file = options.Get<string>("VaultServiceAccountFile");
        return credential is null && file is null
            ? null
            : new VaultCloudCredentials
            {
                UserName = credential?.UserName,
                Password = credential is null ? null : new Secret(credential.Password),
                ServiceAccountFile = file,
            };
    }

    /// <summary>VAULT_CACERT comes before VAULT_CAPATH, as for the vault command.</summary>
    private static VaultTls TlsFromEnvironment() =>
        new()
        {
            Authorities = Variable("VAULT_CACERT") ?? Variable("VAULT_CAPATH"),
            ClientCertificate = Variable("VAULT_CLIENT_CERT"),
            ClientKey = Variable("VAULT_CLIENT_KEY"),
            ServerName = Variable("VAULT_TLS_SERVER_NAME"),
        };

    private static Uri AddressFromEnvironment() =>
        Uri.TryCreate(Variable("VAULT_ADDR"), UriKind.Absolute, out var address)
            ? address
            : throw VaultErrors.VaultAddressMissing();

    private static Secret TokenFromEnvironment()
    {
        // The token helper of "vault login" writes this file.
        var file = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".vault-token");
        var token = Variable("VAULT_TOKEN") ?? (File.Exists(file) ? File.ReadAllText(file).Trim() : null);
        return string.IsNullOrEmpty(token) ? throw VaultErrors.VaultTokenMissing() : new Secret(token!);
    }

    private static string? Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { } value && value.Trim().Length > 0 ? value.Trim() : null;
}
