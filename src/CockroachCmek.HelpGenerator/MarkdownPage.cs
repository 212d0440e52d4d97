namespace CockroachCmek.HelpGenerator;

/// <summary>Writes a cmdlet's page for docs/cmdlets. Lines always end in \n: pages are compared.</summary>
internal static class MarkdownPage
{
    private const int Width = 120;

    /// <summary>The list of all pages.</summary>
    public static string WriteIndex(IEnumerable<CmdletHelp> cmdlets)
    {
        var rows = cmdlets.Select(c => $"| [{c.Name}]({c.Name}.md) | {c.Synopsis.Markdown} |");
        return Join(["# Cmdlets", string.Join("\n", ["| Cmdlet | Description |", "|---|---|", .. rows])]);
    }

    public static string Write(CmdletHelp help) =>
        Join([
            $"# {help.Name}",
            Paragraph(help.Synopsis.Markdown),
            "## Syntax",
            .. help.Sets.SelectMany(set => Syntax(help, set)),
            "## Description",
            .. help.Description.Select(Paragraph),
            "## Examples",
            .. help.Examples.SelectMany(e => Example(e.About, e.Code)),
            "## Parameters",
            .. help.ParametersByCloud.SelectMany(p => Parameter(help, p)),
            "This cmdlet also takes the common parameters: see `Get-Help about_CommonParameters`.",
            .. Types("Inputs", help.Inputs.Select(t => (ParameterHelp.NameOf(t), HelpText.Empty))),
            .. Types("Outputs", help.Outputs),
            .. Links(help),
        ]);

    private static string Join(IEnumerable<string> blocks) => string.Join("\n\n", blocks) + "\n";

    private static IEnumerable<string> Syntax(CmdletHelp help, string set)
    {
        if (help.Sets.Count > 1)
            yield return $"Parameter set `{set}`{(set == help.Sets[0] ? " (default)" : "")}:";
        var words = help.ParametersOf(set).Select(p => Usage(p, set)).Append("[<CommonParameters>]");
        yield return Code("text", string.Join("\n    ", Fill([help.Name, .. words], Width - 4)));
    }

    private static string Usage(ParameterHelp parameter, string set)
    {
        var name = parameter.Position(set) is null ? $"-{parameter.Name}" : $"[-{parameter.Name}]";
        var usage = parameter.IsSwitch ? name : $"{name} <{parameter.TypeName}>";
        return parameter.IsMandatory(set) ? usage : $"[{usage}]";
    }

    private static IEnumerable<string> Example(HelpText about, string code) =>
        [Paragraph(about.Markdown), Code("powershell", string.Join("\n", code.Split('\n').Select(BreakAtPipes)))];

    private static IEnumerable<string> Parameter(CmdletHelp help, ParameterHelp parameter) =>
        [
            $"### -{parameter.Name}",
            Paragraph(parameter.Description.WithoutDefault().Markdown),
            Paragraph(string.Join(" · ", Facts(help, parameter))),
        ];

    private static IEnumerable<string> Facts(CmdletHelp help, ParameterHelp parameter)
    {
        yield return parameter.IsSwitch ? "Switch" : $"Type: `{parameter.TypeName}`";
        if (Required(help, parameter) is { } required)
            yield return required;
        if (parameter.Position(help.Sets.First(parameter.In)) is { } position)
            yield return $"Position: {position}";
        if (parameter.Default is { } value)
            yield return $"Default: {HelpText.Of(value).Markdown}";
        if (parameter.Values.Count > 0)
            yield return $"Values: {Codes(parameter.Values)}";
        if (parameter.Range is { } range)
            yield return $"Range: {range}";
        if (parameter.Pipeline.Count > 0)
            yield return $"Pipeline: {string.Join(", ", parameter.Pipeline)}";
        if (parameter.TakesWildcards)
            yield return "Wildcards";
        if (parameter.Aliases.Count > 0)
            yield return $"Aliases: {Codes(parameter.Aliases)}";
        if (parameter.NamedSets.Any())
            yield return $"Parameter set: {Codes(parameter.NamedSets)}";
    }

    private static string? Required(CmdletHelp help, ParameterHelp parameter)
    {
        var sets = help.Sets.Where(parameter.In).ToList();
        var mandatory = sets.Where(parameter.IsMandatory).ToList();
        return mandatory.Count == 0 ? null
            : mandatory.Count == sets.Count ? "Required"
            : $"Required in {Codes(mandatory)}";
    }

    private static IEnumerable<string> Types(string heading, IEnumerable<(string Name, HelpText Summary)> types)
    {
        var listed = types
            .Select(t => Paragraph(t.Summary.IsEmpty ? $"`{t.Name}`" : $"`{t.Name}`: {t.Summary.Markdown}"))
            .ToList();
        return listed.Count == 0 ? [] : [$"## {heading}", .. listed];
    }

    private static IEnumerable<string> Links(CmdletHelp help) =>
        help.Links.Count == 0
            ? []
            : ["## Related links", string.Join("\n", help.Links.Select(l => Item($"[{l.Text}]({l.Address})")))];

    private static string Codes(IEnumerable<string> values) => string.Join(", ", values.Select(v => $"`{v}`"));

    private static string Code(string language, string code) => $"```{language}\n{code}\n```";

    private static string Paragraph(HelpText text) => text.IsItem ? Item(text.Markdown) : Paragraph(text.Markdown);

    private static string Item(string markdown) => "- " + string.Join("\n  ", Fill(markdown.Split(' '), Width - 2));

    private static string Paragraph(string markdown) => string.Join("\n", Fill(markdown.Split(' '), Width));

    /// <summary>Joins words into lines. No line starts with what Markdown reads as a list.</summary>
    private static List<string> Fill(IEnumerable<string> words, int width)
    {
        var lines = new List<string>();
        var line = "";
        foreach (var word in words)
        {
            var fits = line.Length == 0 || line.Length + 1 + word.Length <= width || word is "-" or "+" or "1.";
            if (!fits)
                lines.Add(line);
            line = line.Length == 0 || !fits ? word : $"{line} {word}";
        }

        return [.. lines, line];
    }

    /// <summary>Breaks a long line of PowerShell after each pipe, where PowerShell goes on reading.</summary>
    private static string BreakAtPipes(string line) =>
        line.Length <= Width ? line : string.Join(" |\n    ", line.Split(" | "));
}
