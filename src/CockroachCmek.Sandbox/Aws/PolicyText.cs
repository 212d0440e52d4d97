using System.Text.Json;
using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>Rewrites the text of a policy for reading.</summary>
internal static class PolicyText
{
    /// <summary>Replaces principals in Principal and NotPrincipal. The text stays as it is when none changes.</summary>
    public static string WithPrincipals(string text, Func<string, string> replace)
    {
        var document = JsonNode.Parse(text)!.AsObject();
        var statements = document["Statement"] is JsonArray several ? several : [document["Statement"]!.DeepClone()];
        var isChanged = false;
        foreach (var statement in statements.Select(s => s!.AsObject()))
        foreach (var element in new[] { "Principal", "NotPrincipal" })
            if (statement[element] is JsonObject principal && principal["AWS"] is { } named)
            {
                var changed = Replace(named, replace);
                isChanged |= changed.ToJsonString() != named.ToJsonString();
                principal["AWS"] = changed;
            }

        if (!isChanged)
            return text;
        if (document["Statement"] is not JsonArray)
            document["Statement"] = statements[0]!.DeepClone();
        return document.ToJsonString();
    }

    private static JsonNode Replace(JsonNode named, Func<string, string> replace) =>
        named is JsonArray list
            ? new JsonArray([.. list.Select(p => (JsonNode)replace((string)p!))])
            : JsonValue.Create(replace((string)named!));
}
