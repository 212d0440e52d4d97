using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace CockroachCmek.Tests.Engine;

/// <summary>Another client of the sandbox's Google Cloud: what a console or a colleague does meanwhile.</summary>
internal static class SandboxGcp
{
    public static JsonElement Get(ModuleSession session, string path) => Send(session, HttpMethod.Get, path, null);

    public static JsonElement Post(ModuleSession session, string path, string? body) =>
        Send(session, HttpMethod.Post, path, body);

    public static JsonElement Patch(ModuleSession session, string path, string body) =>
        Send(session, HttpMethod.Patch, path, body);

    public static JsonElement Delete(ModuleSession session, string path) =>
        Send(session, HttpMethod.Delete, path, null);

    private static JsonElement Send(ModuleSession session, HttpMethod method, string path, string? body)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(
            method,
            new Uri(new Uri(session.Run("$sandbox.GcpEndpoint").Single().ToString()!), $"v1/{path}")
        );
        request.Headers.Authorization = new AuthenticationHeaderValue(
            "Bearer",
            session.Run("$sandbox.GcpAccessToken").Single().ToString()
        );
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = client.Send(request);
        using var reader = new StreamReader(response.Content.ReadAsStream());
        var text = reader.ReadToEnd();
        Assert.True(response.IsSuccessStatusCode, $"{method} {path}: {text}");
        return JsonDocument.Parse(text).RootElement;
    }
}
