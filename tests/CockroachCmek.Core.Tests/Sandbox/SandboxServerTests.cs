using System.Net;
using System.Net.Sockets;
using System.Text;
using CockroachCmek.Sandbox;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>The sandbox's HTTP server and its CockroachDB Cloud API, through raw sockets and HttpClient.</summary>
public sealed class SandboxServerTests : IAsyncLifetime
{
    private readonly SandboxServer _server = SandboxServer.Start(
        new SandboxOptions
        {
            TimeScale = 1,
            Record = true,
            PageSize = 5,
        }
    );
    private readonly HttpClient _http = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _server.StopAsync();
        _server.Dispose();
    }

    [Theory]
    [InlineData("GET /api/v1/organization HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer KEY\r\n\r\n", "200 OK")]
    [InlineData("GET /api/v1/organization HTTP/1.0\r\nAuthorization: Bearer KEY\r\n\r\n", "200 OK")]
    [InlineData("GET /api/v1/organization HTTP/1.1\r\nHost: x\r\n\r\n", "401 Unauthorized")]
    [InlineData(
        "GET /api/v1/organization HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer KEY\r\nCc-Version: 1999-01-01\r\n\r\n",
        "400 Bad Request"
    )]
    [InlineData("nonsense\r\n\r\n", "400 Bad Request")]
    [InlineData(
        "POST /api/v1/organization HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n",
        "400 Bad Request"
    )]
    [InlineData(
        "DELETE /api/v1/clusters HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer KEY\r\n"
            + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "405 Status"
    )]
    public async Task The_server_responds_to_well_formed_and_malformed_requests(string request, string status)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _server.CloudEndpoint.Port);
        await client
            .GetStream()
            .WriteAsync(
                Encoding.ASCII.GetBytes(request.Replace("KEY", _server.Cloud.AdminKey, StringComparison.Ordinal))
            );
        using var reader = new StreamReader(client.GetStream());
        Assert.Equal($"HTTP/1.1 {status}", await reader.ReadLineAsync());
    }

    [Fact]
    public async Task One_connection_carries_many_requests_until_the_server_stops()
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _server.CloudEndpoint.Port);
        var request = Encoding.ASCII.GetBytes(
            $"HEAD /api/v1/organization HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {_server.Cloud.AdminKey}\r\n\r\n"
        );
        using var reader = new StreamReader(client.GetStream());
        for (var i = 0; i < 3; i++)
        {
            await client.GetStream().WriteAsync(request);
            Assert.StartsWith("HTTP/1.1 4", await reader.ReadLineAsync(), StringComparison.Ordinal);
            while (await reader.ReadLineAsync() is { Length: > 0 }) { }
        }

        await _server.StopAsync();
        var rest = "";
        try
        {
            rest = await reader.ReadToEndAsync();
        }
        catch (IOException)
        {
            // The server may also reset the connection.
        }

        Assert.Empty(rest);
    }

    [Fact]
    public async Task Page_tokens_lead_through_the_whole_list()
    {
        var names = new List<string>();
        var page = "";
        do
        {
            using var json = System.Text.Json.JsonDocument.Parse(await CloudAsync("clusters" + page));
            names.AddRange(
                json.RootElement.GetProperty("clusters")
                    .EnumerateArray()
                    .Select(c => c.GetProperty("name").GetString()!)
            );
            page = json.RootElement.GetProperty("pagination").TryGetProperty("next_page", out var next)
                ? "?pagination.page=" + Uri.EscapeDataString(next.GetString()!)
                : "";
        } while (page.Length > 0);

        Assert.Equal(_server.Cloud.Clusters.Select(c => c.Name), names);
    }

    [Fact]
    public async Task The_eleventh_request_within_a_second_is_refused()
    {
        var responses = await Task.WhenAll(
            Enumerable
                .Range(0, 15)
                .Select(async _ =>
                {
                    using var request = new HttpRequestMessage(
                        HttpMethod.Get,
                        new Uri(_server.CloudEndpoint, "api/v1/organization")
                    );
                    request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + _server.Cloud.AdminKey);
                    using var response = await _http.SendAsync(request);
                    return (response.StatusCode, response.Headers.RetryAfter);
                })
        );
        Assert.Equal(10, responses.Count(r => r.StatusCode == HttpStatusCode.OK));
        Assert.All(responses.Where(r => r.StatusCode != HttpStatusCode.OK), r => Assert.NotNull(r.RetryAfter));
    }

    [Fact]
    public async Task Recordings_hold_no_credentials()
    {
        using var request = TestSigner.Sign(
            _server.AwsEndpoint,
            _server.Aws.AccessKeyId,
            _server.Aws.SecretAccessKey,
            "sts",
            "us-east-1",
            "Action=GetCallerIdentity&Version=2011-06-15"
        );
        using var response = await _http.SendAsync(request);
        await CloudAsync("organization");
        Assert.Equal(2, _server.Exchanges.Count);
        var text = string.Concat(_server.Exchanges.SelectMany(e => e.Request.Headers).Select(h => h.Key + h.Value));
        Assert.DoesNotContain(_server.Cloud.AdminKey, text, StringComparison.Ordinal);
        Assert.DoesNotContain("Signature=", text, StringComparison.Ordinal);
    }

    private async Task<string> CloudAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_server.CloudEndpoint, "api/v1/" + path));
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + _server.Cloud.AdminKey);
        using var response = await _http.SendAsync(request);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadAsStringAsync();
    }
}
