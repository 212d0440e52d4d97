using CockroachCmek.Core.Http;

namespace CockroachCmek.Core;

// Errors about reaching a service. No repetition mends them, so they are reported at once.
internal static partial class Errors
{
    /// <summary>The service, or something in front of it, sends the request to another address.</summary>
    internal static CmekException UnexpectedRedirect(Peer peer, Uri address, Uri target, int status) =>
        Make(
            CmekErrorKind.Connection,
            address.Authority,
            $"{peer.Name} at {address.Authority} redirected the request to {target.Scheme}://{target.Authority} "
                + $"(HTTP {status}). Redirects are not followed: the credentials were not sent to {target.Authority}.",
            peer.AddressAdvice,
            statusCode: status
        );

    /// <summary>Nothing listens at the address, and nothing did before in this session.</summary>
    internal static CmekException ConnectionRefused(Peer peer, Uri address, Uri? proxy, Exception inner) =>
        Make(
            CmekErrorKind.Connection,
            address.Authority,
            proxy is null
                ? $"{peer.Name} at {address.Authority} refused the connection: nothing listens at this address."
                : $"The proxy {proxy.Authority}, which leads to {peer.Name} at {address.Authority}, refused the "
                    + "connection.",
            proxy is null ? peer.AddressAdvice : ProxyAdvice,
            inner
        );

    /// <summary>Nothing answers at the address, and nothing did before in this session.</summary>
    internal static CmekException ConnectTimedOut(
        Peer peer,
        Uri address,
        Uri? proxy,
        TimeSpan limit,
        Exception inner
    ) =>
        Make(
            CmekErrorKind.Connection,
            address.Authority,
            (
                proxy is null
                    ? $"{peer.Name} at {address.Authority} did not accept a connection"
                    : $"The proxy {proxy.Authority}, which leads to {peer.Name} at {address.Authority}, did not accept "
                        + "a connection"
            ) + $" within {Attempts.Seconds(limit)}. A firewall may drop it.",
            proxy is null ? peer.AddressAdvice : ProxyAdvice,
            inner
        );

    /// <summary>A proxy does not let the request through.</summary>
    internal static CmekException ProxyRefused(Peer peer, Uri address, Uri? proxy, int status, Exception inner) =>
        Make(
            CmekErrorKind.Connection,
            address.Authority,
            $"The proxy{(proxy is null ? "" : $" {proxy.Authority}")} refused to connect to {peer.Name} at "
                + $"{address.Authority} (HTTP {status}"
                + $"{(status == 407 ? ": it asks for a user name and a password" : "")}).",
            ProxyAdvice,
            inner,
            statusCode: status
        );

    /// <summary>A service accepted the request and did not respond in time.</summary>
    internal static CmekException NoResponse(NoResponseException silent, string target) =>
        Make(
            CmekErrorKind.Connection,
            target,
            $"{silent.Peer} gave no response within {Attempts.Seconds(silent.Limit)} while working on '{target}'.",
            "Run the same command again: it reads the state before it writes. If the service stays silent, a firewall "
                + "or proxy on the way may hold the connection",
            silent
        );

    /// <summary>A service asks to wait for longer than the command does.</summary>
    /// <param name="service">The service, with its host where that is known.</param>
    internal static CmekException RetryAfterTooLong(string service, TimeSpan asked, TimeSpan limit, Exception inner) =>
        Make(
            CmekErrorKind.LimitsExceeded,
            service,
            $"{service} asks to wait {Attempts.Time(asked)} before the next request (Retry-After). This command "
                + $"waits at most {Attempts.Seconds(limit)} for that.",
            $"Run the same command again in {Attempts.Time(asked)}: it reads the state before it writes",
            inner
        );

    /// <summary>DNS does not know the host.</summary>
    internal static CmekException HostNotFound(Peer peer, Uri address, Uri? proxy, Exception inner) =>
        Make(
            CmekErrorKind.Connection,
            address.Authority,
            $"DNS does not know the host {(proxy ?? address).IdnHost}"
                + (proxy is null ? $" of {peer.Name}." : $", the proxy that leads to {peer.Name}."),
            proxy is null ? peer.AddressAdvice : ProxyAdvice,
            inner
        );

