using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>Writes a policy as AWS shows it: not as it was sent.</summary>
internal static class PolicyText
{
    /// <summary>Replaces principals in Principal and NotPrincipal. The text stays as it is when none changes.</summary>
    public static string WithPrincipals(string text, Func<string, string> replace)
    {
        var isChanged = false;
        var document = Rewrite(text, list =>
        {
            var changed = list.Select(replace).ToList();
            isChanged |= !changed.SequenceEqual(list);
            return changed;
        });
        return isChanged ? document.ToJsonString() : text;
    }

    /// <summary>
    /// The form of GetKeyPolicy: pretty-printed, with a space before each colon; accounts as the ARN of their root, a
    /// list of one as a plain text, and long lists of principals in another order with each read.
    /// </summary>
    /// <param name="text">The policy.</param>
    /// <param name="read">Number of the read.</param>
    public static string AsKmsShowsIt(string text, int read)
    {
        var document = Rewrite(text, list => Turned([.. list.Select(RootOf)], read));
        var written = new StringBuilder();
        Write(document, 0, written);
        return written.ToString();
    }

    private static string RootOf(string principal) =>
        Regex.IsMatch(principal, @"^\d{12}$") ? $"arn:aws:iam::{principal}:root" : principal;

    /// <summary>Short lists were never seen in another order.</summary>
    private static IReadOnlyList<string> Turned(List<string> list, int read) =>
        list.Count < 3 ? list : [.. list.Skip(read % list.Count), .. list.Take(read % list.Count)];

    private static JsonObject Rewrite(string text, Func<IReadOnlyList<string>, IReadOnlyList<string>> change)
    {
        var document = JsonNode.Parse(text)!.AsObject();
        var statements = document["Statement"] is JsonArray several ? several : [document["Statement"]!.DeepClone()];
        foreach (var statement in statements.Select(s => s!.AsObject()))
        foreach (var element in new[] { "Principal", "NotPrincipal" })
            if (statement[element] is JsonObject principal && principal["AWS"] is { } named)
            {
                IReadOnlyList<string> list = named is JsonArray many
                    ? [.. many.Select(p => (string)p!)]
                    : [(string)named!];
                var changed = change(list);
                principal["AWS"] =
                    named is JsonArray
                        ? new JsonArray([.. changed.Select(p => (JsonNode)p)])
                        : JsonValue.Create(changed[0]);
            }

        if (document["Statement"] is not JsonArray)
            document["Statement"] = statements[0]!.DeepClone();
        return document;
    }

    private static void Write(JsonNode? node, int depth, StringBuilder written)
    {
        switch (node)
        {
            case JsonObject map:
                WriteItems('{', '}', map.Count, depth, written, at =>
                {
                    var item = map.ElementAt(at);
                    written.Append(JsonSerializer.Serialize(item.Key)).Append(" : ");
                    Write(item.Value, depth + 1, written);
                });
                break;
            case JsonArray { Count: 1 } one when one[0] is JsonValue:
                Write(one[0], depth, written);
                break;
            case JsonArray list:
                WriteItems('[', ']', list.Count, depth, written, at => Write(list[at], depth + 1, written));
                break;
            default:
                written.Append(node?.ToJsonString() ?? "null");
                break;
        }
    }

    private static void WriteItems(
        char open,
        char close,
        int count,
        int depth,
        StringBuilder written,
        Action<int> writeItem
    )
    {
        written.Append(open);
        for (var at = 0; at < count; at++)
        {
            written.Append(at == 0 ? "\n" : ",\n").Append(' ', 2 * (depth + 1));
            writeItem(at);
        }

        if (count > 0)
            written.Append('\n').Append(' ', 2 * depth);
        written.Append(close);
    }
}
