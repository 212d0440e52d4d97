using System.Net;
using System.Net.Sockets;
using System.Text;
using CockroachCmek.Sandbox;
using CockroachCmek.Sandbox.Aws;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>The sandbox as another client sees it: raw sockets and HttpClient.</summary>
public sealed class SandboxTests : IAsyncLifetime
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
        "DELETE /api/v1/clusters HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer KEY\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "405 Status"
    )]
    public async Task Requests_on_the_wire_are_answered(string request, string status)
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
    public async Task One_connection_carries_many_requests_and_a_stop_ends_it()
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
            // Reset is as good an end as any.
        }

        Assert.Empty(rest);
    }

    [Fact]
    public async Task Pages_are_followed_by_token()
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
    public async Task The_eleventh_request_of_a_second_is_turned_away()
    {
        var answers = await Task.WhenAll(
            Enumerable
                .Range(0, 15)
                .Select(async _ =>
                {
                    using var request = new HttpRequestMessage(
                        HttpMethod.Get,
                        new Uri(_server.CloudEndpoint, "api/v1/organization")
                    );
                    request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + _server.Cloud.AdminKey);
                    using var answer = await _http.SendAsync(request);
                    return (answer.StatusCode, answer.Headers.RetryAfter);
                })
        );
        Assert.Equal(10, answers.Count(a => a.StatusCode == HttpStatusCode.OK));
        Assert.All(answers.Where(a => a.StatusCode != HttpStatusCode.OK), a => Assert.NotNull(a.RetryAfter));
    }

    [Theory]
    [InlineData("", "", 200)]
    [InlineData("body", "", 403)]
    [InlineData("header", "", 403)]
    [InlineData("", "another", 403)]
    public async Task Signatures_are_checked_over_the_whole_request(string change, string secret, int status)
    {
        using var request = TestSigner.Sign(
            _server.AwsEndpoint,
            _server.Aws.AccessKeyId,
            secret.Length > 0 ? secret : _server.Aws.SecretAccessKey,
            "sts",
            "us-east-1",
            "Action=GetCallerIdentity&Version=2011-06-15"
        );
        if (change == "body")
            request.Content = new StringContent(
                "Action=GetCallerIdentity&Version=2011-06-15&x=1",
                Encoding.UTF8,
                "application/x-www-form-urlencoded"
            );
        if (change == "header")
        {
            request.Headers.Remove("X-Amz-Date");
            request.Headers.Add(
                "X-Amz-Date",
                DateTime
                    .UtcNow.AddMinutes(1)
                    .ToString("yyyyMMdd'T'HHmmss'Z'", System.Globalization.CultureInfo.InvariantCulture)
            );
        }

        using var answer = await _http.SendAsync(request);
        Assert.Equal(status, (int)answer.StatusCode);
        if (status == 403)
            Assert.Contains(
                "SignatureDoesNotMatch",
                await answer.Content.ReadAsStringAsync(),
                StringComparison.Ordinal
            );
    }

    [Fact]
    public async Task Nothing_that_was_recorded_holds_a_credential()
    {
        using var request = TestSigner.Sign(
            _server.AwsEndpoint,
            _server.Aws.AccessKeyId,
            _server.Aws.SecretAccessKey,
            "sts",
            "us-east-1",
            "Action=GetCallerIdentity&Version=2011-06-15"
        );
        using var answer = await _http.SendAsync(request);
        await CloudAsync("organization");
        Assert.Equal(2, _server.Exchanges.Count);
        var text = string.Concat(_server.Exchanges.SelectMany(e => e.Request.Headers).Select(h => h.Key + h.Value));
        Assert.DoesNotContain(_server.Cloud.AdminKey, text, StringComparison.Ordinal);
        Assert.DoesNotContain("Signature=", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::1:role/r"},"Action":"kms:Decrypt"}""", "Allow")]
    [InlineData("""{"Effect":"Allow","Principal":{"AWS":["x","ROLEID"]},"Action":["kms:D*"]}""", "Allow")]
    [InlineData("""{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"kms:*"}""", "Delegate")]
    [InlineData("""{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"*"}""", "Delegate")]
    [InlineData("""{"Effect":"Allow","Principal":"*","Action":"kms:decrypt"}""", "Allow")]
    [InlineData("""{"Effect":"Allow","Principal":"*","Action":"kms:Encrypt"}""", "None")]
    [InlineData("""{"Effect":"Allow","Principal":"*","NotAction":"kms:Encrypt"}""", "Allow")]
    [InlineData("""{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::1:role/other"},"Action":"kms:*"}""", "None")]
    [InlineData(
        """{"Effect":"Allow","Principal":"*","Action":"kms:*","Condition":{"StringEquals":{"sts:ExternalId":"org"}}}""",
        "Allow"
    )]
    [InlineData(
        """{"Effect":"Allow","Principal":"*","Action":"kms:*","Condition":{"StringEquals":{"sts:ExternalId":"other"}}}""",
        "None"
    )]
    [InlineData(
        """{"Effect":"Allow","Principal":"*","Action":"kms:*","Condition":{"StringLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/*"}}}""",
        "Allow"
    )]
    [InlineData(
        """{"Effect":"Allow","Principal":"*","Action":"kms:*","Condition":{"MoonPhase":{"aws:Moon":"full"}}}""",
        "None"
    )]
    [InlineData(
        """[{"Effect":"Allow","Principal":"*","Action":"kms:*"},{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::1:role/r"},"Action":"kms:Decrypt"}]""",
        "Deny"
    )]
    public void Policies_are_evaluated(string statements, string verdict)
    {
        var caller = new Caller("111111111111", "arn:aws:sts::1:assumed-role/r/s", "ROLEID")
        {
            PrincipalArn = "arn:aws:iam::1:role/r",
        };
        var policy = PolicyDocument.Parse(
            $$"""{"Version":"2012-10-17","Statement":{{statements}}}""",
            needsPrincipal: true,
            "MalformedPolicyDocument"
        );
        Assert.Equal(
            verdict,
            policy
                .Evaluate(
                    caller,
                    "kms:Decrypt",
                    "key",
                    new Dictionary<string, string> { ["sts:ExternalId"] = "org" },
                    _ => null
                )
                .ToString()
        );
    }

    private async Task<string> CloudAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_server.CloudEndpoint, "api/v1/" + path));
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + _server.Cloud.AdminKey);
        using var answer = await _http.SendAsync(request);
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadAsStringAsync();
    }
}
