using System.Collections.Concurrent;
using System.Net;
using System.Net.Http;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace CockroachCmek.Core.Http;

/// <summary>
/// Between a client and the network. What no repetition can mend is an error of its own at once: a redirect, a refused
/// certificate, and an address at which nothing has ever responded.
/// </summary>
internal sealed class GuardedHandler(Peer peer, CertificateReports certificates, HttpMessageHandler inner)
    : DelegatingHandler(inner)
{
    private static readonly TimeSpan LeastSkew = TimeSpan.FromMinutes(2);

    private readonly ConcurrentDictionary<string, bool> _known = new(StringComparer.OrdinalIgnoreCase);

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request,
        CancellationToken cancellationToken
    )
    {
        var address = request.RequestUri!;
        var watch = CallWatch.Current;
        watch?.Sent(address);
        HttpResponseMessage response;
        try
        {
            response = await base.SendAsync(request, cancellationToken);
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            // The platform's own limit of connecting. At an address that has responded before, this may pass.
            throw _known.ContainsKey(address.Authority)
                ? new NoResponseException($"{peer.Name} at {address.Authority}", Handlers.ConnectTimeout, error)
                : Errors.ConnectTimedOut(
                    peer,
                    address,
                    new EncryptedOnlyProxy().GetProxy(address),
                    Handlers.ConnectTimeout,
                    error
                );
        }
        catch (Exception error) when (Explain(error, request) is { } known)
        {
            throw known;
        }

        watch?.Received(response);
        _known[address.Authority] = true;
        if (IsRedirect(response) && !peer.ExplainsRedirect((int)response.StatusCode))
        {
            var target = response.Headers.Location!;
            var status = (int)response.StatusCode;
            response.Dispose();
            throw Errors.UnexpectedRedirect(peer, address, new Uri(address, target), status);
        }

        if (response.Content?.Headers.ContentLength > peer.LargestResponse)
        {
            var length = response.Content.Headers.ContentLength.Value;
            response.Dispose();
            throw Errors.ResponseTooLarge(peer, address, length, peer.LargestResponse);
        }

        if (
            peer.RefusesForTime is not null
            && response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.Unauthorized
        )
            await ThrowIfRefusedForTimeAsync(response);
        return response;
    }

    /// <summary>
    /// A cloud says that a signed token is not valid now. The Date of its response tells whether this machine's clock
    /// is the cause; where it is right, the client reports what the cloud said.
    /// </summary>
    private async Task ThrowIfRefusedForTimeAsync(HttpResponseMessage response)
    {
        if (response.Content is null)
            return;
        await response.Content.LoadIntoBufferAsync();
        var text = await response.Content.ReadAsStringAsync();
        var skew = TimeProvider.System.GetUtcNow() - response.Headers.Date;
        if (!peer.RefusesForTime!(text) || skew?.Duration() < LeastSkew)
            return;
        response.Dispose();
        throw Errors.ClockSkewed(peer.Name, skew, ServerText.OfPage(text));
    }

    private static bool IsRedirect(HttpResponseMessage response) =>
        response.Headers.Location is not null
        && response.StatusCode
            is HttpStatusCode.MovedPermanently
                or HttpStatusCode.Found
                or HttpStatusCode.SeeOther
                or HttpStatusCode.TemporaryRedirect
                or (HttpStatusCode)308;

    /// <summary>The error that names the cause; null where trying again may help.</summary>
    private CmekException? Explain(Exception error, HttpRequestMessage request)
    {
        var address = request.RequestUri!;
        if (
            Has<AuthenticationException>(error) is not null
            || Has<WebException>(error)?.Status == WebExceptionStatus.TrustFailure
        )
            return certificates.Find(request.Headers.Host?.Split(':')[0] ?? address.IdnHost) is { } report
                ? Refused(address, report, error)
                : null;
        if (ProxyRefusal.StatusOf(error) is { } status)
            return Errors.ProxyRefused(peer, address, new EncryptedOnlyProxy().GetProxy(address), status, error);
        if (_known.ContainsKey(address.Authority) || Has<SocketException>(error) is not { } socket)
            return null;
        var proxy = new EncryptedOnlyProxy().GetProxy(address);
        return socket.SocketErrorCode switch
        {
            SocketError.ConnectionRefused => Errors.ConnectionRefused(peer, address, proxy, error),
            SocketError.HostNotFound or SocketError.NoData => Errors.HostNotFound(peer, address, proxy, error),
            _ => null,
        };
    }

    private CmekException Refused(Uri address, CertificateReport report, Exception error)
    {
        var now = TimeProvider.System.GetUtcNow();
        if (report.NotAfter < now || report.NotBefore > now)
            return Errors.CertificateExpired(peer, address, report, now, error);
        return (report.Errors & SslPolicyErrors.RemoteCertificateNameMismatch) != 0
            ? Errors.CertificateForOtherHost(peer, address, report, error)
            : peer.Untrusted?.Invoke(address, report, error)
                ?? Errors.CertificateUntrusted(peer, address, report, error);
    }

    private static T? Has<T>(Exception error)
        where T : Exception
    {
        for (var inner = error; inner is not null; inner = inner.InnerException)
            if (inner is T found)
                return found;
        return null;
    }
}
