namespace CockroachCmek.HelpGenerator;

/// <summary>
/// Writes the about topic of a cloud: what the cmdlets say about it, in one place. Nothing is written twice.
/// </summary>
internal static class AboutTopic
{
    private const int Width = 78;

    /// <summary>The topic's name for Get-Help.</summary>
    public static string NameOf(string topic) => $"about_CockroachCmek_{topic}";

    public static string Write(string cloud, string topic, IReadOnlyList<CmdletHelp> cmdlets)
    {
        string[] others = [.. Clouds.All.Where(c => c.Name != cloud).Select(c => NameOf(c.Topic))];
        return string.Join(
            "\n",
            [
                "TOPIC",
                .. Lines(NameOf(topic), 4),
                "",
                "SHORT DESCRIPTION",
                .. Lines($"What this module does on {cloud}: cmdlets, their parameters, and examples.", 4),
                "",
                "LONG DESCRIPTION",
                .. Lines($"This is what the help of the cmdlets says about {cloud}.", 4),
                "",
                .. cmdlets.SelectMany(cmdlet => Cmdlet(cmdlet, cloud)),
                "SEE ALSO",
                .. new[] { "about_CockroachCmek" }.Concat(others).SelectMany(name => Lines(name, 4)),
                "",
            ]
        );
    }

    private static IEnumerable<string> Cmdlet(CmdletHelp cmdlet, string cloud)
    {
        var about = cmdlet.Description.Where(p => Clouds.Of(p).Contains(cloud)).ToList();
        var parameters = cmdlet
            .Parameters.Where(p => Clouds.Of(p.Description).Contains(cloud))
            .OrderBy(p => p.Name, StringComparer.Ordinal)
            .ToList();
        var examples = cmdlet.Examples.Where(e => Clouds.Of(e.About).Contains(cloud)).ToList();
        if (about.Count + parameters.Count + examples.Count == 0)
            yield break;
        yield return $"  {cmdlet.Name}";
        foreach (var line in about.SelectMany(p => Lines(Clouds.Without(p), 4)))
            yield return line;
        foreach (var parameter in parameters)
        {
            yield return "";
            yield return $"    -{parameter.Name}{(parameter.IsSwitch ? "" : $" <{parameter.TypeName}>")}";
            foreach (var line in Lines(Clouds.Without(parameter.Description), 8))
                yield return line;
        }

        foreach (var (text, code) in examples)
        {
            yield return "";
            foreach (var line in Lines(Clouds.Without(text), 4))
                yield return line;
            yield return "";
            foreach (var line in code.Split('\n').SelectMany(Pipes))
                yield return $"        {line}";
        }

        yield return "";
    }

    /// <summary>Breaks a long line of PowerShell after each pipe, where PowerShell goes on reading.</summary>
    private static IEnumerable<string> Pipes(string line) =>
        line.Length + 8 <= Width ? [line] : string.Join(" |\n    ", line.Split(" | ")).Split('\n');

    private static IEnumerable<string> Lines(string text, int indent)
    {
        var line = "";
        foreach (var word in text.Split(' '))
        {
            if (line.Length > 0 && indent + line.Length + 1 + word.Length > Width)
            {
                yield return new string(' ', indent) + line;
                line = "";
            }

            line = line.Length == 0 ? word : $"{line} {word}";
        }

        yield return new string(' ', indent) + line;
    }
}
