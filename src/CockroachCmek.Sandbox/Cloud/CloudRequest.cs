using System.Text.Json;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Cloud;

/// <summary>
/// Reads query and body of a request. Fields that the API does not have are refused, as the API does.
/// </summary>
internal static class CloudRequest
{
    public static Dictionary<string, string> Query(string query) =>
        query
            .Split(['&'], StringSplitOptions.RemoveEmptyEntries)
            .Select(pair => pair.Split(['='], 2))
            .GroupBy(p => Uri.UnescapeDataString(p[0]))
            .ToDictionary(
                g => g.Key,
                g => g.Last().Length > 1 ? Uri.UnescapeDataString(g.Last()[1].Replace('+', ' ')) : ""
            );

    public static JsonObject Body(SandboxRequest request)
    {
        try
        {
            return JsonNode.Parse(request.Body) as JsonObject
                ?? throw CloudException.InvalidArgument("proto: syntax error: the body is not an object");
        }
        catch (JsonException error)
        {
            throw CloudException.InvalidArgument($"proto: syntax error: {error.Message}");
        }
    }

    /// <summary>The region_specs of a body.</summary>
    public static List<(string Region, SandboxKeySpec Spec)> RegionSpecs(JsonObject body)
    {
        RefuseUnknown(body, "region_specs");
        return RegionSpecs(
            body["region_specs"] as JsonArray ?? throw CloudException.InvalidArgument("region_specs is required")
        );
    }

    public static List<(string Region, SandboxKeySpec Spec)> RegionSpecs(JsonArray specs) =>
        [.. specs.Select(RegionSpec)];

    public static void RefuseUnknown(JsonObject item, params string[] known)
    {
        foreach (var field in item)
            if (!known.Contains(field.Key))
                throw CloudException.InvalidArgument($"proto: unknown field \"{field.Key}\"");
    }

    private static (string Region, SandboxKeySpec Spec) RegionSpec(JsonNode? item)
    {
        var region =
            item as JsonObject
            ?? throw CloudException.InvalidArgument("proto: syntax error: a region spec is an object");
        RefuseUnknown(region, "region", "key_spec");
        var key = region["key_spec"] as JsonObject ?? throw CloudException.InvalidArgument("key_spec is required");
        RefuseUnknown(key, "type", "uri", "auth_principal");
        return (
            Text(region, "region"),
            new SandboxKeySpec(Text(key, "type"), Text(key, "uri"), Text(key, "auth_principal"))
        );
    }

    private static string Text(JsonObject item, string name) =>
        item[name] is JsonValue value && value.TryGetValue<string>(out var text) && text.Length > 0
            ? text
            : throw CloudException.InvalidArgument($"{name} is required");
}
