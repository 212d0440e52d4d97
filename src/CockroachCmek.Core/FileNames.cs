using System.Text.RegularExpressions;

namespace CockroachCmek.Core;

/// <summary>File names made of names from outside, which cannot leave their folder on any system.</summary>
internal static class FileNames
{
    private const int Longest = 100;

    private static readonly Regex Unsafe = new("[^A-Za-z0-9._-]", RegexOptions.CultureInvariant);

    private static readonly Regex Reserved = new(
        @"^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase
    );

    /// <summary>
    /// The name itself, where it can be a file name. Otherwise a name like it, with the id to tell it from others.
    /// </summary>
    public static string Of(string name, string? id)
    {
        var safe = Unsafe.Replace(name, "_").TrimStart('.', '-');
        if (safe.Length > Longest)
            safe = safe.Substring(0, Longest);
        if (Reserved.IsMatch(safe))
            safe = "_" + safe;
        return safe == name && name.Length > 0 ? name : $"{safe}-{Unsafe.Replace(id ?? "cluster", "_")}";
    }
}
