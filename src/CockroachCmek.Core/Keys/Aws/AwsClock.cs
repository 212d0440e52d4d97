using System.Globalization;
using System.Text.RegularExpressions;
using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.Internal;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// This machine's clock against AWS's, which refuses what was signed five minutes ago or in the future. The SDK
/// corrects
/// itself only where it may repeat calls, and its retries are off.
/// </summary>
internal static class AwsClock
{
    /// <summary>What AWS tolerates. A smaller difference is not the reason for a refusal.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    private static readonly HashSet<string> Codes =
    [
        "RequestTimeTooSkewed",
        "RequestExpired",
        "RequestInTheFuture",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "AuthFailure",
    ];

    /// <summary>AWS's time minus this machine's, when that is why a call was refused; else null.</summary>
    public static TimeSpan? OffsetOf(Exception error) =>
        error is AmazonServiceException { ErrorCode: { } code }
        && Codes.Contains(code)
        && TimeOfAws(error) is { } time
        && time - DateTimeOffset.UtcNow is var offset
        && offset.Duration() > Tolerance
            ? offset
            : null;

    /// <summary>Signs with AWS's time from now on; false when that is done already.</summary>
    public static bool TryCorrect(TimeSpan offset)
    {
        var known = AWSConfigs.ManualClockCorrection ?? TimeSpan.Zero;
        if ((offset - known).Duration() <= Tolerance)
            return false;
        AWSConfigs.ManualClockCorrection = offset;
        return true;
    }

    /// <summary>An offset in words, for example "20 minutes behind".</summary>
    public static string Describe(TimeSpan offset) =>
        $"{Math.Round(offset.Duration().TotalMinutes)} minutes {(offset > TimeSpan.Zero ? "behind" : "ahead of")}";

    /// <summary>
    /// The time in brackets of "Signature expired: … is now earlier than … (20260101T120000Z - 5 min.)", or else the
    /// header Date of the response.
    /// </summary>
    private static DateTimeOffset? TimeOfAws(Exception error)
    {
        if (
            Regex.Match(error.Message, @"\((?<time>\d{8}T\d{6}Z) [-+] \d+ min") is { Success: true } match
            && DateTimeOffset.TryParseExact(
                match.Groups["time"].Value,
                "yyyyMMdd'T'HHmmss'Z'",
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal,
                out var time
            )
        )
            return time;
        return
            error.InnerException is HttpErrorResponseException { Response: { } response }
            && response.IsHeaderPresent("Date")
            && DateTimeOffset.TryParse(
                response.GetHeaderValue("Date"),
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal,
                out var date
            )
            ? date
            : null;
    }
}
