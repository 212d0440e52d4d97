using System.IO;
using System.Net.Http;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Vault;

/// <summary>
/// Which certificate authorities may sign Vault's certificate: those that the machine trusts, or only those of a PEM
/// file.
/// </summary>
internal static class VaultTls
{
    private static readonly Regex Pem = new(
        "-----BEGIN CERTIFICATE-----(?<body>[A-Za-z0-9+/=\\s]+)-----END CERTIFICATE-----",
        RegexOptions.CultureInvariant
    );

    /// <exception cref="CmekException">VaultCaUnreadable.</exception>
    public static HttpMessageHandler CreateHandler(string? caCertificatePath)
    {
        var handler = new HttpClientHandler { AllowAutoRedirect = false, UseCookies = false };
        if (caCertificatePath is null)
            return handler;
        var authorities = Read(caCertificatePath);
        handler.ServerCertificateCustomValidationCallback = (_, certificate, chain, errors) =>
            certificate is not null
            && (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) == SslPolicyErrors.None
            && IsSignedBy(authorities, certificate, chain);
        return handler;
    }

    /// <summary>
    /// .NET Framework cannot build a chain to custom roots only. So any root is accepted first, and the chain must
    /// then contain one of the given authorities.
    /// </summary>
    private static bool IsSignedBy(
        X509Certificate2Collection authorities,
        X509Certificate2 certificate,
        X509Chain? sent
    )
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.AllowUnknownCertificateAuthority;
        chain.ChainPolicy.ExtraStore.AddRange(authorities);
        foreach (var element in sent?.ChainElements.Cast<X509ChainElement>() ?? [])
            chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        if (!chain.Build(certificate))
            return false;
        return chain
            .ChainElements.Cast<X509ChainElement>()
            .Any(e => authorities.Cast<X509Certificate2>().Any(a => a.RawData.SequenceEqual(e.Certificate.RawData)));
    }

    private static X509Certificate2Collection Read(string path)
    {
        try
        {
            var found = Pem.Matches(File.ReadAllText(path))
                .Cast<Match>()
                .Select(m => new X509Certificate2(Convert.FromBase64String(m.Groups["body"].Value)))
                .ToArray();
            return found.Length > 0
                ? new X509Certificate2Collection(found)
                : throw VaultErrors.VaultCaUnreadable(path, "the file is not in PEM format, or holds no certificate.");
        }
        catch (Exception error)
            when (error is IOException or UnauthorizedAccessException or FormatException or CryptographicException)
        {
            throw VaultErrors.VaultCaUnreadable(path, error.Message, error);
        }
    }
}
