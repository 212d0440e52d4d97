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
    public static Peer Peer { get; } = new("Google Cloud", Peer.DnsAdvice);

    protected override HttpMessageHandler CreateHandler(CreateHttpClientArgs args) => Handlers.Create(Peer, given);
}
