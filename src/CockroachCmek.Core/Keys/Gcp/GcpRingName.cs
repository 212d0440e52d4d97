using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>The resource name of a key ring.</summary>
internal sealed record GcpRingName(string Project, string Location, string Id)
{
    private static readonly Regex Form = new(
        @"\Aprojects/(?<project>[^/\s]+)/locations/(?<location>[^/\s]+)/keyRings/(?<id>[a-zA-Z0-9_-]{1,63})\z",
        RegexOptions.CultureInvariant
    );

    /// <summary>The resource name of the location.</summary>
    public string LocationName => $"projects/{Project}/locations/{Location}";

    public override string ToString() => $"{LocationName}/keyRings/{Id}";

    /// <summary>The argument and options by which gcloud finds the ring.</summary>
    public string ToGcloudOptions() =>
        $"{ShellQuote.PowerShell(Id)} --location {ShellQuote.PowerShell(Location)} --project {ShellQuote.PowerShell(Project)}";

    /// <summary>The name of a key in the ring.</summary>
    public GcpKeyName Key(string id) => new(this, id);

    /// <summary>Reads a name; null when the text is not the resource name of a key ring.</summary>
    public static GcpRingName? TryParse(string text) =>
        Form.Match(text) is { Success: true } match
            ? new GcpRingName(match.Groups["project"].Value, match.Groups["location"].Value, match.Groups["id"].Value)
            : null;
}
