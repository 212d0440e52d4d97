using System.Globalization;
using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Vault;

/// <summary>
/// Names of what the module creates in Vault. Vault's keys carry no tags, so a second run finds them by name alone.
/// </summary>
internal static class VaultNames
{
    private static readonly Regex Replacement = new(
        @"^(?<first>.+?)-g(?<generation>[1-9][0-9]{0,5})$",
        RegexOptions.CultureInvariant
    );

    private static readonly Regex MountPath = new(
        @"^[A-Za-z0-9][A-Za-z0-9._ -]*(/[A-Za-z0-9._ -]+)*$",
        RegexOptions.CultureInvariant
    );

    /// <summary>Name of a cluster's first key, and of its KMS provider entry.</summary>
    /// <param name="region">The region, where each region has its own key; else null.</param>
    public static string FirstKey(CrdbCluster cluster, string? name, string? region)
    {
        var first = name ?? $"crdb-cmek-{cluster.Id.Substring(Math.Max(0, cluster.Id.Length - 12))}";
        return region is null ? first : $"{first}-{region}";
    }

    /// <summary>
    /// A mount path without the slashes around it. It becomes a part of addresses, which must stay below it.
    /// </summary>
    /// <exception cref="CmekException">VaultMountMalformed.</exception>
    public static string Mount(string given)
    {
        var mount = given.Trim('/');
        return MountPath.IsMatch(mount) && !mount.Split('/').Any(part => part is "." or "..")
            ? mount
            : throw VaultErrors.VaultMountMalformed(given);
    }

    /// <summary>Name of the first key, or of one of its replacements: x, x-g2, x-g3.</summary>
    public static string OfGeneration(string first, int generation) =>
        generation == 1 ? first : $"{first}-g{generation.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>The first key's name, and how many keys led to this one: 1 for the first key itself.</summary>
    public static (string First, int Generation) Parse(string key) =>
        Replacement.Match(key) is { Success: true } match
            ? (match.Groups["first"].Value, int.Parse(match.Groups["generation"].Value, CultureInfo.InvariantCulture))
            : (key, 1);
}
