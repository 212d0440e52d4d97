namespace CockroachCmek.Core.Keys.Azure.Access;

/// <summary>Values in lines that are run in a shell.</summary>
internal static class AzureShell
{
    /// <summary>
    /// A value as one word, which neither bash nor PowerShell runs. A resource group's name may contain parentheses. No
    /// id of Azure contains an apostrophe, the only character that the two would read differently.
    /// </summary>
    public static string Quote(string value) => ShellQuote.PowerShell(value);
}
