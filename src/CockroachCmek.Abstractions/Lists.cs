namespace CockroachCmek;

/// <summary>Lists in public models.</summary>
internal static class Lists
{
    /// <summary>
    /// The same list as an array. The compiler's type behind a collection expression implements its indexer explicitly.
    /// PowerShell then treats the list as one object, and <c>$info.Regions[0]</c> returns all of it.
    /// </summary>
    public static T[] AsArray<T>(this IReadOnlyList<T> list) => list as T[] ?? [.. list];
}
