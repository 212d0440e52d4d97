using System.Reflection;
using CockroachCmek.Sandbox;
using CockroachCmek.Sandbox.Azure;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Walks the objects of a sandbox's services, to find data that a saved state would miss.</summary>
internal static class SandboxObjectGraph
{
    private static readonly Assembly Sandbox = typeof(SandboxServer).Assembly;

    /// <summary>Every sandbox has its own clock and certificates.</summary>
    private static readonly Type[] Own = [typeof(SandboxClock), typeof(AzureCertificates)];

    /// <summary>The services of a sandbox, with their names.</summary>
    public static IEnumerable<(string Name, object Service)> Services(SandboxServer server) =>
        [
            ("Cloud", server.Cloud),
            ("Aws", server.Aws),
            ("Gcp", server.Gcp),
            ("Azure", server.Azure),
            ("Vault", server.Vault),
        ];

    /// <summary>The fields in which two objects of the same shape differ.</summary>
    public static List<string> Differences(string path, object? one, object? other) =>
        Differences(path, one, other, new HashSet<object>(ReferenceEqualityComparer.Instance));

    /// <summary>The fields of services that could hold data of their own, outside <see cref="SandboxState"/>.</summary>
    public static List<string> FieldsOutsideState(object service) =>
        FieldsOutsideState(service, new HashSet<object>(ReferenceEqualityComparer.Instance));

    private static List<string> Differences(string path, object? one, object? other, HashSet<object> seen)
    {
        if (one is null || other is null || one.GetType() != other.GetType())
            return ReferenceEquals(one, other) ? [] : [$"{path}: {one ?? "null"} is not {other ?? "null"}"];
        var type = one.GetType();
        if (Own.Contains(type) || one is Delegate or TimeProvider || (!type.IsValueType && !seen.Add(one)))
            return [];
        if (StateCopier.IsShared(type))
            return ReferenceEquals(one, other) || Equals(one, other) ? [] : [$"{path}: {one} is not {other}"];
        if (one is not Array items)
            return
            [
                .. StateCopier
                    .AllFields(type)
                    .SelectMany(f => Differences($"{path}.{f.Name}", f.GetValue(one), f.GetValue(other), seen)),
            ];
        var others = (Array)other;
        return items.Length != others.Length
            ? [$"{path}: {items.Length} items are not {others.Length}"]
            :
            [
                .. Enumerable
                    .Range(0, items.Length)
                    .SelectMany(i => Differences($"{path}[{i}]", items.GetValue(i), others.GetValue(i), seen)),
            ];
    }

    private static List<string> FieldsOutsideState(object service, HashSet<object> seen)
    {
        var found = new List<string>();
        if (IsStatePart(service.GetType()) || Own.Contains(service.GetType()) || !seen.Add(service))
            return found;
        foreach (var field in StateCopier.AllFields(service.GetType()))
        {
            // The compiler keeps a parameter of a primary constructor in a field that it does not mark as read-only.
            var isParameter = field.Name.StartsWith('<') && field.Name.EndsWith(">P", StringComparison.Ordinal);
            if ((!field.IsInitOnly && !isParameter) || !IsHarmless(field.FieldType))
                found.Add($"{service.GetType().Name}.{field.Name} ({field.FieldType.Name})");
            if (field.GetValue(service) is { } value && value.GetType().Assembly == Sandbox)
                found.AddRange(FieldsOutsideState(value, seen));
            if (field.GetValue(service) is System.Collections.IEnumerable items and not string)
                foreach (var item in items.Cast<object>().Where(i => i.GetType().Assembly == Sandbox))
                    found.AddRange(FieldsOutsideState(item, seen));
        }

        return found;
    }

    /// <summary>
    /// Types of a read-only field behind which nothing can change, but for services, which are walked in turn.
    /// </summary>
    private static bool IsHarmless(Type type) =>
        StateCopier.IsShared(type)
        || type.Assembly == Sandbox
        || type == typeof(object) // the lock
        || type == typeof(TimeProvider)
        || type == typeof(Func<Uri>) // an address, which is each sandbox's own
        || (
            type.IsGenericType
            && type.GetGenericTypeDefinition() is var shape
            && (
                shape == typeof(IReadOnlyList<>)
                || shape == typeof(IReadOnlyCollection<>)
                || shape == typeof(IReadOnlyDictionary<,>)
            )
        );

    private static bool IsStatePart(Type type) =>
        StateCopier.AllFields(typeof(SandboxState)).Any(f => f.FieldType == type);
}
