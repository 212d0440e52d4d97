using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox;
using CockroachCmek.Sandbox.Cloud;
using Microsoft.Extensions.Time.Testing;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>A sandbox whose clock only the test advances, and a plain HTTP client for it.</summary>
internal abstract class SandboxTestBed : IAsyncDisposable
{
    private readonly double _timeScale;
    private readonly HttpClient _http;

    protected SandboxTestBed(double timeScale = 1, Func<SandboxServer, HttpMessageHandler>? createHandler = null)
    {
        _timeScale = timeScale;
        Server = SandboxServer.Start(
            new SandboxOptions
            {
                TimeScale = timeScale,
                Time = Time,
                Record = true,
                PageSize = 50,
            }
        );
        _http = new HttpClient(createHandler?.Invoke(Server) ?? new HttpClientHandler { AllowAutoRedirect = false });
    }

    public FakeTimeProvider Time { get; } = new(DateTimeOffset.UtcNow);

    public SandboxServer Server { get; }

    /// <summary>Advances the sandbox's clock.</summary>
    public void Advance(TimeSpan sandboxTime) => Time.Advance(sandboxTime / _timeScale);

    /// <summary>A request to CockroachDB Cloud with the administrator's API key.</summary>
    public Task<TestResponse> CloudAsync(string method, string path, string? body = null)
    {
        var request = Request(method, new Uri(Server.CloudEndpoint, "api/v1/" + path), body);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Server.Cloud.AdminKey);
        return ExchangeAsync(request);
    }

    /// <summary>
    /// Enables CMEK on a cluster (POST) or switches it to another key (PUT), with one key for one region.
    /// </summary>
    public Task<TestResponse> CmekAsync(string method, string clusterId, string region, SandboxKeySpec key) =>
        CloudAsync(
            method,
            $"clusters/{clusterId}/cmek",
            new JsonObject
            {
                ["region_specs"] = new JsonArray(
                    new JsonObject
                    {
                        ["region"] = region,
                        ["key_spec"] = new JsonObject
                        {
                            ["type"] = key.Type,
                            ["uri"] = key.Uri,
                            ["auth_principal"] = key.AuthPrincipal,
                        },
                    }
                ),
            }.ToJsonString()
        );

    public virtual async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Server.StopAsync();
        Server.Dispose();
    }

    protected static HttpRequestMessage Request(
        string method,
        Uri address,
        string? body = null,
        string contentType = "application/json"
    ) =>
        new(new HttpMethod(method), address)
        {
            Content = body is null ? null : new StringContent(body, Encoding.UTF8, contentType),
        };

    protected async Task<TestResponse> ExchangeAsync(HttpRequestMessage request)
    {
        using (request)
        using (var response = await _http.SendAsync(request))
            return await TestResponse.ReadAsync(response);
    }
}
