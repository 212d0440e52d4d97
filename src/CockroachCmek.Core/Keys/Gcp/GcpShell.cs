using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>Quotes values in commands that people paste into a shell.</summary>
internal static class GcpShell
{
    private static readonly Regex Plain = new(@"\A[A-Za-z0-9_@%+=:,./-]+\z", RegexOptions.CultureInvariant);

    /// <summary>
    /// A value as one word: as it is when no shell gives its characters a meaning, else in single quotes.
    /// </summary>
    public static string Quote(string value) => Plain.IsMatch(value) ? value : $"'{value.Replace("'", @"'\''")}'";
}
