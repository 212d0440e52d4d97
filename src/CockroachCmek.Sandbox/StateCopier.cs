using System.Collections;
using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;

namespace CockroachCmek.Sandbox;

/// <summary>Marks a type whose objects never change. Copies of the state share them.</summary>
internal interface IConstant;

/// <summary>
/// Copies object graphs field by field, so that no class needs copying code that could miss a new field. An object that
/// is referenced twice is copied once, by the same copier. Copies keep hash tables as they are: they stay in this
/// process.
/// </summary>
internal sealed class StateCopier
{
    private const BindingFlags Declared =
        BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static readonly ConcurrentDictionary<Type, bool> Shared = new();
    private static readonly ConcurrentDictionary<Type, FieldInfo[]> Fields = new();

    private static readonly Func<object, object> ShallowCopy =
        (Func<object, object>)
            Delegate.CreateDelegate(
                typeof(Func<object, object>),
                typeof(object).GetMethod("MemberwiseClone", BindingFlags.Instance | BindingFlags.NonPublic)!
            );

    private readonly Dictionary<object, object> _copies = new(new SameObject());

    /// <summary>Copies an object and everything that it refers to.</summary>
    /// <exception cref="InvalidOperationException">
    /// The graph holds something other than data, for example a delegate.
    /// </exception>
    public T Copy<T>(T original)
        where T : class => (T)CopyOf(original)!;

    /// <summary>Gives an existing object the content of another one of the same type.</summary>
    public void Overwrite(object target, object source)
    {
        if (target.GetType() != source.GetType())
            throw new ArgumentException($"A {source.GetType().Name} cannot become a {target.GetType().Name}.");
        _copies[source] = target;
        foreach (var field in AllFields(source.GetType()))
            field.SetValue(target, CopyOf(field.GetValue(source)));
    }

    /// <summary>True for types whose objects need no copy.</summary>
    internal static bool IsShared(Type type) => Shared.GetOrAdd(type, ComputeIsShared);

    /// <summary>Every instance field, those of base types included.</summary>
    internal static IEnumerable<FieldInfo> AllFields(Type type)
    {
        for (var level = type; level is not null; level = level.BaseType)
            foreach (var field in level.GetFields(Declared))
                yield return field;
    }

    private object? CopyOf(object? original)
    {
        if (original is null || IsShared(original.GetType()))
            return original;
        var type = original.GetType();
        if (!type.IsValueType && _copies.TryGetValue(original, out var known))
            return known;
        RequireData(type);
        var copy = original is Array array ? array.Clone() : ShallowCopy(original);
        if (!type.IsValueType)
            _copies[original] = copy;
        if (copy is Array items)
            CopyItems(items);
        else
            foreach (var field in Fields.GetOrAdd(type, FieldsToCopy))
                field.SetValue(copy, CopyOf(field.GetValue(copy)));
        return copy;
    }

    private void CopyItems(Array items)
    {
        if (IsShared(items.GetType().GetElementType()!))
            return;
        for (var i = 0; i < items.Length; i++)
            items.SetValue(CopyOf(items.GetValue(i)), i);
    }

    private static FieldInfo[] FieldsToCopy(Type type) => [.. AllFields(type).Where(f => !IsShared(f.FieldType))];

    private static bool ComputeIsShared(Type type) =>
        type.IsPrimitive
        || type.IsEnum
        || type == typeof(string)
        || type == typeof(decimal)
        || type == typeof(Uri)
        || type == typeof(Version)
        || type == typeof(JsonElement)
        || type == typeof(Oid)
        || typeof(Type).IsAssignableFrom(type)
        || typeof(IConstant).IsAssignableFrom(type)
        || IsComparer(type)
        || (type.IsValueType && AllFields(type).All(f => f.FieldType != type && IsShared(f.FieldType)));

    private static bool IsComparer(Type type) =>
        typeof(IComparer).IsAssignableFrom(type)
        || typeof(IEqualityComparer).IsAssignableFrom(type)
        || type.GetInterfaces()
            .Append(type)
            .Any(i =>
                i.IsGenericType
                && (
                    i.GetGenericTypeDefinition() == typeof(IComparer<>)
                    || i.GetGenericTypeDefinition() == typeof(IEqualityComparer<>)
                )
            );

    private static void RequireData(Type type)
    {
        if (
            typeof(Delegate).IsAssignableFrom(type)
            || typeof(IDisposable).IsAssignableFrom(type) && type.Namespace != "System.Collections.Generic"
            || typeof(TimeProvider).IsAssignableFrom(type)
            || type.IsPointer
        )
            throw new InvalidOperationException($"The sandbox's state holds a {type}, which is not data.");
    }

    private sealed class SameObject : IEqualityComparer<object>
    {
        bool IEqualityComparer<object>.Equals(object? one, object? other) => ReferenceEquals(one, other);

        int IEqualityComparer<object>.GetHashCode(object value) => RuntimeHelpers.GetHashCode(value);
    }
}
