using System.Net;
using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Http;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Http;

/// <summary>Proxies that do not let a request through.</summary>
public sealed class ProxyTests
{
    [Theory]
    [InlineData(403, "(HTTP 403)")]
    [InlineData(407, "(HTTP 407: it asks for a user name and a password)")]
    public async Task A_proxy_that_refuses_to_connect_is_not_asked_again(int status, string named)
    {
        await using var proxy = new TestServer(status, body: "not allowed");
        var error = await Assert.ThrowsAsync<CmekException>(() => ReadThroughAsync(proxy));
        Assert.Equal("ProxyRefused", error.ErrorId);
        Assert.Contains("CockroachDB Cloud at cloud.example", error.Message, StringComparison.Ordinal);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.Single(proxy.Requests);
    }

    [Fact]
    public async Task A_proxy_that_cannot_reach_the_server_now_is_asked_again()
    {
        await using var proxy = new TestServer(502, body: "later");
        var error = await Assert.ThrowsAsync<CmekException>(() => ReadThroughAsync(proxy));
        Assert.Equal("CloudUnreachable", error.ErrorId);
        Assert.Equal(6, proxy.Requests.Count);
    }

    private async Task ReadThroughAsync(TestServer proxy)
    {
        using var handler = new SocketsHttpHandler { Proxy = new WebProxy(proxy.Address), UseProxy = true };
        using var client = new CrdbCloudClient(
            new CloudConnection(new Uri("https://cloud.example/"), new Secret("k")) { Handler = handler }
        );
        await client.GetOrganizationAsync(
            new OperationContext(
                new RecordingLog(),
                new ScaledTimeProvider(TimeProvider.System, 2_000),
                TestContext.Current.CancellationToken
            )
        );
    }
}
