using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// Locations of Cloud KMS: a region, a multi-region that covers several, or global. Source: Cloud KMS's list of
/// locations.
/// </summary>
internal static class GcpLocations
{
    private static readonly Regex Region = new(@"^[a-z]+-[a-z]+\d+$", RegexOptions.CultureInvariant);

    /// <summary>
    /// True when a key in the location is as close to the region's nodes as a key for several regions can be.
    /// </summary>
    public static bool Serves(string location, string region) =>
        location == region
        || location == "global"
        || (!Region.IsMatch(location) && Covers(Regex.Match(location, "^[a-z]+").Value, region));

    private static bool Covers(string multiRegion, string region)
    {
        return multiRegion switch
        {
            "us" or "nam" => IsIn("us-") || IsIn("northamerica-"),
            "ca" => IsIn("northamerica-northeast"),
            "europe" or "eu" or "eur" => IsIn("europe-"),
            "asia" => IsIn("asia-"),
            "in" => IsIn("asia-south"),
            // A multi-region that is newer than this module counts as close.
            _ => true,
        };

        bool IsIn(string prefix) => region.StartsWith(prefix, StringComparison.Ordinal);
    }
}
