using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace CockroachCmek.HelpGenerator;

/// <summary>The compiler's XML documentation, and what is missing in it.</summary>
internal sealed class Documentation(XDocument document)
{
    private readonly Dictionary<string, XElement> _members = document
        .Descendants("member")
        .ToDictionary(m => m.Attribute("name")!.Value);
    private readonly List<string> _gaps = [];

    /// <summary>Cmdlets and parameters without documentation: the build fails on the first.</summary>
    public IReadOnlyList<string> Gaps => _gaps;

    public string Summary(Type type) => Text(Needed($"T:{type.FullName}", "summary", type.Name));

    public string Summary(PropertyInfo property) =>
        Text(
            Needed(
                $"P:{property.DeclaringType!.FullName}.{property.Name}",
                "summary",
                $"{property.DeclaringType.Name}.{property.Name}"
            )
        );

    /// <summary>The paragraphs of the remarks.</summary>
    public IReadOnlyList<string> Remarks(Type type)
    {
        var remarks = Needed($"T:{type.FullName}", "remarks", type.Name);
        var paragraphs = remarks?.Elements("para").Select(Text).ToList() ?? [];
        return paragraphs.Count > 0 ? paragraphs : [Text(remarks)];
    }

    /// <summary>What an example is for, and its code.</summary>
    public IReadOnlyList<(string About, string Code)> Examples(Type type)
    {
        var examples = Member($"T:{type.FullName}")
            ?.Elements("example")
            .Select(e => (Text(e.Element("para")), Code(e.Element("code"))))
            .ToList()
            ?? [];
        if (examples.Count == 0)
            _gaps.Add($"{type.Name} has no example.");
        return examples;
    }

    public IReadOnlyList<(string Text, string Address)> Links(Type type) =>
        Member($"T:{type.FullName}")
            ?.Elements("seealso")
            .Where(l => l.Attribute("href") is not null)
            .Select(l => (Text(l), l.Attribute("href")!.Value))
            .ToList()
        ?? [];

    private XElement? Needed(string member, string element, string name)
    {
        var found = Member(member)?.Element(element);
        if (Text(found).Length == 0)
            _gaps.Add($"{name} has no <{element}>.");
        return found;
    }

    private XElement? Member(string name) => _members.GetValueOrDefault(name);

    private static string Text(XElement? element)
    {
        if (element is null)
            return "";
        var parts = element
            .Nodes()
            .Select(node =>
                node switch
                {
                    XElement { Name.LocalName: "see" } see => see.Attribute("cref")?.Value.Split('.')[^1]
                        ?? see.Attribute("langword")?.Value
                        ?? see.Value,
                    XElement inner => Text(inner),
                    XText text => text.Value,
                    _ => "",
                }
            );
        return Regex.Replace(string.Concat(parts), @"\s+", " ").Trim();
    }

    /// <summary>Code keeps its lines. The compiler indents all but the first by the depth of the element; that much is taken away.</summary>
    private static string Code(XElement? element)
    {
        var lines = (element?.Value ?? "")
            .Replace("\r", "", StringComparison.Ordinal)
            .Split('\n')
            .Select(line => line.TrimEnd())
            .ToList();
        var indent = lines
            .Skip(1)
            .Where(line => line.Length > 0)
            .Select(line => line.Length - line.TrimStart().Length)
            .DefaultIfEmpty(0)
            .Min();
        return string.Join("\n", lines.Select((line, i) => i == 0 || line.Length < indent ? line : line[indent..]))
            .Trim();
    }
}
