using System.Globalization;
using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Vault;

/// <summary>Names of what the module makes in Vault: the one place. Vault's keys carry no tags, so the name alone is what a second run finds them by.</summary>
internal static class VaultNames
{
    private static readonly Regex Numbered = new(
        @"^(?<base>.+?)-g(?<number>[1-9][0-9]{0,5})$",
        RegexOptions.CultureInvariant
    );

    /// <summary>Name of the first key of a place, and of the KMS provider entry. On AWS a key goes to one region: the region is part of the name.</summary>
    public static string Key(CrdbCluster cluster, string? name, string? region)
    {
        var first = name ?? $"crdb-cmek-{cluster.Id.Substring(Math.Max(0, cluster.Id.Length - 12))}";
        return region is null ? first : $"{first}-{region}";
    }

    /// <summary>A key that took the place of another has the same name with a number: x, x-g2, x-g3.</summary>
    public static (string Base, int Number) Generation(string key) =>
        Numbered.Match(key) is { Success: true } match
            ? (match.Groups["base"].Value, int.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture))
            : (key, 1);

    public static string Generation(string first, int number) =>
        number == 1 ? first : $"{first}-g{number.ToString(CultureInfo.InvariantCulture)}";
}
