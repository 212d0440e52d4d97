namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>Quotes values in commands that people paste into a shell.</summary>
internal static class GcpShell
{
    /// <summary>
    /// A value as one word, which neither PowerShell nor a POSIX shell runs. Names on Google Cloud hold no apostrophe,
    /// the only character that the two would read differently.
    /// </summary>
    public static string Quote(string value) => ShellQuote.PowerShell(value);
}
