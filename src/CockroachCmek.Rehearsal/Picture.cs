using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace CockroachCmek.Rehearsal;

/// <summary>Draws a session at the prompt as SVG, for a light and for a dark page.</summary>
internal static partial class Picture
{
    /// <summary>The width of the console that is drawn.</summary>
    public const int Columns = 96;

    private const double ColumnWidth = 8.13;
    private const int LineHeight = 20;
    private const int Margin = 18;
    private const int TitleHeight = 34;

    private static readonly Theme Light = new(
        "#ffffff",
        "#d0d7de",
        "#24292f",
        "#6e7781",
        "#0550ae",
        "#9a6700",
        "#116329",
        "#a40e26"
    );

    private static readonly Theme Dark = new(
        "#0d1117",
        "#30363d",
        "#c9d1d9",
        "#8b949e",
        "#79c0ff",
        "#e3b341",
        "#7ee787",
        "#ff7b72"
    );

    /// <summary>Writes both pictures.</summary>
    /// <param name="session">What the console showed, with its colours.</param>
    /// <param name="folder">The folder of the pictures.</param>
    /// <returns>The files.</returns>
    public static IEnumerable<string> Save(string session, string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var (name, theme) in new[] { ("light", Light), ("dark", Dark) })
        {
            var file = Path.Combine(folder, $"session-{name}.svg");
            File.WriteAllText(file, Draw(session, theme));
            yield return file;
        }
    }

    private static string Draw(string session, Theme theme)
    {
        // An empty line more or less says nothing in a picture.
        var lines = EmptyLines().Replace(session.Trim(), "\n\n").Split('\n');
        var width = (int)(Columns * ColumnWidth) + 2 * Margin;
        var height = TitleHeight + lines.Length * LineHeight + Margin;
        var svg = new StringBuilder();
        svg.Append(
            CultureInfo.InvariantCulture,
            $"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"
              font-family="Consolas, Menlo, DejaVu Sans Mono, monospace" font-size="13.5"
              aria-label="The pipeline at a PowerShell prompt, its progress by region, its result, and a check">
              <style>text {"{"} white-space: pre; fill: {theme.Text}; {"}"}</style>
              <rect x="0.5" y="0.5" width="{width - 1}" height="{height
                - 1}" rx="8" fill="{theme.Page}" stroke="{theme.Frame}"/>
              <circle cx="20" cy="18" r="6" fill="#ff5f56"/>
              <circle cx="40" cy="18" r="6" fill="#ffbd2e"/>
              <circle cx="60" cy="18" r="6" fill="#27c93f"/>

            """
        );
        for (var index = 0; index < lines.Length; index++)
            if (lines[index].Trim().Length > 0)
                svg.Append(
                    CultureInfo.InvariantCulture,
                    $"  <text x=\"{Margin}\" y=\"{TitleHeight + (index + 1) * LineHeight}\" xml:space=\"preserve\">"
                        + $"{Line(lines[index], theme)}</text>\n"
                );
        return svg.Append("</svg>\n").ToString();
    }

    private static string Line(string line, Theme theme)
    {
        if (Prompt().Match(line) is { Success: true } prompt)
            return Span(prompt.Value, theme.Prompt) + Commands(line[prompt.Length..], theme);
        return Progress().IsMatch(line) ? Span(Fitted(line), theme.Progress) : Coloured(line, theme);
    }

    /// <summary>A progress line cannot wrap: what is too long ends in an ellipsis, as a console shows it.</summary>
    private static string Fitted(string line) => line.Length <= Columns ? line : line[..(Columns - 1)] + "…";

    private static string Commands(string text, Theme theme) =>
        Between(text, Command(), command => Span(command.Value, theme.Command));

    /// <summary>Colours of the console's own escape sequences become colours of the theme.</summary>
    private static string Coloured(string line, Theme theme)
    {
        string? colour = null;
        var drawn = new StringBuilder();
        foreach (var part in Escape().Split(line))
            if (!part.StartsWith('\u001b'))
                drawn.Append(colour is null ? WebUtility.HtmlEncode(part) : Span(part, colour));
            else
                colour = theme.Of(part[2..^1].Split(';')) ?? (part is "\u001b[0m" or "\u001b[m" ? null : colour);
        return drawn.ToString();
    }

    private static string Between(string text, Regex regex, Func<Match, string> replace)
    {
        var (result, start) = (new StringBuilder(), 0);
        foreach (Match match in regex.Matches(text))
        {
            result.Append(WebUtility.HtmlEncode(text[start..match.Index])).Append(replace(match));
            start = match.Index + match.Length;
        }

        return result.Append(WebUtility.HtmlEncode(text[start..])).ToString();
    }

    private static string Span(string text, string colour) =>
        text.Length == 0 ? "" : $"<tspan fill=\"{colour}\">{WebUtility.HtmlEncode(text)}</tspan>";

    [GeneratedRegex("\n{3,}")]
    private static partial Regex EmptyLines();

    [GeneratedRegex("^(PS>|>>) ")]
    private static partial Regex Prompt();

    [GeneratedRegex(@"^ +\[.*\]$")]
    private static partial Regex Progress();

    [GeneratedRegex(@"\b[A-Z][a-z]+-[A-Z]\w+")]
    private static partial Regex Command();

    [GeneratedRegex("(\u001b\\[[0-9;]*m)")]
    private static partial Regex Escape();

    private sealed record Theme(
        string Page,
        string Frame,
        string Text,
        string Prompt,
        string Command,
        string Progress,
        string Good,
        string Bad
    )
    {
        /// <summary>The colour of an escape sequence; null for one that sets none.</summary>
        public string? Of(string[] codes) => codes.Select(ColourOf).LastOrDefault(c => c is not null);

        private string? ColourOf(string code) =>
            code switch
            {
                "31" or "91" => Bad,
                "32" or "92" => Good,
                "33" or "93" => Progress,
                "34" or "94" or "36" or "96" => Command,
                "90" => Prompt,
                _ => null,
            };
    }
}
