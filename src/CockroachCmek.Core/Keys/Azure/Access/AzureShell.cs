using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Azure.Access;

/// <summary>Values in lines that are run in a shell.</summary>
internal static class AzureShell
{
    private static readonly Regex Plain = new(@"^[a-zA-Z0-9/._:@-]+$", RegexOptions.CultureInvariant);

    /// <summary>
    /// A value as one argument, literally, in bash and in PowerShell. A resource group's name may contain parentheses.
    /// No id of Azure contains an apostrophe, which the two shells quote differently: it is written as in a URL.
    /// </summary>
    public static string Quote(string value) => Plain.IsMatch(value) ? value : $"'{value.Replace("'", "%27")}'";
}
