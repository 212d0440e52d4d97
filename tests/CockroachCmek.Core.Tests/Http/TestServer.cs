using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Core.Tests.Http;

/// <summary>A server on this machine that gives one response, and remembers what it was sent.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private static readonly Socket Deaf = TakePort();

    private readonly LoopbackListener _listener;

    public TestServer(
        int status = 200,
        string body = "{}",
        string? location = null,
        X509Certificate2? certificate = null
    )
    {
        var response = new SandboxResponse(status, Encoding.UTF8.GetBytes(body), "application/json")
        {
            Headers = location is null ? [] : [new("Location", location)],
        };
        _listener = new LoopbackListener(0, certificate, (request, _) =>
        {
            Requests.Enqueue(request.Target);
            return Task.FromResult(new Reply(response));
        });
    }

    public Uri Address => _listener.Endpoint;

    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>An address at which nothing listens, and nothing can: its port stays taken.</summary>
    public static Uri Nobody() => new($"http://127.0.0.1:{((IPEndPoint)Deaf.LocalEndPoint!).Port}/");

    /// <summary>A certificate of its own authority.</summary>
    /// <param name="host">The host that it is for; null for 127.0.0.1.</param>
    public static (X509Certificate2 Authority, X509Certificate2 Leaf) Issue(
        string? host = null,
        int daysFrom = -1,
        int daysUntil = 1
    )
    {
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Test authority", authorityKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = DateTimeOffset.UtcNow;
        var authority = request.CreateSelfSigned(now.AddDays(-30), now.AddDays(30));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var leaf = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (host is null)
            names.AddIpAddress(IPAddress.Loopback);
        else
            names.AddDnsName(host);
        leaf.CertificateExtensions.Add(names.Build());
        using var issued = leaf.Create(
            authority,
            now.AddDays(daysFrom),
            now.AddDays(daysUntil),
            RandomNumberGenerator.GetBytes(8)
        );
        using var whole = issued.CopyWithPrivateKey(key);
        return (authority, X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pfx), null));
    }

    /// <summary>A socket that is bound and does not listen, so connections to it are refused.</summary>
    private static Socket TakePort()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    public async ValueTask DisposeAsync()
    {
        await _listener.StopAsync();
        _listener.Dispose();
    }
}
