using System.Reflection;
using System.Xml.Linq;

namespace CockroachCmek.HelpGenerator;

/// <summary>The compiler's XML documentation, and what is missing in it.</summary>
internal sealed class Documentation(IEnumerable<XDocument> documents)
{
    private readonly Dictionary<string, XElement> _members = documents
        .SelectMany(d => d.Descendants("member"))
        .ToDictionary(m => m.Attribute("name")!.Value);
    private readonly List<string> _gaps = [];

    /// <summary>Cmdlets and parameters without documentation: each of them fails the build.</summary>
    public IReadOnlyList<string> Gaps => _gaps;

    public HelpText Summary(Type type) => Needed($"T:{NameOf(type)}", "summary", type.Name);

    public HelpText Summary(PropertyInfo property)
    {
        var declaring = property.DeclaringType!;
        return Needed($"P:{NameOf(declaring)}.{property.Name}", "summary", $"{declaring.Name}.{property.Name}", () =>
            SummaryOfOverridden(property)
        );
    }

    /// <summary>The summary of a type of output; empty where there is none.</summary>
    public HelpText SummaryOrEmpty(Type type) => HelpText.Of(Member($"T:{NameOf(type)}")?.Element("summary"));

    /// <summary>The paragraphs and list items of the remarks.</summary>
    public IReadOnlyList<HelpText> Remarks(Type type)
    {
        var whole = Needed($"T:{NameOf(type)}", "remarks", type.Name);
        var paragraphs = (Member($"T:{NameOf(type)}")?.Element("remarks")?.Elements() ?? [])
            .SelectMany(Paragraphs)
            .ToList();
        return paragraphs.Count > 0 ? paragraphs : [whole];
    }

    /// <summary>What each example is for, and its code.</summary>
    public IReadOnlyList<(HelpText About, string Code)> Examples(Type type)
    {
        var examples = (Member($"T:{NameOf(type)}")?.Elements("example") ?? [])
            .Select(e => (HelpText.Of(e.Element("para")), Code(e.Element("code"))))
            .ToList();
        if (examples.Count == 0)
            _gaps.Add($"{type.Name} has no example.");
        return examples;
    }

    public IReadOnlyList<(string Text, string Address)> Links(Type type) =>
        [
            .. (Member($"T:{NameOf(type)}")?.Elements("seealso") ?? [])
                .Where(l => l.Attribute("href") is not null)
                .Select(l => (HelpText.Of(l).Plain, l.Attribute("href")!.Value)),
        ];

    private static IEnumerable<HelpText> Paragraphs(XElement element) =>
        element.Name.LocalName switch
        {
            "para" => [HelpText.Of(element)],
            "list" => element.Elements("item").Select(item => HelpText.Of(item, isItem: true)),
            _ => [],
        };

    private HelpText Needed(string member, string element, string name, Func<HelpText?>? inherited = null)
    {
        var found = Member(member);
        var text = HelpText.Of(found?.Element(element));
        if (text.IsEmpty)
            text = inherited?.Invoke() ?? HelpText.Empty;
        if (text.IsEmpty)
            _gaps.Add($"{name} has no <{element}>.");
        return text;
    }

    /// <summary>An override without a summary of its own has that of the property it overrides.</summary>
    private HelpText? SummaryOfOverridden(PropertyInfo property) =>
        property.DeclaringType!.BaseType?.GetProperty(property.Name) is { } overridden ? Summary(overridden) : null;

    private XElement? Member(string name) => _members.GetValueOrDefault(name);

    private static string NameOf(Type type) => (type.IsGenericType ? type.GetGenericTypeDefinition() : type).FullName!;

    /// <summary>Keeps the lines of code. The compiler indents all but the first by the depth of the element.</summary>
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
