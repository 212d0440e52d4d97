using System.Text;
using System.Text.Json;

namespace CockroachCmek.Core.Manifest;

/// <summary>Says what is wrong with a JSON document, in terms of the document instead of the parser.</summary>
internal static class JsonFaults
{
    /// <summary>The error for a fault: its line and column, both in characters, the reason and the fix.</summary>
    public static CmekException Of(JsonException fault, byte[] bytes, string text, string path, DocumentKind kind)
    {
        var offset = OffsetOf(fault, bytes);
        var index = Encoding.UTF8.GetCharCount(bytes, 0, offset);
        var lineStart = index == 0 ? 0 : text.LastIndexOf('\n', index - 1) + 1;
        return kind.Syntax(
            path,
            (int)(fault.LineNumber ?? 0) + 1,
            index - lineStart + 1,
            Explain(fault, text, index),
            fault
        );
    }

    private static int OffsetOf(JsonException fault, byte[] bytes)
    {
        var offset = 0;
        for (long line = 0; line < (fault.LineNumber ?? 0) && offset < bytes.Length; offset++)
            if (bytes[offset] == (byte)'\n')
                line++;
        return (int)Math.Min(bytes.Length, offset + (fault.BytePositionInLine ?? 0));
    }

    private static string Explain(JsonException fault, string text, int index)
    {
        var before = text.Substring(0, index).TrimEnd();
        var here = index < text.Length ? text[index] : '\0';
        return StrayCharacters.Explain(text, index)
            ?? here switch
            {
                '}' or ']' when before.EndsWith(",", StringComparison.Ordinal) =>
                    $"a comma stands before the closing {here}: remove it.",
                '\r' or '\n' => "a text ends with its line: its closing quote is missing.",
                '\'' => "a text stands in double quotes (\"), not in single ones.",
                '@' => "this is PowerShell, not JSON: write the file with ConvertTo-Json -Depth 5.",
                '#' or '/' => "JSON has no comments: remove it, or use YAML.",
                _ => WithoutPosition(fault.Message),
            };
    }

    private static string WithoutPosition(string message)
    {
        var end = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return end > 0 ? message.Substring(0, end) : message;
    }
}
