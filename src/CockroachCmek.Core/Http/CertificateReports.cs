using System.Collections.Concurrent;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace CockroachCmek.Core.Http;

/// <summary>
/// Remembers why a server's certificate was refused. The exception that follows says so only in the system's language.
/// </summary>
internal sealed class CertificateReports
{
    private readonly ConcurrentDictionary<string, CertificateReport> _refused = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Called by the handler during the TLS handshake. True to accept the certificate.</summary>
    public bool Judge(
        string host,
        X509Certificate2? certificate,
        X509Chain? chain,
        SslPolicyErrors errors,
        TlsTrust trust
    )
    {
        var remaining = trust.Remaining(certificate, chain, errors);
        if (remaining == SslPolicyErrors.None)
        {
            _refused.TryRemove(host, out _);
            return true;
        }

        _refused[host] = CertificateReport.Of(certificate, remaining);
        return false;
    }

    /// <summary>Why the certificate of a host was refused; null when it was not.</summary>
    public CertificateReport? Find(string host) => _refused.TryGetValue(host, out var report) ? report : null;
}

/// <summary>What a refused certificate says.</summary>
/// <param name="Names">The hosts that it is for; its subject where it names none.</param>
internal sealed record CertificateReport(
    string Names,
    string Issuer,
    DateTimeOffset NotBefore,
    DateTimeOffset NotAfter,
    SslPolicyErrors Errors
)
{
    private const string SubjectAlternativeName = "2.5.29.17";

    public static CertificateReport Of(X509Certificate2? certificate, SslPolicyErrors errors) =>
        certificate is null
            ? new("", "", DateTimeOffset.MinValue, DateTimeOffset.MaxValue, errors)
            : new(
                NamesOf(certificate),
                certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: true),
                certificate.NotBefore.ToUniversalTime(),
                certificate.NotAfter.ToUniversalTime(),
                errors
            );

    private static string NamesOf(X509Certificate2 certificate)
    {
        var names = certificate.Extensions[SubjectAlternativeName] is { } extension ? extension.Format(false) : "";
        return names.Length > 0 ? names : certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
    }
}
