using System.Text.RegularExpressions;

namespace CockroachCmek.HelpGenerator;

/// <summary>
/// The clouds, as the XML docs name them: at the start of a paragraph of a cmdlet ("AWS. Creates…"), of a parameter
/// ("Google Cloud, Azure: whether…") and of an example ("Azure: creates…").
/// </summary>
internal static partial class Clouds
{
    /// <summary>In the order of the help: each with the name of its topic, about_CockroachCmek_….</summary>
    public static IReadOnlyList<(string Name, string Topic)> All { get; } =
    [("AWS", "AWS"), ("Google Cloud", "GoogleCloud"), ("Azure", "Azure"), ("HashiCorp Vault", "HashiCorpVault")];

    /// <summary>The clouds that a text is about; empty for a text about all of them.</summary>
    public static IReadOnlyList<string> Of(HelpText text) =>
        AtStart().Match(text.Plain) is { Success: true } match ? match.Groups["clouds"].Value.Split(", ") : [];

    /// <summary>The place in the help: text about every cloud comes first, then one cloud after the other.</summary>
    public static int Order(HelpText text) =>
        Of(text) is [var first, ..] ? 1 + All.Select(c => c.Name).ToList().IndexOf(first) : 0;

    /// <summary>The text without the clouds at its start.</summary>
    public static string Without(HelpText text) =>
        AtStart().Match(text.Plain) is { Success: true } match
            ? Capital(
                match.Groups["on"].Length > 0 ? $"{match.Groups["on"].Value.Trim()}: " : "",
                text.Plain[match.Length..]
            )
            : text.Plain;

    private static string Capital(string place, string text) =>
        place.Length > 0 ? char.ToUpperInvariant(place[0]) + place[1..] + text
        : text.Length > 0 ? char.ToUpperInvariant(text[0]) + text[1..]
        : text;

    // "HashiCorp Vault on Google Cloud:" is about HashiCorp Vault.
    [GeneratedRegex(
        @"^(?<clouds>(AWS|Google Cloud|Azure|HashiCorp Vault)(, (AWS|Google Cloud|Azure|HashiCorp Vault))*)"
            + @"(?<on> on (AWS|Google Cloud|Azure))?[.:]\s+",
        RegexOptions.ExplicitCapture
    )]
    private static partial Regex AtStart();
}
