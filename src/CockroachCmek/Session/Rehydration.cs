using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Reflection;

namespace CockroachCmek.Session;

/// <summary>
/// Makes this module's objects again from what a job, a remote session, Export-Clixml or ConvertTo-Json left of them.
/// </summary>
internal static class Rehydration
{
    private const BindingFlags Declared = BindingFlags.Instance | BindingFlags.Public;

    /// <summary>The object by the type that it had; null if it had none of this module.</summary>
    public static object? Object(PipedObject piped) =>
        piped.Type.Length > 0
        && typeof(CrdbCluster).Assembly.GetType(piped.Type) is { } type
        && type != typeof(CrdbCluster)
            ? Object(piped, type)
            : null;

    /// <summary>An object of the type, with the properties that are left. A cluster is read again before use.</summary>
    /// <exception cref="PSInvalidCastException">A property holds what it cannot hold.</exception>
    public static object Object(PipedObject piped, Type type)
    {
        if (type == typeof(CmekRegionSpec))
            return Spec(piped);
        if (type == typeof(CrdbCluster))
            return Cluster(piped);
        var made = Activator.CreateInstance(type)!;
        foreach (var property in type.GetProperties(Declared))
            if (property.GetSetMethod(nonPublic: true) is { } set && Value(piped, property) is { } value)
                set.Invoke(made, [value]);
        return made;
    }

    private static object? Value(PipedObject piped, PropertyInfo property)
    {
        if (property.PropertyType == typeof(CrdbCluster))
            return Cluster(PipedObject.Of(piped.Value(property.Name)) ?? piped);
        if (piped.Value(property.Name) is not { } value)
            return null;
        if (property.PropertyType == typeof(DateTimeOffset) || property.PropertyType == typeof(DateTimeOffset?))
            return Moment(value);
        if (!IsList(property.PropertyType))
            return LanguagePrimitives.ConvertTo(value, property.PropertyType, CultureInfo.InvariantCulture);
        var item = property.PropertyType.GetGenericArguments()[0];
        var items = PipedObject.Unwrap(value) is IEnumerable many and not string and not IDictionary
            ? many.Cast<object>().ToArray()
            : [value];
        var list = Array.CreateInstance(item, items.Length);
        for (var i = 0; i < items.Length; i++)
            list.SetValue(Item(items[i], item), i);
        return list;
    }

    /// <summary>
    /// PowerShell serializes a DateTimeOffset as its text, in the invariant culture, and its properties.
    /// </summary>
    private static object Moment(object value) =>
        PipedObject.Unwrap(value) switch
        {
            DateTimeOffset moment => moment,
            DateTime local => new DateTimeOffset(local),
            _ => DateTimeOffset.TryParse(
                value.ToString(),
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal,
                out var moment
            )
                ? moment
                : throw new PSInvalidCastException($"'{value}' is not a time."),
        };

    private static object Item(object value, Type type) =>
        PipedObject.Of(value) is { } piped
            ? Object(piped, type)
            : LanguagePrimitives.ConvertTo(value, type, CultureInfo.InvariantCulture);

    private static bool IsList(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>);

    private static CrdbCluster Cluster(PipedObject piped) =>
        new()
        {
            Id = piped.Text("ClusterId", "Id") ?? "",
            Name = piped.Text("ClusterName", "Name") ?? "",
            CloudProvider = piped.Text(nameof(CrdbCluster.CloudProvider)) ?? "",
            IsReference = true,
        };

    /// <summary>The key is an object of its own, which is deeper than what Export-Clixml keeps.</summary>
    private static CmekRegionSpec Spec(PipedObject piped) =>
        CmekRegionSpec.Create(
            piped.Text(nameof(CmekRegionSpec.Region)) ?? "",
            piped.Text(nameof(CmekRegionSpec.KeyType)) ?? "",
            piped.Text(nameof(CmekRegionSpec.KeyUri)) ?? "",
            piped.Text(nameof(CmekRegionSpec.AuthPrincipal)) ?? ""
        );
}
