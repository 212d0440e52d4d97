#if NET
using System.Net.Http;
using Amazon.Runtime;
using CockroachCmek.Core.Http;
using HttpClientFactory = Amazon.Runtime.HttpClientFactory;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>Creates the HTTP clients of the AWS SDK, which follows redirects otherwise.</summary>
internal sealed class AwsHttp : HttpClientFactory
{
    private static readonly Peer Peer = new("AWS", Peer.DnsAdvice);

    public override HttpClient CreateHttpClient(IClientConfig clientConfig) => new(Handlers.Create(Peer));
}
#endif