    /// <summary>The certificate is not valid now: expired, or this machine's clock is wrong.</summary>
    internal static CmekException CertificateExpired(
        Peer peer,
        Uri address,
        CertificateReport report,
        DateTimeOffset now,
        Exception inner
    ) =>
        Make(
            CmekErrorKind.Connection,
            address.Authority,
            $"The certificate of {peer.Name} at {address.Authority} is valid from {report.NotBefore:u} to "
                + $"{report.NotAfter:u}, and this machine's clock says {now:u}. No credentials were sent.",
            "(Get-Date).ToUniversalTime()   (if the clock is right, whoever runs the server has to renew the "
                + "certificate)",
            inner
        );

    /// <summary>The certificate is for other hosts.</summary>
    internal static CmekException CertificateForOtherHost(
        Peer peer,
        Uri address,
        CertificateReport report,
        Exception inner
    ) =>
        Make(
            CmekErrorKind.Connection,
            address.Authority,
            $"The certificate of {peer.Name} at {address.Authority} is for another host: {report.Names}. "
                + "No credentials were sent.",
            peer.AddressAdvice,
            inner
        );

    /// <summary>The certificate's authority is not trusted.</summary>
    internal static CmekException CertificateUntrusted(
        Peer peer,
        Uri address,
        CertificateReport report,
        Exception inner
    ) =>
        Make(
            CmekErrorKind.Connection,
            address.Authority,
            $"The certificate of {peer.Name} at {address.Authority} is signed by '{report.Issuer}', which is not "
                + "trusted "
                + "here. No credentials were sent.",
            "Add the authority to those that this machine trusts, if it is your own or that of a proxy that inspects "
                + "TLS; "
                + "then run the same command again",
            inner
        );

    /// <summary>The response is larger than any that the service sends.</summary>
    internal static CmekException ResponseTooLarge(Peer peer, Uri address, long length, int limit) =>
        Make(
            CmekErrorKind.InvalidData,
            address.Authority,
            $"The response of {peer.Name} at {address.Authority} has {length} bytes, and at most {limit} are read.",
            peer.AddressAdvice
        );

    /// <summary>An address that is not a base address of an API.</summary>
    internal static CmekException EndpointInvalid(string parameter, string reason, string? variable = null) =>
        Make(
            CmekErrorKind.InvalidArgument,
            parameter,
            $"The address of {variable ?? $"-{parameter}"} {reason}.",
            $"Connect-CrdbCloud -{parameter} https://<host>"
        );

    /// <summary>A secret that cannot be sent in a header. The message does not repeat it.</summary>
    internal static CmekException SecretMalformed(string parameter) =>
        Make(
            CmekErrorKind.InvalidArgument,
            parameter,
            $"The secret of -{parameter} holds a line break, a blank or another character that cannot be part of it. "
                + "It was not sent.",
            $"Connect-CrdbCloud -{parameter} (Read-Host -AsSecureString '{parameter}')"
        );

    /// <summary>A cloud refused credentials because of the time in them.</summary>
    /// <param name="service">The service, for people.</param>
    /// <param name="skew">
    /// This machine's clock minus the service's; null when the service did not tell its time.
    /// </param>
    /// <param name="reason">What the service said.</param>
    internal static CmekException ClockSkewed(string service, TimeSpan? skew, string reason, Exception? inner = null) =>
        Make(
            CmekErrorKind.InvalidState,
            service,
            $"{service} refused the request for its time"
                + (
                    skew is { } difference
                        ? $": this machine's clock is {Math.Abs(difference.TotalMinutes):0} minutes "
                            + $"{(difference > TimeSpan.Zero ? "fast" : "slow")}"
                        : ": this machine's clock is wrong"
                )
                + FormatServerText(reason),
            "(Get-Date).ToUniversalTime()   (compare it with a reliable clock; set the clock, then run the same "
                + "command again)",
            inner
        );

    private const string ProxyAdvice =
        "Get-ChildItem Env: | Where-Object Name -match proxy   (https_proxy and no_proxy decide which proxy is used)";
}
