using System.Text;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox;
using CockroachCmek.Testing;
using Microsoft.Extensions.Time.Testing;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>A sandbox with a clock that the test moves, and plain HTTP to its Vault, its AWS and its CockroachDB Cloud.</summary>
internal sealed class VaultCaller : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly HttpClient _http = new(new HttpClientHandler { AllowAutoRedirect = false });

    public VaultCaller() =>
        Server = SandboxServer.Start(
            new SandboxOptions
            {
                Time = _time,
                TimeScale = 600,
                Record = true,
            }
        );

    public SandboxServer Server { get; }

    /// <summary>Moves the sandbox's clock.</summary>
    public void Pass(TimeSpan sandboxTime) => _time.Advance(TimeSpan.FromTicks(sandboxTime.Ticks / 600));

    /// <summary>With the root token, unless another is given; an empty one sends none.</summary>
    public async Task<(int Status, JsonNode? Body)> SendAsync(
        string method,
        string path,
        string? body = null,
        string? token = null,
        string? place = null
    )
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(Server.VaultEndpoint, "v1/" + path));
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        if (token != "")
            request.Headers.Add("X-Vault-Token", token ?? Server.Vault.RootToken);
        if (place is not null)
            request.Headers.Add("X-Vault-Namespace", place);
        using var answer = await _http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return ((int)answer.StatusCode, text.Length > 0 ? JsonNode.Parse(text) : null);
    }

    /// <summary>The data of a success.</summary>
    public async Task<JsonNode> ReadAsync(string path)
    {
        var (status, body) = await SendAsync("GET", path);
        Assert.Equal(200, status);
        return body!["data"]!;
    }

    public async Task WriteAsync(string path, string? body = null)
    {
        var (status, answer) = await SendAsync("POST", path, body);
        Assert.True(status == 204, $"{path}: {status} {answer}");
    }

    /// <summary>The status and the first sentence of a refusal.</summary>
    public async Task<(int Status, string Sentence)> RefusalAsync(
        string method,
        string path,
        string? body = null,
        string? token = null,
        string? place = null
    )
    {
        var (status, answer) = await SendAsync(method, path, body, token, place);
        return (status, (string?)answer?["errors"]?.AsArray().FirstOrDefault() ?? "");
    }

    /// <summary>keymgmt mounted, a provider in a region with the sandbox's credentials, and a key.</summary>
    public async Task PrepareAwsAsync(string region = "us-east-1", string type = "aes256-gcm96")
    {
        await WriteAsync("sys/mounts/keymgmt", """{"type":"keymgmt"}""");
        await WriteAsync(
            "keymgmt/kms/awskms",
            $$"""{"provider":"awskms","key_collection":"{{region}}","credentials":["access_key={{Server.Aws.AccessKeyId}}","secret_key={{Server.Aws.SecretAccessKey}}"]}"""
        );
        await WriteAsync("keymgmt/key/crdb-cmek-vault", $$"""{"type":"{{type}}"}""");
    }

    public Task DistributeAsync(string kms = "awskms") =>
        WriteAsync($"keymgmt/kms/{kms}/key/crdb-cmek-vault", """{"purpose":"encrypt,decrypt","protection":"hsm"}""");

    public async Task<JsonNode> KmsAsync(string operation, string body, string region = "us-east-1")
    {
        var (status, answer) = await TryKmsAsync(operation, body, region);
        Assert.True(status == 200, answer.ToJsonString());
        return answer;
    }

    public async Task<(int Status, JsonNode Body)> TryKmsAsync(
        string operation,
        string body,
        string region = "us-east-1"
    )
    {
        using var request = TestSigner.Sign(
            Server.AwsEndpoint,
            Server.Aws.AccessKeyId,
            Server.Aws.SecretAccessKey,
            "kms",
            region,
            body,
            "application/x-amz-json-1.1",
            "TrentService." + operation
        );
        using var answer = await _http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return ((int)answer.StatusCode, JsonNode.Parse(text.Length > 0 ? text : "{}")!);
    }

    public async Task<string> QueryAsync(string service, string form)
    {
        using var request = TestSigner.Sign(
            Server.AwsEndpoint,
            Server.Aws.AccessKeyId,
            Server.Aws.SecretAccessKey,
            service,
            "us-east-1",
            form
        );
        using var answer = await _http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        return text;
    }

    public async Task<(int Status, JsonNode Body)> CloudAsync(string method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(
            new HttpMethod(method),
            new Uri(Server.CloudEndpoint, "api/v1/" + path)
        );
        request.Headers.Add("Authorization", "Bearer " + Server.Cloud.AdminKey);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await _http.SendAsync(request);
        return ((int)answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync())!);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Server.StopAsync();
        Server.Dispose();
    }
}
