using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>The resource name of a key: what a manifest carries as its URI.</summary>
internal sealed record GcpKeyName(GcpRingName Ring, string Id)
{
    private static readonly Regex Form = new(
        @"\A(?:(?:https:)?//cloudkms\.googleapis\.com/(?:v1/)?)?(?<ring>projects/[^\s]+)"
            + @"/cryptoKeys/(?<id>[a-zA-Z0-9_-]{1,63})(?:/cryptoKeyVersions/\d+)?\z",
        RegexOptions.CultureInvariant
    );

    public string Project => Ring.Project;

    public string Location => Ring.Location;

    public override string ToString() => $"{Ring}/cryptoKeys/{Id}";

    /// <summary>The name of a version of the key.</summary>
    public string Version(string number) => $"{this}/cryptoKeyVersions/{number}";

    /// <summary>Reads a name as a manifest, the console or gcloud shows it. A version at the end is dropped.</summary>
    /// <exception cref="CmekException">KeyNameMalformed.</exception>
    public static GcpKeyName Parse(string text) => TryParse(text) ?? throw GcpErrors.KeyNameMalformed(text);

    /// <summary>Reads a name as a manifest, the console or gcloud shows it; null when it is none.</summary>
    public static GcpKeyName? TryParse(string text) =>
        Form.Match(text) is { Success: true } match && GcpRingName.TryParse(match.Groups["ring"].Value) is { } ring
            ? ring.Key(match.Groups["id"].Value)
            : null;

    /// <summary>The options by which gcloud finds the key.</summary>
    /// <param name="keyOption">The key's own option; empty where it is an argument of the command.</param>
    public string ToGcloudOptions(string keyOption = "--key ") =>
        $"{keyOption}{ShellQuote.PowerShell(Id)} --keyring {Ring.ToGcloudOptions()}";
}
