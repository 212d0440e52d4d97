using System.Text.Json;

namespace CockroachCmek.Tests.Engine;

/// <summary>What there is in the Key Management engine of the session's sandbox, read without the module.</summary>
internal static class SandboxVault
{
    /// <summary>A line for each key, without what differs from run to run.</summary>
    public static IReadOnlyList<string> Keys(ModuleSession session)
    {
        var lines = new List<string>();
        foreach (var key in Names(Read(session, "key?list=true")))
        {
            var data = Read(session, $"key/{key}")!.Value;
            var entries = Names(Read(session, $"key/{key}/kms?list=true"));
            var versions = entries.SelectMany(e =>
                Read(session, $"kms/{e}/key/{key}")!.Value.GetProperty("versions").EnumerateObject().Select(v => v.Name)
            );
            lines.Add(
                $"{key} {data.GetProperty("type")} latest {data.GetProperty("latest_version")} deletion {data.GetProperty("deletion_allowed")} in {string.Join(",", entries)}: {string.Join(",", versions)}"
            );
        }

        return lines;
    }

    private static List<string> Names(JsonElement? data) =>
        data is { } found ? [.. found.GetProperty("keys").EnumerateArray().Select(k => k.GetString()!)] : [];

    private static JsonElement? Read(ModuleSession session, string path)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(
            HttpMethod.Get,
            $"{session.Run("$sandbox.VaultEndpoint").Single()}v1/keymgmt/{path}"
        );
        request.Headers.Add("X-Vault-Token", session.Run("$sandbox.VaultToken").Single().ToString());
        using var response = client.Send(request);
        if (!response.IsSuccessStatusCode)
            return null;
        using var document = JsonDocument.Parse(response.Content.ReadAsStream());
        return document.RootElement.GetProperty("data").Clone();
    }
}
