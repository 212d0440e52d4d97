using System.Globalization;
using System.Management.Automation;
using System.Reflection;
using System.Xml.Linq;

namespace CockroachCmek.HelpGenerator;

/// <summary>Writes MAML, the format of PowerShell's help files (about_ and cmdlet help on Microsoft Learn).</summary>
internal sealed class Maml(Documentation documentation)
{
    private static readonly XNamespace Root = "http://msh";
    private static readonly XNamespace M = "http://schemas.microsoft.com/maml/2004/10";
    private static readonly XNamespace Command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace Dev = "http://schemas.microsoft.com/maml/dev/2004/10";

    public XDocument Write(IEnumerable<Type> cmdlets) =>
        new(new XElement(Root + "helpItems", new XAttribute("schema", "maml"), cmdlets.Select(Cmdlet)));

    private XElement Cmdlet(Type type)
    {
        var attribute = type.GetCustomAttribute<CmdletAttribute>()!;
        var name = $"{attribute.VerbName}-{attribute.NounName}";
        var parameters = Parameters(type).ToList();
        return new XElement(
            Command + "command",
            new XAttribute(XNamespace.Xmlns + "maml", M),
            new XAttribute(XNamespace.Xmlns + "command", Command),
            new XAttribute(XNamespace.Xmlns + "dev", Dev),
            new XElement(
                Command + "details",
                new XElement(Command + "name", name),
                new XElement(M + "description", Paragraph(documentation.Summary(type))),
                new XElement(Command + "verb", attribute.VerbName),
                new XElement(Command + "noun", attribute.NounName)
            ),
            new XElement(M + "description", documentation.Remarks(type).Select(Paragraph)),
            new XElement(
                Command + "syntax",
                Sets(parameters)
                    .Select(set => new XElement(
                        Command + "syntaxItem",
                        new XElement(M + "name", name),
                        parameters
                            .Where(p => p.In(set))
                            .OrderBy(p => p.Attribute(set).Position < 0 ? int.MaxValue : p.Attribute(set).Position)
                            .Select(p => Parameter(p, set, withDescription: false)),
                        attribute.SupportsShouldProcess ? ShouldProcessParameters(withDescription: false) : null
                    ))
            ),
            new XElement(
                Command + "parameters",
                parameters
                    .OrderBy(p => p.Property.Name, StringComparer.Ordinal)
                    .Select(p => Parameter(p, null, withDescription: true)),
                attribute.SupportsShouldProcess ? ShouldProcessParameters(withDescription: true) : null
            ),
            new XElement(
                Command + "inputTypes",
                parameters
                    .Where(p => p.Attribute(null).ValueFromPipeline)
                    .Select(p => p.Property.PropertyType)
                    .Distinct()
                    .Select(t => new XElement(Command + "inputType", TypeElement(t)))
            ),
            new XElement(
                Command + "returnValues",
                type.GetCustomAttributes<OutputTypeAttribute>()
                    .SelectMany(o => o.Type)
                    .Select(t => new XElement(
                        Command + "returnValue",
                        new XElement(Dev + "type", new XElement(M + "name", t.Name))
                    ))
            ),
            new XElement(
                Command + "examples",
                documentation
                    .Examples(type)
                    .Select(
                        (example, i) =>
                            new XElement(
                                Command + "example",
                                new XElement(M + "title", $"Example {i + 1}"),
                                new XElement(Dev + "code", example.Code),
                                new XElement(Dev + "remarks", Paragraph(example.About))
                            )
                    )
            ),
            new XElement(
                Command + "relatedLinks",
                documentation
                    .Links(type)
                    .Select(link => new XElement(
                        M + "navigationLink",
                        new XElement(M + "linkText", link.Text),
                        new XElement(M + "uri", link.Address)
                    ))
            )
        );
    }

    private sealed record ParameterInfo(PropertyInfo Property, IReadOnlyList<ParameterAttribute> Attributes)
    {
        public bool In(string set) =>
            Attributes.Any(a => a.ParameterSetName == set || a.ParameterSetName == ParameterAttribute.AllParameterSets);

