using System.IO;
using System.Net;
using System.Net.Http;
using System.Text.Json.Nodes;
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
    /// The connection of a session: a sandbox's Vault, or what Connect-CrdbCloud was given; what it was not given comes from the
    /// environment, as Vault's own command reads it: VAULT_ADDR, VAULT_TOKEN or the token helper's file, VAULT_NAMESPACE,
    /// VAULT_CACERT.
    /// </summary>
    /// <exception cref="CmekException">VaultAddressMissing, VaultTokenMissing.</exception>
    public static VaultConnection Create(CloudOptions options, JsonObject? sandbox)
    {
        var connection = sandbox?["vault"] is { } vault
            ? new VaultConnection(new Uri((string)vault["address"]!), new Secret((string)vault["token"]!))
            : new VaultConnection(
                options.Get<Uri>("VaultAddress") ?? AddressFromEnvironment(),
                options.Get<Secret>("VaultToken") ?? TokenFromEnvironment()
            )
            {
                CaCertificatePath = options.Get<string>("VaultCaCertificate") ?? Variable("VAULT_CACERT"),
                Namespace = options.Get<string>("VaultNamespace") ?? Variable("VAULT_NAMESPACE"),
            };
        var credential = options.Get<NetworkCredential>("VaultCloudCredential");
        var file = options.Get<string>("VaultServiceAccountFile");
        return connection with
        {
            Namespace = options.Get<string>("VaultNamespace") ?? connection.Namespace,
            Mount = options.Get<string>("VaultMount")?.Trim('/') ?? connection.Mount,
            CloudCredentials =
                credential is null && file is null
                    ? null
                    : new VaultCloudCredentials
                    {
                        UserName = credential?.UserName,
                        Password = credential is null ? null : new Secret(credential.Password),
                        ServiceAccountFile = file,
                    },
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
