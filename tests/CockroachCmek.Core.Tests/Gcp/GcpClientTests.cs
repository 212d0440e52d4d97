using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys.Gcp;
using CockroachCmek.Core.Tests.Cloud;

namespace CockroachCmek.Core.Tests.Gcp;

/// <summary>
/// The thin clients and the calls above them: what is sent, what is repeated, what is kept of a refusal.
/// </summary>
public sealed class GcpClientTests
{
    private const string Denied = """
        {"error":{"code":403,"status":"PERMISSION_DENIED",
        "message":"Permission 'cloudkms.cryptoKeys.get' denied on resource 'k' (or it may not exist).",
        "details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"IAM_PERMISSION_DENIED",
        "domain":"cloudkms.googleapis.com","metadata":{"permission":"cloudkms.cryptoKeys.get"}}]}}
        """;

    [Fact]
    public async Task A_read_is_repeated_while_Google_Cloud_throttles_fails_or_does_not_respond()
    {
        using var gcp = await ScriptedGcp.StartAsync(
            ScriptedGcp.Error(429, "RESOURCE_EXHAUSTED"),
            ScriptedGcp.Error(500, "INTERNAL"),
            ScriptedHandler.Broken,
            ScriptedGcp.Error(503, "UNAVAILABLE"),
            ScriptedHandler.Json($$"""{"name":"{{ScriptedGcp.Key}}"}""")
        );

        Assert.Equal(ScriptedGcp.Key, (await gcp.ReadKeyAsync()).Name);
        Assert.Equal(5, gcp.Requests.Count);
    }

    [Fact]
    public async Task A_throttled_write_is_repeated()
    {
        using var gcp = await ScriptedGcp.StartAsync(
            ScriptedGcp.Error(429, "RESOURCE_EXHAUSTED"),
            ScriptedHandler.Json("""{"name":"v"}""")
        );

        await gcp.CreateVersionAsync();

        Assert.Equal(2, gcp.Requests.Count);
    }

    [Fact]
    public async Task A_write_that_may_have_been_processed_is_not_repeated()
    {
        using var gcp = await ScriptedGcp.StartAsync(
            ScriptedGcp.Error(503, "UNAVAILABLE"),
            ScriptedHandler.Json("""{"name":"v"}""")
        );

        await Assert.ThrowsAsync<GcpException>(gcp.CreateVersionAsync);

        Assert.Single(gcp.Requests);
    }

    [Fact]
    public async Task Status_and_details_of_a_refusal_are_kept()
    {
        using var gcp = await ScriptedGcp.StartAsync(ScriptedHandler.Json(Denied, 403));

        var error = await Assert.ThrowsAsync<GcpException>(gcp.ReadKeyAsync);

        Assert.Equal((403, "PERMISSION_DENIED"), (error.Code, error.Status));
        Assert.Equal("IAM_PERMISSION_DENIED", error.Reason);
        Assert.Equal("cloudkms.cryptoKeys.get", error.Metadata("permission"));
        Assert.Equal("GcpPermissionDenied", GcpCalls.Map(error, "prod").ErrorId);
    }

    [Fact]
    public async Task A_proxy_s_page_is_reported_by_its_HTTP_status()
    {
        using var gcp = await ScriptedGcp.StartAsync(ScriptedHandler.Json("<html>no</html>", 407));

        var error = await Assert.ThrowsAsync<GcpException>(gcp.ReadKeyAsync);

        Assert.Contains("407", GcpCalls.Map(error, "prod").Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Access_token_and_quota_project_are_sent()
    {
        using var gcp = await ScriptedGcp.StartAsync(quotaProject: "billed", ScriptedHandler.Json("{}"));

        await gcp.ReadKeyAsync();

        var sent = Assert.Single(gcp.Messages);
        Assert.Equal($"Bearer {ScriptedGcp.AccessToken}", sent.Headers.Authorization!.ToString());
        Assert.Equal("billed", Assert.Single(sent.Headers.GetValues("x-goog-user-project")));
        Assert.StartsWith("https://cloudkms.googleapis.com/v1/", sent.RequestUri!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_access_token_is_in_no_text()
    {
        using var gcp = await ScriptedGcp.StartAsync(ScriptedHandler.Json("{}"));
        await gcp.ReadKeyAsync();
        var connection = new GcpConnection { AccessToken = new Secret(ScriptedGcp.AccessToken) };

        Assert.Single(gcp.Log.VerboseLines);
        Assert.All([.. gcp.Log.VerboseLines, connection.ToString()], text =>
            Assert.DoesNotContain(ScriptedGcp.AccessToken, text, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_list_is_read_to_its_last_page()
    {
        using var gcp = await ScriptedGcp.StartAsync(
            ScriptedHandler.Json(
                """
                {"cryptoKeyVersions":[{"name":"k/1","createTime":"2026-01-01T00:00:00.123456789Z"}],
                "nextPageToken":"a/b+c="}
                """
            ),
            ScriptedHandler.Json("""{"cryptoKeyVersions":[{"name":"k/2","createTime":"2026-02-01T00:00:00Z"}]}""")
        );

        var versions = await new GcpKeyReader(gcp.Clients, gcp.Calls).ListVersionsAsync(
            GcpKeyName.Parse(ScriptedGcp.Key)
        );

        Assert.Equal(["2", "1"], versions.Select(v => v.Id));
        Assert.EndsWith("&pageToken=a%2Fb%2Bc%3D", gcp.Requests[1].Target, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plain_http_is_for_loopback_only()
    {
        var connection = new GcpConnection
        {
            Endpoint = new Uri("http://kms.example.com/"),
            AccessToken = new Secret(ScriptedGcp.AccessToken),
        };

        var error = await Assert.ThrowsAsync<CmekException>(() =>
            GcpClients.ConnectAsync(connection, CancellationToken.None)
        );

        Assert.Equal("InsecureEndpoint", error.ErrorId);
    }
}
