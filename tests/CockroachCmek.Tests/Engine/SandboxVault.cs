using System.Text.Json;

namespace CockroachCmek.Tests.Engine;

/// <summary>Another client of the sandbox's HashiCorp Vault. It shares no code with the module.</summary>
internal static class SandboxVault
{
    private static readonly HttpClient Http = new();

    /// <summary>
    /// A line for each key of the key management engine: type, versions and where they are distributed.
    /// </summary>
    public static IReadOnlyList<string> State(ModuleSession session)
    {
        var lines = new List<string>();
        foreach (var key in Names(Read(session, "key?list=true")))
        {
            var data = Read(session, $"key/{key}")!.Value;
            var targets = Names(Read(session, $"key/{key}/kms?list=true"));
            var versions = targets.SelectMany(target =>
                Read(session, $"kms/{target}/key/{key}")!.Value.GetProperty("versions").EnumerateObject()
            );
            lines.Add(
                $"{key} {data.GetProperty("type")} latest {data.GetProperty("latest_version")} "
                    + $"deletion {data.GetProperty("deletion_allowed")} "
                    + $"in {string.Join(",", targets)}: {string.Join(",", versions.Select(v => v.Name))}"
            );
        }

        return lines;
    }

    private static List<string> Names(JsonElement? data) =>
        data is { } found ? [.. found.GetProperty("keys").EnumerateArray().Select(k => k.GetString()!)] : [];

    private static JsonElement? Read(ModuleSession session, string path)
    {
        var url = $"{session.Sandbox.Text("VaultEndpoint")}v1/keymgmt/{path}";
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.Add("X-Vault-Token", session.Sandbox.Text("VaultToken"));
        using var response = Http.Send(request);
        if (!response.IsSuccessStatusCode)
            return null;
        using var document = JsonDocument.Parse(response.Content.ReadAsStream());
        return document.RootElement.GetProperty("data").Clone();
    }
}
