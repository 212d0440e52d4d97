using System.Text;

namespace CockroachCmek.Core;

/// <summary>
/// Writes a value so that a shell, or Terraform, reads exactly this value when a person pastes the line.
/// </summary>
internal static class ShellQuote
{
    /// <summary>For bash and every POSIX shell. Bash expands a tilde also behind "name=".</summary>
    public static string Bash(string value) =>
        value.Length > 0 && value.All(IsPlain) && !value.Contains('~') ? value : $"'{value.Replace("'", "'\\''")}'";

    /// <summary>
    /// For PowerShell, which takes the typographic quotes for quotes too. A POSIX shell runs nothing of it either.
    /// </summary>
    public static string PowerShell(string value)
    {
        if (value.Length > 0 && value.All(IsPlain) && value[0] is not ('-' or '~' or '@' or ','))
            return value;
        var text = new StringBuilder("'");
        foreach (var c in value)
            text.Append(c).Append(c is '\'' or (>= '\u2018' and <= '\u201B') ? c.ToString() : "");
        return text.Append('\'').ToString();
    }

    /// <summary>For a string in HCL, with the quotation marks.</summary>
    public static string Hcl(string value)
    {
        var text = new StringBuilder("\"");
        for (var i = 0; i < value.Length; i++)
            text.Append(
                value[i] switch
                {
                    '"' => "\\\"",
                    '\\' => "\\\\",
                    '\n' => "\\n",
                    '\r' => "\\r",
                    '\t' => "\\t",
                    // "${" and "%{" begin templates.
                    '$' or '%' when i + 1 < value.Length && value[i + 1] == '{' => $"{value[i]}{value[i]}",
                    var c => c.ToString(),
                }
            );
        return text.Append('"').ToString();
    }

    /// <summary>A character that no shell gives a meaning, wherever it stands in a word.</summary>
    private static bool IsPlain(char c) =>
        c is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= '0' and <= '9') || "_.,:/@%+=~-".IndexOf(c) >= 0;
}
