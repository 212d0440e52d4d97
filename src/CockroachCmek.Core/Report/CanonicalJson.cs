using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Report;

/// <summary>
/// Writes JSON in its canonical form (RFC 8785): members sorted by name, no blanks, no needless escapes. Whoever reads
/// and writes the same content in that form gets the same bytes, and so the same digest.
/// </summary>
internal static class CanonicalJson
{
    /// <summary>The canonical form.</summary>
    public static string Write(JsonNode? node)
    {
        var text = new StringBuilder();
        Write(node, text);
        return text.ToString();
    }

    /// <summary>A text as a JSON string, with its quotes.</summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder(text.Length + 2);
        Quote(text, quoted);
        return quoted.ToString();
    }

    private static void Write(JsonNode? node, StringBuilder text)
    {
        switch (node)
        {
            case null:
                text.Append("null");
                break;
            case JsonObject members:
                var separator = '{';
                foreach (var member in members.OrderBy(m => m.Key, StringComparer.Ordinal))
                {
                    text.Append(separator);
                    Quote(member.Key, text);
                    text.Append(':');
                    Write(member.Value, text);
                    separator = ',';
                }

                text.Append(members.Count == 0 ? "{}" : "}");
                break;
            case JsonArray items:
                text.Append('[');
                for (var i = 0; i < items.Count; i++)
                {
                    text.Append(i == 0 ? "" : ",");
                    Write(items[i], text);
                }

                text.Append(']');
                break;
            default:
                Write(node.AsValue(), text);
                break;
        }
    }

    private static void Write(JsonValue value, StringBuilder text)
    {
        if (value.TryGetValue<string>(out var words))
            Quote(words, text);
        else if (value.TryGetValue<bool>(out var truth))
            text.Append(truth ? "true" : "false");
        else
            text.Append(value.GetValue<long>().ToString(CultureInfo.InvariantCulture));
    }

    private static void Quote(string words, StringBuilder text)
    {
        text.Append('"');
        for (var i = 0; i < words.Length; i++)
        {
            var character = words[i];
            if (char.IsSurrogate(character) && !(i + 1 < words.Length && char.IsSurrogatePair(character, words[i + 1])))
                text.Append('\uFFFD'); // half a character cannot be written as UTF-8
            else if (char.IsSurrogate(character))
                text.Append(character).Append(words[++i]);
            else
                text.Append(Escaped(character) ?? character.ToString());
        }

        text.Append('"');
    }

    private static string? Escaped(char character) =>
        character switch
        {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\b' => "\\b",
            '\f' => "\\f",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            < ' ' => "\\u" + ((int)character).ToString("x4", CultureInfo.InvariantCulture),
            _ => null,
        };
}
