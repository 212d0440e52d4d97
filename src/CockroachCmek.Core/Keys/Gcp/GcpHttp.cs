using System.Net.Http;
using CockroachCmek.Core.Http;
using Google.Apis.Http;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// Creates the HTTP clients of Google.Apis, those of the credentials too. Google.Apis follows redirects itself, with
/// the access token and to any host.
/// </summary>
/// <param name="given">Carries the requests in tests; null for the platform's own.</param>
internal sealed class GcpHttp(HttpMessageHandler? given) : HttpClientFactory
{
    /// <summary>Google Cloud, for errors.</summary>
    public static Peer Peer { get; } =
        new("Google Cloud", Peer.DnsAdvice)
        {
            // "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your
            // iat and exp values in the JWT claim."
            RefusesForTime = text => text.Contains("Invalid JWT") && text.Contains("iat"),
        };

    protected override HttpMessageHandler CreateHandler(CreateHttpClientArgs args) => Handlers.Create(Peer, given);
}
