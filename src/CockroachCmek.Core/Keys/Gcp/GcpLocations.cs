using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>Locations of Cloud KMS: each region is one, multi-regions hold several, global is everywhere. Source: Cloud KMS' list of locations.</summary>
internal static class GcpLocations
{
    private static readonly Regex Region = new(@"^[a-z]+-[a-z]+\d+$", RegexOptions.CultureInvariant);

    /// <summary>True when a key in the location is as near to the region's nodes as a key can be that several regions share.</summary>
    public static bool Serves(string location, string region) =>
        location == region
        || location == "global"
        || (
            !Region.IsMatch(location)
            && Regex.Match(location, "^[a-z]+").Value switch
            {
                "us" or "nam" => region.StartsWith("us-", StringComparison.Ordinal)
                    || region.StartsWith("northamerica-", StringComparison.Ordinal),
                "ca" => region.StartsWith("northamerica-northeast", StringComparison.Ordinal),
                "europe" or "eu" or "eur" => region.StartsWith("europe-", StringComparison.Ordinal),
                "asia" => region.StartsWith("asia-", StringComparison.Ordinal),
                "in" => region.StartsWith("asia-south", StringComparison.Ordinal),
                // A multi-region that is newer than this module: nothing is known against it.
                _ => true,
            }
        );
}
