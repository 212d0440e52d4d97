using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CockroachCmek.Core;

/// <summary>
/// Makes text from outside safe to show. A terminal obeys control characters, and marks of direction show a text in
/// another order than it has (CVE-2021-42574). Both become visible, as \u001B.
/// </summary>
internal static class VisibleText
{
    /// <summary>The text in one line: line breaks and tabs become blanks, what is hidden becomes visible.</summary>
    public static string Line(string text) => Convert(text, keepsLines: false);

    /// <summary>The same with its line breaks, for questions that the module itself puts together.</summary>
    public static string Lines(string text) => Convert(text, keepsLines: true);

    /// <summary>True for a character that no name, URI or message needs, and that is not shown as itself.</summary>
    public static bool IsHidden(char character) =>
        char.GetUnicodeCategory(character)
            is UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator;

    private static string Convert(string text, bool keepsLines)
    {
        if (!text.Any(c => IsHidden(c) || char.IsSurrogate(c)))
            return text;
        var shown = new StringBuilder(text.Length + 16);
        for (var i = 0; i < text.Length; i++)
        {
            var character = text[i];
            if (character == '\n' && keepsLines)
                shown.Append(character);
            else if (character is '\r' or '\n' or '\t')
                shown.Append(character == '\r' && i + 1 < text.Length && text[i + 1] == '\n' ? "" : " ");
            else if (IsPair(text, i))
                shown.Append(character).Append(text[++i]);
            else if (IsHidden(character) || char.IsSurrogate(character))
                shown.Append("\\u").Append(((int)character).ToString("X4", CultureInfo.InvariantCulture));
            else
                shown.Append(character);
        }

        return shown.ToString();
    }

    /// <summary>True at a character of two halves that is shown, an emoji for example.</summary>
    private static bool IsPair(string text, int index) =>
        index + 1 < text.Length
        && char.IsSurrogatePair(text[index], text[index + 1])
        && CharUnicodeInfo.GetUnicodeCategory(text, index) != UnicodeCategory.Format;
}

/// <summary>Reads every text of a JSON document as visible text: from then on it can be shown anywhere.</summary>
internal sealed class VisibleTextConverter : JsonConverter<string>
{
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetString() is { } text ? VisibleText.Line(text) : null;

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value);
}
