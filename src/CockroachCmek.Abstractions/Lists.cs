namespace CockroachCmek;

/// <summary>Lists of the public models.</summary>
internal static class Lists
{
    /// <summary>
    /// The same list as an array. What the compiler makes of a collection expression has its indexer hidden behind an interface; PowerShell then takes
    /// the list for one object, and gives all of it for <c>$info.Regions[0]</c>.
    /// </summary>
    public static T[] AsArray<T>(this IReadOnlyList<T> list) => list as T[] ?? [.. list];
}
