using System.IO;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using CockroachCmek.Core.Http;

namespace CockroachCmek.Core.Keys.Vault;

/// <summary>The certificates of a connection to Vault, as the vault command takes them.</summary>
internal sealed record VaultTls
{
    private static readonly Regex Pem = new(
        "-----BEGIN CERTIFICATE-----(?<body>[A-Za-z0-9+/=\\s]+)-----END CERTIFICATE-----",
        RegexOptions.CultureInvariant
    );

    /// <summary>
    /// PEM file of the authorities that may sign Vault's certificate, or a folder of such files. Default: those that
    /// the machine trusts.
    /// </summary>
    public string? Authorities { get; init; }

    /// <summary>PEM file of the client's certificate.</summary>
    public string? ClientCertificate { get; init; }

    /// <summary>PEM file of the client's private key.</summary>
    public string? ClientKey { get; init; }

    /// <summary>The host that Vault's certificate is for. Default: that of the address.</summary>
    public string? ServerName { get; init; }

    /// <summary>Reads the files.</summary>
    /// <exception cref="CmekException">VaultCaUnreadable, VaultClientCertificateUnreadable.</exception>
    public static TlsTrust Read(VaultTls tls) =>
        new()
        {
            Authorities = tls.Authorities is { } path ? ReadAuthorities(path) : null,
            ClientCertificate = tls.ClientCertificate is { } certificate
                ? ReadClient(
                    certificate,
                    tls.ClientKey
                        ?? throw VaultErrors.VaultClientCertificateUnreadable(
                            certificate,
                            "VAULT_CLIENT_KEY, its private key, is not set."
                        )
                )
                : null,
        };

    private static X509Certificate2Collection ReadAuthorities(string path)
    {
        try
        {
            var files = Directory.Exists(path) ? Directory.GetFiles(path) : [path];
            var found = files
                .SelectMany(f => Pem.Matches(File.ReadAllText(f)).Cast<Match>())
                .Select(m => Load(Convert.FromBase64String(m.Groups["body"].Value)))
                .ToArray();
            return found.Length > 0
                ? new X509Certificate2Collection(found)
                : throw VaultErrors.VaultCaUnreadable(path, "it holds no certificate in PEM format.");
        }
        catch (Exception error) when (IsUnreadable(error))
        {
            throw VaultErrors.VaultCaUnreadable(path, error.Message, error);
        }
    }

    private static X509Certificate2 ReadClient(string certificate, string key)
    {
#if NET
        try
        {
            using var pair = X509Certificate2.CreateFromPemFile(certificate, key);
            // Windows cannot present a certificate whose key is only in memory.
            return new X509Certificate2(pair.Export(X509ContentType.Pkcs12));
        }
        catch (Exception error) when (IsUnreadable(error))
        {
            throw VaultErrors.VaultClientCertificateUnreadable(certificate, error.Message, error);
        }
#else
        throw VaultErrors.VaultClientCertificateUnreadable(
            certificate,
            $"Windows PowerShell cannot read the private key {key}; PowerShell 7 can."
        );
#endif
    }

    private static X509Certificate2 Load(byte[] certificate) => new(certificate);

    private static bool IsUnreadable(Exception error) =>
        error is IOException or UnauthorizedAccessException or FormatException or CryptographicException;
}
