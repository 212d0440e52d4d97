using System.Net.Http;
using System.Security.Cryptography.X509Certificates;

namespace CockroachCmek.Core.Http;

/// <summary>
/// Creates the handler of every HTTP client: no redirects, no cookies, no proxy for what is sent in clear, and errors of
/// their own for a wrong address and a refused certificate.
/// </summary>
internal static class Handlers
{
    /// <summary>The longest time to connect: a firewall that drops packets is noticed in seconds.</summary>
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(8);

    /// <param name="peer">The service, for errors.</param>
    /// <param name="given">Carries the requests in tests; null for the platform's own.</param>
    /// <param name="trust">Which certificates to trust and to present. Default: the machine's rules.</param>
    public static GuardedHandler Create(Peer peer, HttpMessageHandler? given = null, TlsTrust? trust = null)
    {
        var certificates = new CertificateReports();
        return new GuardedHandler(peer, certificates, given ?? Platform(certificates, trust ?? new TlsTrust()));
    }

#if NET
    /// <summary>The platform's handler.</summary>
    public static SocketsHttpHandler Platform(CertificateReports certificates, TlsTrust trust)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            Proxy = new EncryptedOnlyProxy(),
            ConnectTimeout = ConnectTimeout,
        };
        handler.SslOptions.RemoteCertificateValidationCallback = (stream, certificate, chain, errors) =>
            certificates.Judge(
                ((System.Net.Security.SslStream)stream).TargetHostName,
                certificate as X509Certificate2,
                chain,
                errors,
                trust
            );
        if (trust.ClientCertificate is { } own)
            handler.SslOptions.ClientCertificates = [own];
        return handler;
    }
#else
    /// <summary>
    /// The platform's handler. .NET Framework has no time limit for connecting alone, and opens two connections to a
    /// server unless told otherwise: a third cluster of -ThrottleLimit, or the poll of a wait, would queue behind them.
    /// </summary>
    public static HttpClientHandler Platform(CertificateReports certificates, TlsTrust trust)
    {
        var handler = new HttpClientHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            Proxy = new EncryptedOnlyProxy(),
            MaxConnectionsPerServer = int.MaxValue, // the default of .NET
            ServerCertificateCustomValidationCallback = (request, certificate, chain, errors) =>
                certificates.Judge(request.RequestUri!.Host, certificate, chain, errors, trust),
        };
        if (trust.ClientCertificate is { } own)
            handler.ClientCertificates.Add(own);
        return handler;
    }
#endif
}
