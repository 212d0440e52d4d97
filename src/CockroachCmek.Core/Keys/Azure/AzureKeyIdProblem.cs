using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// Why a text is not the Key Identifier that CockroachDB Cloud needs, though it is the address of something in a Key
/// Vault: how addresses look that people copy from a browser, a script or a log.
/// </summary>
internal static class AzureKeyIdProblem
{
    private const string Needed = "CockroachDB Cloud needs the Key Identifier with its 32 digits at the end";

    private static readonly Regex Address = new(
        @"^(?<scheme>https?)://(?<host>[a-z0-9-]+\.(vault|managedhsm)\.[a-z.]+)(?<port>:\d*)?(?<path>/[^?#]*)?(?<rest>[?#].*)?$",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase
    );

    private static readonly Regex Key = new(
        @"^/keys/[^/]+(?:/(?<version>[^/]+))?(?<slash>/*)$",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase
    );

    /// <summary>The reason as the end of a sentence, "it …"; null for a text that is about something else.</summary>
    /// <param name="text">The text.</param>
    /// <param name="needsVersion">True in a manifest: -KeyUri also takes a key without version.</param>
    public static string? Of(string text, bool needsVersion)
    {
        if (Address.Match(text.Trim()) is not { Success: true } address)
            return null;
        var path = address.Groups["path"].Value;
        if (Key.Match(path) is not { Success: true } key)
            return path.Trim('/').Length == 0
                ? "it names a Key Vault, but no key; the key follows as /keys/<name>/<version>"
                : $"it is not the address of a key, which has /keys/ after the host, not {path}";
        if (string.Equals(address.Groups["scheme"].Value, "http", StringComparison.OrdinalIgnoreCase))
            return "it begins with http://; Key Vault has https:// only";
        if (address.Groups["port"].Length > 0)
            return $"it names a port; leave {address.Groups["port"].Value} off";
        if (address.Groups["rest"].Length > 0)
            return $"it has a query; leave off everything from {address.Groups["rest"].Value[0]} on";
        var version = key.Groups["version"].Value;
        if (version.Length == 0)
            return needsVersion ? $"it does not name a version; {Needed}" : null;
        if (key.Groups["slash"].Length > 0)
            return "it ends with a slash; leave the slash off";
        if (Regex.IsMatch(version, "^[0-9a-fA-F]{32}$"))
            return text.Any(char.IsUpper)
                ? "it has upper-case letters; Key Vault writes host, path and version in lower case"
                : null;
        return $"its version '{version}' does not have 32 digits; {Needed}";
    }
}
