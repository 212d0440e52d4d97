using System.Net;
using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys.Vault;
using CockroachCmek.Core.Tests.Vault;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Http;

/// <summary>
/// What no repetition mends is an error of its own, at once. The clock of these tests does not run fast.
/// </summary>
[Collection(nameof(ProcessEnvironment))]
public sealed class AddressTests
{
    private readonly RecordingLog _log = new();

    private OperationContext Context => new(_log, TimeProvider.System, CancellationToken.None);

    [Theory]
    [InlineData(null, -1, 1, "CertificateUntrusted", "Test authority")]
    [InlineData(null, -20, -10, "CertificateExpired", "clock")]
    [InlineData(null, 10, 20, "CertificateExpired", "clock")]
    [InlineData("other.example", -1, 1, "CertificateForOtherHost", "other.example")]
    public async Task A_refused_certificate_is_named_at_once(
        string? host,
        int from,
        int until,
        string errorId,
        string named
    )
    {
        var (authority, leaf) = TestServer.Issue(host, from, until);
        using (authority)
        using (leaf)
        {
            await using var server = new TestServer(certificate: leaf);
            using var client = new CrdbCloudClient(new CloudConnection(server.Address, new Secret("k")));
            var error = await Assert.ThrowsAsync<CmekException>(() => client.GetOrganizationAsync(Context));
            Assert.Equal(errorId, error.ErrorId);
            Assert.Contains(named, error.Message, StringComparison.Ordinal);
            Assert.Empty(server.Requests);
            Assert.Single(_log.VerboseLines);
        }
    }

    [Fact]
    public async Task An_address_at_which_nothing_listens_is_named_at_once()
    {
        var nobody = TestServer.Nobody();
        using var client = new CrdbCloudClient(new CloudConnection(nobody, new Secret("k")));
        var error = await Assert.ThrowsAsync<CmekException>(() => client.GetOrganizationAsync(Context));
        Assert.Equal("ConnectionRefused", error.ErrorId);
        Assert.Contains(nobody.Authority, error.Message, StringComparison.Ordinal);

        using var vault = new VaultClient(new VaultConnection(nobody, new Secret("t")));
        error = await Assert.ThrowsAsync<CmekException>(() =>
            new VaultCalls(Context).ReadAsync("sys", "read", "", vault.ReadMountsAsync)
        );
        Assert.Equal("ConnectionRefused", error.ErrorId);
    }

    [Theory]
    [InlineData("example.com", "EndpointInvalid")]
    [InlineData("ftp://example.com", "InsecureEndpoint")]
    [InlineData("https://user:planted@example.com", "EndpointInvalid")]
    [InlineData("https://example.com/?a=b", "EndpointInvalid")]
    [InlineData("http://example.com", "InsecureEndpoint")]
    public void An_address_that_cannot_be_one_is_refused(string address, string errorId)
    {
        var uri = new Uri(address, UriKind.RelativeOrAbsolute);
        var error = Assert.Throws<CmekException>(() => new CrdbCloudClient(new CloudConnection(uri, new Secret("k"))));
        Assert.Equal(errorId, error.ErrorId);
        Assert.DoesNotContain("planted", error.Message, StringComparison.Ordinal);
        Assert.Equal(
            errorId,
            Assert.Throws<CmekException>(() => new VaultClient(new VaultConnection(uri, new Secret("t")))).ErrorId
        );
    }

    [Fact]
    public async Task A_path_in_an_address_is_kept()
    {
        await using var server = new TestServer(body: """{"id":"o","data":{}}""");
        using var client = new CrdbCloudClient(
            new CloudConnection(new Uri(server.Address, "gate/way"), new Secret("k"))
        );
        await client.GetOrganizationAsync(Context);
        using var vault = new VaultClient(new VaultConnection(new Uri(server.Address, "vault/"), new Secret("t")));
        await vault.ReadMountsAsync(CancellationToken.None);
        Assert.Equal(["/gate/way/api/v1/organization", "/vault/v1/sys/mounts"], server.Requests);
    }

    [Theory]
    [InlineData("p1anted\nlines")]
    [InlineData("p1anted blank")]
    [InlineData("p1anted-schlüssel")]
    public void A_secret_that_no_header_can_hold_is_refused_without_showing_it(string secret)
    {
        var error = Assert.Throws<CmekException>(() =>
            new CrdbCloudClient(new CloudConnection(CloudConnection.DefaultEndpoint, new Secret(secret)))
        );
        Assert.Equal("SecretMalformed", error.ErrorId);
        Assert.DoesNotContain("p1anted", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_that_is_sent_in_clear_goes_to_a_proxy()
    {
        await using var proxy = new TestServer();
        await using var server = new TestServer(body: """{"id":"o"}""");
        var before = HttpClient.DefaultProxy;
        HttpClient.DefaultProxy = new WebProxy(proxy.Address) { BypassProxyOnLocal = false };
        try
        {
            using var client = new CrdbCloudClient(new CloudConnection(server.Address, new Secret("k")));
            await client.GetOrganizationAsync(Context);
            using var vault = new VaultClient(new VaultConnection(server.Address, new Secret("t")));
            await vault.ReadHealthAsync(CancellationToken.None);
            Assert.Empty(proxy.Requests);
            Assert.Equal(2, server.Requests.Count);
            var rule = new EncryptedOnlyProxy();
            Assert.Equal(proxy.Address, rule.GetProxy(new Uri("https://example.com")));
            Assert.Null(rule.GetProxy(new Uri("http://169.254.169.254/")));
        }
        finally
        {
            HttpClient.DefaultProxy = before;
        }
    }
}
