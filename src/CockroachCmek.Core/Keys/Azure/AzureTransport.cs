using System.Net;
using System.Net.Http;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Azure.Core;
using Azure.Core.Pipeline;
using CockroachCmek.Core.Http;
#if NET
using System.Net.Sockets;
#endif

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// The HTTP transport, and the options of every client and credential: no retries, no logging, no telemetry.
/// </summary>
internal static class AzureTransport
{
    private static readonly Peer Peer = new("Azure", Peer.DnsAdvice)
    {
        // "Client assertion is not within its valid time range" (Microsoft Entra authentication error codes).
        RefusesForTime = text => text.Contains("AADSTS700024") || text.Contains("AADSTS500133"),
    };

    /// <summary>The transport of a connection.</summary>
    public static HttpPipelineTransport Create(AzureConnection connection) =>
        new HttpClientTransport(Client(connection));

    /// <summary>The HTTP client of a connection to Azure, a sandbox or a test.</summary>
    internal static HttpClient Client(AzureConnection connection) =>
        new(
            Handlers.Create(
                Peer,
                connection.Handler ?? (connection.Loopback is { } loopback ? Redirected(loopback) : null)
            ),
            disposeHandler: connection.Handler is null
        );

    public static T Configure<T>(T options, HttpPipelineTransport? transport)
        where T : ClientOptions
    {
        // Its retries use the system clock, and repeat writes that must not be repeated.
        options.Retry.MaxRetries = 0;
        options.Retry.NetworkTimeout = TimeSpan.FromSeconds(60);
        options.Diagnostics.IsLoggingEnabled = false;
        options.Diagnostics.IsLoggingContentEnabled = false;
        options.Diagnostics.IsDistributedTracingEnabled = false;
        options.Diagnostics.IsTelemetryEnabled = false;
        if (transport is not null)
            options.Transport = transport;
        return options;
    }

#if NET
    private static SocketsHttpHandler Redirected(AzureLoopback loopback)
    {
        var chain = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        chain.CustomTrustStore.Add(Load(loopback));
        return new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = chain },
            ConnectCallback = async (context, cancellationToken) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                try
                {
                    // The endpoint of managed identities is on this machine, as in production.
                    var isHere = IPAddress.TryParse(context.DnsEndPoint.Host, out var address)
                        ? IPAddress.IsLoopback(address)
                        : context.DnsEndPoint.Host == "localhost";
                    await socket.ConnectAsync(
                        IPAddress.Loopback,
                        isHere ? context.DnsEndPoint.Port : loopback.Port,
                        cancellationToken
                    );
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        };
    }
#else
    /// <summary>
    /// .NET Framework can neither redirect a connection nor trust a root for one handler only. The address is rewritten
    /// with the Host header kept, and the certificate chain is checked here.
    /// </summary>
    private static Rewriting Redirected(AzureLoopback loopback) =>
        new(
            loopback,
            new HttpClientHandler
            {
                UseProxy = false,
                AllowAutoRedirect = false,
                ServerCertificateCustomValidationCallback = (_, certificate, chain, errors) =>
                    Trusts(loopback, certificate, chain, errors),
            }
        );

    private static bool Trusts(
        AzureLoopback loopback,
        X509Certificate2? certificate,
        X509Chain? sent,
        SslPolicyErrors errors
    )
    {
        if (certificate is null || (errors & SslPolicyErrors.RemoteCertificateNotAvailable) != 0)
            return false;
        using var authority = Load(loopback);
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.AllowUnknownCertificateAuthority;
        chain.ChainPolicy.ExtraStore.Add(authority);
        foreach (var element in sent?.ChainElements.Cast<X509ChainElement>() ?? [])
            chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        // The flag above accepts any root, so it is compared here: only the sandbox's own authority is trusted.
        return chain.Build(certificate)
            && chain.ChainElements.Count > 1
            && chain.ChainElements[chain.ChainElements.Count - 1].Certificate.RawData.SequenceEqual(authority.RawData);
    }

    private sealed class Rewriting(AzureLoopback loopback, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request,
            CancellationToken cancellationToken
        )
        {
            if (request.RequestUri is { IsLoopback: false } uri)
            {
                request.Headers.Host = uri.Host;
                request.RequestUri = new UriBuilder(uri) { Host = "127.0.0.1", Port = loopback.Port }.Uri;
            }

            return base.SendAsync(request, cancellationToken);
        }
    }
#endif

    private static X509Certificate2 Load(AzureLoopback loopback) =>
#if NET9_0_OR_GREATER
        X509CertificateLoader.LoadCertificate(loopback.Authority.Span);
#else
        new(loopback.Authority.ToArray());
#endif
}
