using System.Globalization;
using System.Xml.Linq;

namespace CockroachCmek.HelpGenerator;

/// <summary>Writes MAML, the XML that Get-Help reads.</summary>
internal static class Maml
{
    private static readonly XNamespace Root = "http://msh";
    private static readonly XNamespace M = "http://schemas.microsoft.com/maml/2004/10";
    private static readonly XNamespace Command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace Dev = "http://schemas.microsoft.com/maml/dev/2004/10";

    public static XDocument Write(IEnumerable<CmdletHelp> cmdlets) =>
        new(new XElement(Root + "helpItems", new XAttribute("schema", "maml"), cmdlets.Select(Cmdlet)));

    private static XElement Cmdlet(CmdletHelp help) =>
        new(
            Command + "command",
            new XAttribute(XNamespace.Xmlns + "maml", M),
            new XAttribute(XNamespace.Xmlns + "command", Command),
            new XAttribute(XNamespace.Xmlns + "dev", Dev),
            new XElement(
                Command + "details",
                new XElement(Command + "name", help.Name),
                new XElement(M + "description", Paragraph(help.Synopsis.Plain)),
                new XElement(Command + "verb", help.Verb),
                new XElement(Command + "noun", help.Noun)
            ),
            new XElement(M + "description", help.FirstScreen.Select(DescriptionParagraph), More(help)),
            new XElement(Command + "syntax", help.Sets.Select(set => Syntax(help, set))),
            new XElement(
                Command + "parameters",
                help.ParametersByCloud.Select(p => Parameter(p, null, withDescription: true))
            ),
            new XElement(
                Command + "inputTypes",
                help.Inputs.Select(t => new XElement(Command + "inputType", TypeElement(ParameterHelp.NameOf(t))))
            ),
            new XElement(
                Command + "returnValues",
                help.Outputs.Select(o => new XElement(Command + "returnValue", TypeElement(o.Name)))
            ),
            // NOTES, which only -Full shows: -? fits on a screen.
            new XElement(
                M + "alertSet",
                new XElement(M + "alert", help.Description.Except(help.FirstScreen).Select(DescriptionParagraph))
            ),
            new XElement(Command + "examples", help.Examples.Select((e, i) => Example(e.About, e.Code, i + 1))),
            new XElement(
                Command + "relatedLinks",
                help.Links.Select(link => new XElement(
                    M + "navigationLink",
                    new XElement(M + "linkText", link.Text),
                    new XElement(M + "uri", link.Address)
                ))
            )
        );

    private static IEnumerable<XElement> More(CmdletHelp help)
    {
        if (help.ShowsSharedParametersOnce)
            yield return Paragraph(
                $"The parameters from -{help.FirstShared} on, which the first form shows, belong to every form."
            );
        if (help.FirstScreen.Count < help.Description.Count)
            yield return Paragraph($"More is in the notes: Get-Help {help.Name} -Full");
    }

    private static XElement DescriptionParagraph(HelpText text) =>
        Paragraph(text.IsItem ? "- " + text.Plain : text.Plain);

    private static XElement Syntax(CmdletHelp help, string set) =>
        new(
            Command + "syntaxItem",
            new XElement(M + "name", help.Name),
            help.ParametersShown(set).Select(p => Parameter(p, set, withDescription: false))
        );

    private static XElement Example(HelpText about, string code, int number) =>
        new(
            Command + "example",
            new XElement(M + "title", $"Example {number}"),
            new XElement(Dev + "code", code),
            new XElement(Dev + "remarks", Paragraph(about.Plain))
        );

    private static XElement Parameter(ParameterHelp parameter, string? set, bool withDescription) =>
        new(
            Command + "parameter",
            new XAttribute("required", Word(parameter.IsMandatory(set))),
            new XAttribute("variableLength", Word(parameter.Type.IsArray)),
            new XAttribute("globbing", Word(parameter.TakesWildcards)),
            new XAttribute(
                "pipelineInput",
                parameter.Pipeline.Count > 0 ? $"True ({string.Join(", ", parameter.Pipeline)})" : "False"
            ),
            new XAttribute("position", parameter.Position(set)?.ToString(CultureInfo.InvariantCulture) ?? "named"),
            new XAttribute("aliases", parameter.Aliases.Count > 0 ? string.Join(", ", parameter.Aliases) : "none"),
            new XElement(M + "name", parameter.Name),
            withDescription ? new XElement(M + "description", Paragraph(parameter.Description.Plain)) : null,
            parameter.Type.IsEnum ? Values(parameter) : null,
            parameter.IsSwitch
                ? null
                : new XElement(
                    Command + "parameterValue",
                    new XAttribute("required", "true"),
                    new XAttribute("variableLength", Word(parameter.Type.IsArray)),
                    parameter.TypeName
                ),
            TypeElement(parameter.TypeName),
            new XElement(Dev + "defaultValue", parameter.Default ?? (parameter.IsSwitch ? "False" : "None"))
        );

    private static XElement Values(ParameterHelp parameter) =>
        new(
            Command + "parameterValueGroup",
            parameter.Values.Select(v => new XElement(
                Command + "parameterValue",
                new XAttribute("required", "false"),
                v
            ))
        );

    private static XElement TypeElement(string name) => new(Dev + "type", new XElement(M + "name", name));

    private static XElement Paragraph(string text) => new(M + "para", text);

    private static string Word(bool value) => value ? "true" : "false";
}
