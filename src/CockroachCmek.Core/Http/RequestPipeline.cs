using System.Net;
using System.Net.Http;
using System.Threading.RateLimiting;

namespace CockroachCmek.Core.Http;

/// <summary>
/// What is particular to CockroachDB Cloud: at most ten requests a second for each session, and which responses may be
/// followed by the same request again. A write is repeated only when the response says that the rate limit kept it from
/// being processed.
/// </summary>
internal static class RequestPipeline
{
    /// <summary>The limit for each user (cloud-api.md).</summary>
    public const int RequestsPerSecond = 10;

    private static readonly TimeSpan ShortestPeriod = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// A little more than a tenth of a second: with exactly that, the eleventh request is refused whenever it takes a
    /// millisecond less on its way than the first.
    /// </summary>
    private static readonly TimeSpan Spacing = TimeSpan.FromMilliseconds(103);

    /// <summary>
    /// Spaces requests evenly: one permit every <see cref="Spacing"/>, on a clock that runs at real speed. On a faster
    /// clock the timer stays at 20 ms, because a timer of every scaled tenth of a second would keep a core busy in an
    /// idle session.
    /// </summary>
    public static RateLimiter CreateLimiter(double timeScale)
    {
        var period = TimeSpan.FromTicks(Math.Max((long)(Spacing.Ticks / timeScale), ShortestPeriod.Ticks));
        var permits = Math.Min(RequestsPerSecond, Math.Max(1, (int)(period.Ticks * timeScale / Spacing.Ticks)));
        return new TokenBucketRateLimiter(
            new TokenBucketRateLimiterOptions
            {
                TokenLimit = permits,
                TokensPerPeriod = permits,
                ReplenishmentPeriod = period,
                QueueLimit = int.MaxValue,
                QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
                AutoReplenishment = true,
            }
        );
    }

    /// <summary>True for a response after which the same request may be sent again.</summary>
    public static bool MayRepeat(HttpResponseMessage response, string text, bool isRead) =>
        !response.IsSuccessStatusCode && (IsRateLimited(response, text) || (isRead && IsTransient(response)));

    /// <summary>
    /// The status code of a rate limit is not documented and may vary (cockroachdb/docs PR 20356), so the text counts
    /// too.
    /// </summary>
    private static bool IsRateLimited(HttpResponseMessage response, string text) =>
        (int)response.StatusCode == 429 || text.IndexOf("rate limit exceeded", StringComparison.OrdinalIgnoreCase) >= 0;

    private static bool IsTransient(HttpResponseMessage response) =>
        response.StatusCode is HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError
        || response.Headers.RetryAfter is not null;
}
