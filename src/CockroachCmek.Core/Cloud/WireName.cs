using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Cloud;

/// <summary>
/// Ids and names in responses that become parts of addresses, commands and key names. A text that cannot be one is
/// refused where it enters.
/// </summary>
internal static class WireName
{
    /// <summary>Google's projects of a domain have a colon: example.com:my-project.</summary>
    private static readonly Regex Name = new(@"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}\z", RegexOptions.CultureInvariant);

    /// <summary>The name; empty when the response has none.</summary>
    /// <param name="what">What it is, for the error: "name of a region".</param>
    /// <exception cref="CmekException">BadAnswer.</exception>
    public static string Checked(string? name, string what) =>
        string.IsNullOrEmpty(name) ? ""
        : Name.IsMatch(name!) ? name!
        : throw Errors.BadAnswer(RequestTarget.ACluster, $"'{name}' cannot be the {what}");
}
