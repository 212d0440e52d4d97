using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace CockroachCmek.HelpGenerator;

/// <summary>One paragraph of the XML documentation, written once as plain text (MAML) and once as Markdown.</summary>
internal sealed partial class HelpText
{
    public static readonly HelpText Empty = new([]);

    private readonly IReadOnlyList<Run> _runs;

    private HelpText(IReadOnlyList<Run> runs) => _runs = runs;

    private enum Kind
    {
        Text,
        Code,
        Bold,
    }

    private sealed record Run(Kind Kind, string Value);

    /// <summary>True for an item of a list.</summary>
    public bool IsItem { get; private init; }

    public bool IsEmpty => Plain.Length == 0;

    public string Plain => string.Concat(_runs.Select(r => r.Value)).Trim();

    public string Markdown =>
        string.Concat(
                _runs.Select(r =>
                    r.Kind switch
                    {
                        Kind.Code => $"`{r.Value}`",
                        Kind.Bold => $"**{r.Value}**",
                        _ => MarkNames(r.Value),
                    }
                )
            )
            .Trim();

    /// <summary>The value of the sentence "Default: ...", or null.</summary>
    public string? Default => DefaultSentence().Match(Plain) is { Success: true } found ? found.Groups[1].Value : null;

    public static HelpText Of(string plain) => new([new Run(Kind.Text, plain)]);

    public static HelpText Of(XElement? element, bool isItem = false)
    {
        if (element is null)
            return Empty;
        var runs = new List<Run>();
        Collect(element, Kind.Text, runs);
        return new HelpText(Tidy(runs)) { IsItem = isItem };
    }

    /// <summary>The same paragraph without its sentence "Default: ...".</summary>
    public HelpText WithoutDefault() =>
        new([.. Tidy([.. _runs.Select(r => r with { Value = DefaultSentence().Replace(r.Value, "") })])])
        {
            IsItem = IsItem,
        };

    private static void Collect(XElement element, Kind kind, List<Run> runs)
    {
        foreach (var node in element.Nodes())
        {
            switch (node)
            {
                case XText text:
                    runs.Add(new Run(kind, text.Value));
                    break;
                case XElement { Name.LocalName: "c" or "code" } code:
                    runs.Add(new Run(Kind.Code, code.Value));
                    break;
                case XElement { Name.LocalName: "b" or "strong" } bold:
                    runs.Add(new Run(Kind.Bold, bold.Value));
                    break;
                case XElement { Name.LocalName: "see" or "seealso" or "paramref" } reference:
                    runs.Add(new Run(Kind.Code, NameOf(reference)));
                    break;
                case XElement inner:
                    Collect(inner, kind, runs);
                    break;
            }
        }
    }

    private static string NameOf(XElement reference) =>
        reference.Attribute("cref")?.Value.Split('(')[0].Split('.', ':')[^1]
        ?? reference.Attribute("langword")?.Value
        ?? reference.Attribute("name")?.Value
        ?? reference.Value;

    /// <summary>Joins the source's lines. A cloud's name at the start, and text between **, become bold.</summary>
    private static List<Run> Tidy(IReadOnlyList<Run> runs)
    {
        var tidy = new List<Run>();
        foreach (var run in runs)
        {
            var value = Spaces().Replace(run.Value, " ");
            if (tidy.Count == 0)
                value = value.TrimStart();
            if (value.Length == 0)
                continue;
            if (run.Kind == Kind.Text)
                tidy.AddRange(SplitBold(value, first: tidy.Count == 0));
            else
                tidy.Add(run with { Value = value });
        }

        return tidy;
    }

    private static IEnumerable<Run> SplitBold(string text, bool first)
    {
        if (first && CloudAtStart().Match(text) is { Success: true } cloud)
        {
            yield return new Run(Kind.Bold, cloud.Value);
            text = text[cloud.Length..];
        }

        var at = 0;
        foreach (Match match in BetweenStars().Matches(text))
        {
            if (match.Index > at)
                yield return new Run(Kind.Text, text[at..match.Index]);
            yield return new Run(Kind.Bold, match.Groups[1].Value);
            at = match.Index + match.Length;
        }

        if (at < text.Length)
            yield return new Run(Kind.Text, text[at..]);
    }

    /// <summary>Parameters, cmdlets and constants become code; everything else is escaped.</summary>
    private static string MarkNames(string text)
    {
        var markdown = new StringBuilder();
        var at = 0;
        foreach (Match name in Names().Matches(text))
        {
            markdown.Append(Escape(text[at..name.Index])).Append('`').Append(name.Value).Append('`');
            at = name.Index + name.Length;
        }

        return markdown.Append(Escape(text[at..])).ToString();
    }

    private static string Escape(string text) => SpecialCharacters().Replace(text, @"\$0");

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();

    [GeneratedRegex(@"[\\`*<\[\]|]")]
    private static partial Regex SpecialCharacters();

    [GeneratedRegex(@"\*\*(.+?)\*\*")]
    private static partial Regex BetweenStars();

    [GeneratedRegex(@"^(AWS|Google Cloud|Azure|HashiCorp Vault)\.(?=\s)")]
    private static partial Regex CloudAtStart();

    [GeneratedRegex(@"\s*\bDefault: (.+?)\.(?=\s|$)")]
    private static partial Regex DefaultSentence();

    [GeneratedRegex(
        @"(?<![\w-])-[A-Z][A-Za-z]+\b"
            + @"|\b(?:Add|Connect|Disconnect|Enable|Export|ForEach|Get|Import|Invoke|New|Read|Remove|Restore|Revoke"
            + @"|Select|Set|Start|Stop|Test|Wait|Where)-[A-Z][A-Za-z]+\b"
            + @"|\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b"
    )]
    private static partial Regex Names();
}
