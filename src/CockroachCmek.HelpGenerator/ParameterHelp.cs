using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Reflection;

namespace CockroachCmek.HelpGenerator;

/// <summary>One parameter of a cmdlet. As in PowerShell, an override has only the attributes declared on it.</summary>
internal sealed class ParameterHelp
{
    private readonly IReadOnlyList<ParameterAttribute> _attributes;

    /// <summary>True for what the cmdlet demands itself, with an error that names the next command.</summary>
    private readonly bool _isNeeded;

    public ParameterHelp(PropertyInfo property, object cmdlet, Documentation documentation)
    {
        _attributes = [.. property.GetCustomAttributes<ParameterAttribute>(inherit: false)];
        _isNeeded = property.CustomAttributes.Any(a => a.AttributeType.Name == "NeedsAttribute");
        Name = property.Name;
        Type = EnumerationOf(property) ?? Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        Description = documentation.Summary(property);
        Default = Description.Default ?? InitialValue(property, cmdlet);
        Aliases = property.GetCustomAttribute<AliasAttribute>(inherit: false)?.AliasNames.ToArray() ?? [];
        TakesWildcards = property.GetCustomAttribute<SupportsWildcardsAttribute>(inherit: false) is not null;
        Values = ValuesOf(property, Type);
        Range = property.GetCustomAttribute<ValidateRangeAttribute>(inherit: false) is { MinRange: not null } range
            ? $"{Word(range.MinRange)} to {Word(range.MaxRange)}"
            : null;
    }

    private ParameterHelp(string name, string alias, string description)
    {
        _attributes = [new ParameterAttribute()];
        Name = name;
        Type = typeof(SwitchParameter);
        Description = HelpText.Of(description);
        Aliases = [alias];
        Values = [];
    }

    /// <summary>What the engine adds to every cmdlet that supports ShouldProcess.</summary>
    public static IReadOnlyList<ParameterHelp> OfShouldProcess { get; } =
    [
        new(
            "WhatIf",
            "wi",
            "Shows what would be written, in order, and writes nothing. Planned objects still flow down the pipeline."
        ),
        new("Confirm", "cf", "Asks before each write."),
    ];

    public string Name { get; }

    public Type Type { get; }

    public HelpText Description { get; }

    /// <summary>The default that the description states, or else the property's initial value.</summary>
    public string? Default { get; }

    public IReadOnlyList<string> Aliases { get; }

    public bool TakesWildcards { get; }

    /// <summary>The values of an enumeration or of a validated set; empty where anything is accepted.</summary>
    public IReadOnlyList<string> Values { get; }

    public string? Range { get; }

    public bool IsSwitch => Type == typeof(SwitchParameter);

    public bool TakesPipeline => _attributes.Any(a => a.ValueFromPipeline);

    /// <summary>"ByValue", "ByPropertyName", both, or neither.</summary>
    public IReadOnlyList<string> Pipeline =>
        [
            .. TakesPipeline ? ["ByValue"] : Array.Empty<string>(),
            .. _attributes.Any(a => a.ValueFromPipelineByPropertyName) ? ["ByPropertyName"] : Array.Empty<string>(),
        ];

    public IEnumerable<string> NamedSets =>
        _attributes.Select(a => a.ParameterSetName).Where(n => n != ParameterAttribute.AllParameterSets);

    public string TypeName => NameOf(Type);

    public static string NameOf(Type type) =>
        type.IsArray ? NameOf(type.GetElementType()!) + "[]" : (Nullable.GetUnderlyingType(type) ?? type).Name;

    public bool In(string set) =>
        _attributes.Any(a => a.ParameterSetName == set || a.ParameterSetName == ParameterAttribute.AllParameterSets);

    public bool IsMandatory(string? set) => _isNeeded || Of(set).Mandatory;

    public int? Position(string? set) => Of(set).Position is >= 0 and var position ? position : null;

    private ParameterAttribute Of(string? set) =>
        _attributes.FirstOrDefault(a => a.ParameterSetName == set) ?? _attributes[0];

    /// <summary>
    /// The enumeration of a text with the module's own attribute for that; null for another parameter.
    /// </summary>
    private static Type? EnumerationOf(PropertyInfo property) =>
        property
            .CustomAttributes.FirstOrDefault(a => a.AttributeType.Name == "ValueOfAttribute")
            ?.ConstructorArguments[0]
            .Value as Type;

    private static IReadOnlyList<string> ValuesOf(PropertyInfo property, Type type) =>
        property.GetCustomAttribute<ValidateSetAttribute>(inherit: false)?.ValidValues.ToArray()
        ?? (type.IsEnum ? Enum.GetNames(type) : []);

    /// <summary>Null for what a reader takes for granted: no value, an empty one, a switch that is off.</summary>
    private static string? InitialValue(PropertyInfo property, object cmdlet) =>
        property.GetValue(cmdlet) switch
        {
            null or SwitchParameter or false or 0 or "" or "Default" or ICollection { Count: 0 } => null,
            Enum { } value when value.ToString() == "Default" => null,
            var value => Word(value),
        };

    private static string Word(object value) => Convert.ToString(value, CultureInfo.InvariantCulture)!;
}
