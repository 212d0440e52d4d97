using System.IO;
using System.Net;
using System.Net.Http;
using CockroachCmek.Core.Http;

namespace CockroachCmek.Core.Keys.Vault;

/// <summary>How HashiCorp Vault is reached, and the credentials with which Vault reaches the cloud.</summary>
internal sealed record VaultConnection(Uri Address, Secret Token)
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

    /// <summary>
    /// The connection of a session: what Connect-CrdbCloud was given, then a sandbox's Vault, then what Vault's own command reads:
    /// VAULT_ADDR, VAULT_TOKEN or the token helper's file, VAULT_NAMESPACE, VAULT_CACERT.
    /// </summary>
    /// <exception cref="CmekException">VaultAddressMissing, VaultTokenMissing.</exception>
    public static VaultConnection Create(CloudOptions options, SandboxClouds? sandbox)
    {
        var (address, token) = (options.Get<Uri>("VaultAddress"), options.Get<Secret>("VaultToken"));
        var rehearsed = address is null ? sandbox?.Find("vault") : null;
        if (rehearsed is not null)
        {
            address = new Uri(rehearsed["address"]);
            token ??= new Secret(rehearsed["token"]);
        }

        var connection = new VaultConnection(address ?? AddressFromEnvironment(), token ?? TokenFromEnvironment())
        {
            Namespace = options.Get<string>("VaultNamespace")
                ?? (rehearsed is null ? Variable("VAULT_NAMESPACE") : null),
            CaCertificatePath = options.Get<string>("VaultCaCertificate")
                ?? (rehearsed is null ? Variable("VAULT_CACERT") : null),
            CloudCredentials = CredentialsFrom(options),
        };
        return options.Get<string>("VaultMount") is { } mount
            ? connection with
            {
                Mount = mount.Trim('/'),
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

    private static Uri AddressFromEnvironment() =>
        Uri.TryCreate(Variable("VAULT_ADDR"), UriKind.Absolute, out var address)
            ? address
            : throw VaultErrors.VaultAddressMissing();

    private static Secret TokenFromEnvironment()
    {
        // Where "vault login" leaves the token.
        var file = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".vault-token");
        var token = Variable("VAULT_TOKEN") ?? (File.Exists(file) ? File.ReadAllText(file).Trim() : null);
        return string.IsNullOrEmpty(token) ? throw VaultErrors.VaultTokenMissing() : new Secret(token!);
    }

    private static string? Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { } value && value.Trim().Length > 0 ? value.Trim() : null;
}
