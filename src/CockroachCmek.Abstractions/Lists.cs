using System.Collections.ObjectModel;
using System.Globalization;

namespace CockroachCmek;

/// <summary>
/// A list in a public model. It is a type of its own for two reasons. PowerShell needs an indexer that is not explicit:
/// else <c>$info.Regions[0]</c> returns the whole list. And Export-Csv writes what ToString returns.
/// </summary>
/// <typeparam name="T">Type of the items.</typeparam>
public sealed class CmekList<T> : ReadOnlyCollection<T>
{
    internal static readonly CmekList<T> None = new([]);

    internal CmekList(IList<T> items)
        : base(items) { }

    /// <summary>Number of items, by the name that an array has.</summary>
    public int Length => Count;

    /// <summary>The items as text, separated by semicolons.</summary>
    public override string ToString() => string.Join("; ", this);
}

/// <summary>Makes the lists of public models.</summary>
internal static class Lists
{
    /// <summary>The same items as a list for a public model.</summary>
    public static CmekList<T> AsCmekList<T>(this IReadOnlyList<T> items) => items as CmekList<T> ?? new([.. items]);
}

/// <summary>Fields by name in a public model, as text where a table or Export-Csv needs one line.</summary>
public sealed class CmekFields : ReadOnlyDictionary<string, object?>
{
    internal CmekFields(IDictionary<string, object?> fields)
        : base(fields) { }

    /// <summary>The fields, separated by semicolons. Fields of fields stand in braces.</summary>
    public override string ToString() => string.Join("; ", this.Select(f => $"{f.Key}={Text(f.Value)}"));

    private static string Text(object? value) =>
        value switch
        {
            CmekFields fields => $"{{{fields}}}",
            object?[] list => string.Join(", ", list.Select(Text)),
            _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
        };
}
