using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using CockroachCmek.Sandbox;

namespace CockroachCmek.Core.Tests.Gcp;

/// <summary>
/// Somebody else who works with the sandbox's Google Cloud, over plain REST and with all permissions.
/// </summary>
internal sealed class GcpAdministrator(SandboxServer server) : IDisposable
{
    private readonly HttpClient _http = new();

    public Task<JsonElement> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<JsonElement> PostAsync(string path, string body = "{}") => SendAsync(HttpMethod.Post, path, body);

    public async Task<JsonElement> SendAsync(HttpMethod method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(server.GcpEndpoint, $"v1/{path}"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", server.Gcp.AccessToken);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await _http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{method} {path}: {text}");
        return JsonDocument.Parse(text).RootElement;
    }

    /// <summary>Creates a key in the key ring "theirs", and returns its name.</summary>
    public async Task<string> CreateKeyAsync(
        string id = "theirs",
        string key = """{"purpose":"ENCRYPT_DECRYPT"}""",
        string location = "us-east4"
    )
    {
        var place = $"projects/{GcpWorld.Project}/locations/{location}";
        await PostAsync($"{place}/keyRings?keyRingId=theirs");
        await PostAsync($"{place}/keyRings/theirs/cryptoKeys?cryptoKeyId={id}", key);
        return $"{place}/keyRings/theirs/cryptoKeys/{id}";
    }

    /// <summary>Replaces all bindings of a resource.</summary>
    /// <param name="bindings">As from <see cref="Binding"/>.</param>
    public Task<JsonElement> BindAsync(string resource, params string[] bindings) =>
        PostAsync(
            $"{resource}:setIamPolicy",
            $$$"""{"policy":{"version":3,"bindings":[{{{string.Join(",", bindings)}}}]}}"""
        );

    /// <summary>A binding as JSON, with its condition as from <see cref="Until"/>.</summary>
    public static string Binding(string role, string member, string? condition = null)
    {
        var more = condition is null ? "" : $",\"condition\":{condition}";
        return $$"""{"role":"{{role}}","members":["{{member}}"]{{more}}}""";
    }

    /// <summary>A condition that holds until a date.</summary>
    public static string Until(string date, string title = "for now") =>
        $$"""{"title":"{{title}}","expression":"request.time < timestamp(\"{{date}}T00:00:00Z\")"}""";

    /// <summary>The bindings of a key or key ring, as text.</summary>
    public async Task<string> BindingsAsync(string resource)
    {
        var policy = await GetAsync($"{resource}:getIamPolicy?options.requestedPolicyVersion=3");
        return policy.TryGetProperty("bindings", out var bindings) ? bindings.ToString() : "[]";
    }

    /// <summary>The bindings of a service account, as text.</summary>
    public async Task<string> TrustAsync(string account)
    {
        var policy = await SendAsync(HttpMethod.Post, $"{Account(account)}:getIamPolicy");
        return policy.TryGetProperty("bindings", out var bindings) ? bindings.ToString() : "[]";
    }

    public Task<JsonElement> DeleteAccountAsync(string account) => SendAsync(HttpMethod.Delete, Account(account));

    public Task<JsonElement> DisableAccountAsync(string account) => PostAsync($"{Account(account)}:disable");

    public static string Account(string email) => $"projects/{GcpWorld.Project}/serviceAccounts/{email}";

    public Task<JsonElement> CreateVersionAsync(string key) => PostAsync($"{key}/cryptoKeyVersions");

    public Task<JsonElement> MakePrimaryAsync(string key, int version) =>
        PostAsync($"{key}:updatePrimaryVersion", $$"""{"cryptoKeyVersionId":"{{version}}"}""");

    public Task<JsonElement> DisableVersionAsync(string key, int version = 1) =>
        SendAsync(HttpMethod.Patch, $"{key}/cryptoKeyVersions/{version}?updateMask=state", """{"state":"DISABLED"}""");

    public Task<JsonElement> DestroyVersionAsync(string key, int version = 1) =>
        PostAsync($"{key}/cryptoKeyVersions/{version}:destroy");

    /// <summary>States of a key's versions, in the order of the list.</summary>
    public async Task<IReadOnlyList<string>> VersionStatesAsync(string key) =>
        [
            .. (await GetAsync($"{key}/cryptoKeyVersions"))
                .GetProperty("cryptoKeyVersions")
                .EnumerateArray()
                .Select(v => v.GetProperty("state").GetString()!),
        ];

    /// <summary>Number of the primary version.</summary>
    public async Task<string> PrimaryAsync(string key) =>
        (await GetAsync(key)).GetProperty("primary").GetProperty("name").GetString()!.Split('/')[^1];

    public void Dispose() => _http.Dispose();
}
