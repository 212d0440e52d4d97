using System.Globalization;

namespace CockroachCmek.Core.Manifest;

/// <summary>
/// Characters that web pages, mail and word processors put into text, and that no manifest needs: they look like
/// nothing, like a space, a quote or a hyphen.
/// </summary>
internal static class StrayCharacters
{
    /// <summary>Why a text has a character that it should not have; null when it has none.</summary>
    /// <param name="text">The text of a value.</param>
    public static string? Problem(string text)
    {
        for (var i = 0; i < text.Length; i++)
            if (NameOf(text[i]) is not null)
                return $"{Spell(text[i])} at character {i + 1}: {Fix(text[i])}";
        return null;
    }

    /// <summary>
    /// What a character at a place of a document is, if it cannot stand there; null for any other, line breaks included.
    /// </summary>
    public static string? Explain(string text, int index) =>
        index >= 0 && index < text.Length && text[index] is not ('\r' or '\n') && NameOf(text[index]) is not null
            ? $"{Spell(text[index])} is not allowed here: {Fix(text[index])}."
            : null;

    /// <summary>
    /// The stray character in a line of a document or in the line before, where a parser reports what it led to; null
    /// when there is none.
    /// </summary>
    public static string? ExplainNear(string text, int line)
    {
        var lines = text.Split('\n');
        for (var number = Math.Max(1, line - 1); number <= line && number <= lines.Length; number++)
            if (Problem(lines[number - 1].TrimEnd('\r')) is { } problem)
                return $"line {number} holds {problem}.";
        return null;
    }

    /// <summary>A character as a person can see it and search for it: U+00A0 (no-break space).</summary>
    private static string Spell(char character) =>
        $"U+{((int)character).ToString("X4", CultureInfo.InvariantCulture)} ({NameOf(character)})";

    private static string Fix(char character) =>
        IsQuote(character) ? "write \" instead"
        : IsDash(character) ? "write - instead"
        : IsSpace(character) || character == '\t' ? "remove it, or write spaces"
        : "remove it";

    private static bool IsQuote(char c) =>
        CharUnicodeInfo.GetUnicodeCategory(c)
            is UnicodeCategory.InitialQuotePunctuation
                or UnicodeCategory.FinalQuotePunctuation
        || c is '\u201A' or '\u201E' or '\uFF02' or '\uFF07';

    private static bool IsDash(char c) =>
        c == '\u2212' || (c != '-' && CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.DashPunctuation);

    private static bool IsSpace(char c) =>
        c != ' ' && CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.SpaceSeparator;

    private static string? NameOf(char character) =>
        character switch
        {
            '\t' => "tab",
            '\n' or '\r' => "line break",
            '\u00A0' => "no-break space",
            '\u00AD' => "soft hyphen",
            '\u200B' => "zero width space",
            '\u200C' or '\u200D' => "zero width joiner",
            '\u2060' => "word joiner",
            '\uFEFF' => "byte order mark",
            >= '\u202A' and <= '\u202E' or >= '\u2066' and <= '\u2069' or '\u200E' or '\u200F' => "mark of direction",
            _ when char.IsControl(character) => "control character",
            _ when IsQuote(character) => "typographic quote",
            _ when IsDash(character) => "dash",
            _ when IsSpace(character) => "space of another width",
            _ when VisibleText.IsHidden(character) => "character that is not shown",
            _ => null,
        };
}