        public ParameterAttribute Attribute(string? set) =>
            Attributes.FirstOrDefault(a => a.ParameterSetName == set) ?? Attributes[0];
    }

    private static IEnumerable<ParameterInfo> Parameters(Type type)
    {
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            var attributes = property.GetCustomAttributes<ParameterAttribute>().ToList();
            if (attributes.Count > 0)
                yield return new ParameterInfo(property, attributes);
        }
    }

    private static IEnumerable<string> Sets(IEnumerable<ParameterInfo> parameters)
    {
        var named = parameters
            .SelectMany(p => p.Attributes)
            .Select(a => a.ParameterSetName)
            .Where(n => n != ParameterAttribute.AllParameterSets)
            .Distinct()
            .ToList();
        return named.Count > 0 ? named : [ParameterAttribute.AllParameterSets];
    }

    private XElement Parameter(ParameterInfo parameter, string? set, bool withDescription)
    {
        var attribute = parameter.Attribute(set);
        var property = parameter.Property;
        var pipeline = (attribute.ValueFromPipeline, attribute.ValueFromPipelineByPropertyName) switch
        {
            (true, true) => "True (ByValue, ByPropertyName)",
            (true, false) => "True (ByValue)",
            (false, true) => "True (ByPropertyName)",
            _ => "False",
        };
        var aliases = property.GetCustomAttribute<AliasAttribute>()?.AliasNames ?? [];
        var enumeration = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        return new XElement(
            Command + "parameter",
            new XAttribute("required", Word(attribute.Mandatory)),
            new XAttribute("variableLength", Word(property.PropertyType.IsArray)),
            new XAttribute("globbing", Word(property.GetCustomAttribute<SupportsWildcardsAttribute>() is not null)),
            new XAttribute("pipelineInput", pipeline),
            new XAttribute(
                "position",
                attribute.Position < 0 ? "named" : attribute.Position.ToString(CultureInfo.InvariantCulture)
            ),
            new XAttribute("aliases", aliases.Count > 0 ? string.Join(", ", aliases) : "none"),
            new XElement(M + "name", property.Name),
            withDescription ? new XElement(M + "description", Paragraph(documentation.Summary(property))) : null,
            enumeration.IsEnum
                ? new XElement(
                    Command + "parameterValueGroup",
                    Enum.GetNames(enumeration)
                        .Select(n => new XElement(Command + "parameterValue", new XAttribute("required", "false"), n))
                )
                : null,
            property.PropertyType == typeof(SwitchParameter)
                ? null
                : new XElement(
                    Command + "parameterValue",
                    new XAttribute("required", "true"),
                    new XAttribute("variableLength", Word(property.PropertyType.IsArray)),
                    TypeName(property.PropertyType)
                ),
            TypeElement(property.PropertyType)
        );
    }

    /// <summary>What the engine adds to every cmdlet that asks before it writes.</summary>
    private static IEnumerable<XElement> ShouldProcessParameters(bool withDescription) =>
        new[]
        {
            (
                "WhatIf",
                "wi",
                "Shows what would be written, in order, and writes nothing; planned objects still flow down the pipe."
            ),
            ("Confirm", "cf", "Asks before each write."),
        }.Select(p => new XElement(
            Command + "parameter",
            new XAttribute("required", "false"),
            new XAttribute("variableLength", "false"),
            new XAttribute("globbing", "false"),
            new XAttribute("pipelineInput", "False"),
            new XAttribute("position", "named"),
            new XAttribute("aliases", p.Item2),
            new XElement(M + "name", p.Item1),
            withDescription ? new XElement(M + "description", Paragraph(p.Item3)) : null,
            TypeElement(typeof(SwitchParameter))
        ));

    private static XElement TypeElement(Type type) => new(Dev + "type", new XElement(M + "name", TypeName(type)));

    private static string TypeName(Type type) =>
        type.IsArray ? TypeName(type.GetElementType()!) + "[]" : (Nullable.GetUnderlyingType(type) ?? type).Name;

    private static XElement Paragraph(string text) => new(M + "para", text);

    private static string Word(bool value) => value ? "true" : "false";
}
