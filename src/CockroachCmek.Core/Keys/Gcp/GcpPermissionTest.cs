using System.Net.Http;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>testIamPermissions, which every service has in the same form.</summary>
internal static class GcpPermissionTest
{
    /// <summary>Those of the permissions that the caller has.</summary>
    public static async Task<IReadOnlyList<string>> SendAsync(
        GcpRest rest,
        string resource,
        IReadOnlyList<string> permissions,
        CancellationToken cancellationToken
    )
    {
        var held = await rest.SendAsync<JsonObject>(
            HttpMethod.Post,
            $"v1/{resource}:testIamPermissions",
            new JsonObject { ["permissions"] = new JsonArray([.. permissions.Select(p => (JsonNode)p)]) },
            cancellationToken
        );
        return [.. (held["permissions"] as JsonArray ?? []).Select(p => (string?)p ?? "")];
    }
}
