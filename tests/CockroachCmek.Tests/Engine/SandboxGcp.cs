using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace CockroachCmek.Tests.Engine;

/// <summary>Another client of the sandbox's Google Cloud: what a console or a colleague does meanwhile.</summary>
internal static class SandboxGcp
{
    private static readonly HttpClient Http = new();

    public static JsonElement Get(ModuleSession session, string path) => Send(session, HttpMethod.Get, path, null);

    public static JsonElement Post(ModuleSession session, string path, string? body) =>
        Send(session, HttpMethod.Post, path, body);

    public static JsonElement Patch(ModuleSession session, string path, string body) =>
        Send(session, HttpMethod.Patch, path, body);

    public static JsonElement Delete(ModuleSession session, string path) =>
        Send(session, HttpMethod.Delete, path, null);

    /// <summary>
    /// A line for each ring and key of some locations and for each service account, with their bindings.
    /// </summary>
    public static IReadOnlyList<string> State(ModuleSession session, IEnumerable<string> locations)
    {
        var project = Project(session);
        var lines = new List<string>();
        foreach (var location in locations)
        {
            var rings = Names(Get(session, $"{project}/locations/{location}/keyRings"), "keyRings").ToList();
            lines.AddRange(rings);
            foreach (var ring in rings)
                lines.AddRange(
                    Items(Get(session, $"{ring}/cryptoKeys"), "cryptoKeys").Select(key => Key(session, key))
                );
        }

        foreach (var account in Items(Get(session, $"{project}/serviceAccounts"), "accounts"))
        {
            var email = account.GetProperty("email").GetString();
            var policy = Post(session, $"{project}/serviceAccounts/{email}:getIamPolicy", null);
            lines.Add($"{email} {Bindings(policy)}");
        }

        return lines;
    }

    /// <summary>What Vault's access and its keys leave behind: rings, roles, keys of the agent, bindings.</summary>
    public static IReadOnlyList<string> VaultState(ModuleSession session)
    {
        var project = Project(session);
        var ring = $"{project}/locations/global/keyRings/crdb-cmek";
        var agent = $"cmek-vault-agent@{project.Split('/')[1]}.iam.gserviceaccount.com";
        var agentKeys = Get(session, $"{project}/serviceAccounts/{agent}/keys?keyTypes=USER_MANAGED");
        var keys = Names(Get(session, $"{ring}/cryptoKeys"), "cryptoKeys").ToList();
        return
        [
            .. Names(Get(session, $"{project}/locations/global/keyRings"), "keyRings"),
            .. Names(Get(session, $"{project}/roles"), "roles"),
            $"keys of the agent {Items(agentKeys, "keys").Count()}",
            .. keys.Prepend(ring).Select(resource => Bindings(Get(session, $"{resource}:getIamPolicy"))),
            $"keys {keys.Count}",
        ];
    }

    private static string Key(ModuleSession session, JsonElement key)
    {
        var name = key.GetProperty("name").GetString()!;
        var versions = Items(Get(session, $"{name}/cryptoKeyVersions"), "cryptoKeyVersions")
            .Select(v => v.GetProperty("state").GetString());
        var primary = key.TryGetProperty("primary", out var p)
            ? p.GetProperty("name").GetString()!.Split('/')[^1]
            : "none";
        var labels = key.TryGetProperty("labels", out var l)
            ? l.EnumerateObject().OrderBy(i => i.Name, StringComparer.Ordinal).Select(i => $"{i.Name}={i.Value}")
            : [];
        var period = key.TryGetProperty("rotationPeriod", out var found) ? found : default;
        var policy = Get(session, $"{name}:getIamPolicy?options.requestedPolicyVersion=3");
        return $"{name} {string.Join(",", versions)} primary {primary} labels {string.Join(",", labels)} "
            + $"rotated {period} {Bindings(policy)}";
    }

    private static string Project(ModuleSession session) => $"projects/{session.Sandbox.Text("GcpProject")}";

    private static IEnumerable<string> Names(JsonElement response, string list) =>
        Items(response, list).Select(item => item.GetProperty("name").GetString()!);

    private static IEnumerable<JsonElement> Items(JsonElement response, string list) =>
        response.TryGetProperty(list, out var items) ? items.EnumerateArray() : [];

    private static string Bindings(JsonElement policy) =>
        string.Join(
            ";",
            Items(policy, "bindings")
                .Select(b => $"{b.GetProperty("role")}:{string.Join(",", b.GetProperty("members").EnumerateArray())}")
                .Order(StringComparer.Ordinal)
        );

    private static JsonElement Send(ModuleSession session, HttpMethod method, string path, string? body)
    {
        var url = new Uri(new Uri(session.Sandbox.Text("GcpEndpoint")), $"v1/{path}");
        using var request = new HttpRequestMessage(method, url);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", session.Sandbox.Text("GcpAccessToken"));
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = Http.Send(request);
        using var reader = new StreamReader(response.Content.ReadAsStream());
        var text = reader.ReadToEnd();
        Assert.True(response.IsSuccessStatusCode, $"{method} {path}: {text}");
        return JsonDocument.Parse(text).RootElement;
    }
}
