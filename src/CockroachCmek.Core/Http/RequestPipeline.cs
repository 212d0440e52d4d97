using System.Net;
using System.Net.Http;
using System.Threading.RateLimiting;
using Polly;
using Polly.RateLimiting;
using Polly.Retry;
using Polly.Timeout;

namespace CockroachCmek.Core.Http;

/// <summary>
/// Resilience for CockroachDB Cloud: at most ten requests a second for each session, retries of reads only, a timeout
/// for each attempt. A write is repeated only when the response says that the rate limit kept it from being processed.
/// </summary>
internal static class RequestPipeline
{
    /// <summary>The limit for each user (cloud-api.md).</summary>
    public const int RequestsPerSecond = 10;

    private static readonly TimeSpan ShortestPeriod = TimeSpan.FromMilliseconds(20);

    public static ResiliencePipeline<HttpResponseMessage> Create(
        CloudConnection connection,
        RateLimiter limiter,
        bool isRead
    ) =>
        new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = connection.Time }
            .AddRetry(
                new RetryStrategyOptions<HttpResponseMessage>
                {
                    MaxRetryAttempts = 5,
                    BackoffType = DelayBackoffType.Exponential,
                    UseJitter = true,
                    Delay = TimeSpan.FromSeconds(1),
                    MaxDelay = TimeSpan.FromSeconds(30),
                    ShouldHandle = async outcome =>
                        outcome.Outcome.Result is { } response
                            ? await IsRateLimited(response) || (isRead && IsTransient(response))
                            : isRead && outcome.Outcome.Exception is HttpRequestException or TimeoutRejectedException,
                    DelayGenerator = outcome => new ValueTask<TimeSpan?>(
                        outcome.Outcome.Result is { } response ? RetryAfter(response, connection.Time) : null
                    ),
                    OnRetry = outcome =>
                    {
                        outcome.Outcome.Result?.Dispose();
                        return default;
                    },
                }
            )
            .AddRateLimiter(
                new RateLimiterStrategyOptions
                {
                    RateLimiter = arguments => limiter.AcquireAsync(1, arguments.Context.CancellationToken),
                }
            )
            // The network is not faster on a clock that is.
            .AddPipeline(
                new ResiliencePipelineBuilder<HttpResponseMessage>().AddTimeout(connection.RequestTimeout).Build()
            )
            .Build();

    /// <summary>
    /// Spaces requests evenly: one permit every tenth of a second, on a clock that runs at real speed. On a faster
    /// clock the timer stays at 20 ms, because a timer of every scaled tenth of a second would keep a core busy in an
    /// idle session.
    /// </summary>
    public static RateLimiter CreateLimiter(double timeScale)
    {
        var spacing = TimeSpan.FromSeconds(1.0 / RequestsPerSecond);
        var period = TimeSpan.FromTicks(Math.Max((long)(spacing.Ticks / timeScale), ShortestPeriod.Ticks));
        var permits = Math.Min(RequestsPerSecond, Math.Max(1, (int)(period.Ticks * timeScale / spacing.Ticks)));
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

    /// <summary>
    /// The status code of a rate limit is not documented and may vary (cockroachdb/docs PR 20356), so the text counts
    /// too.
    /// </summary>
    private static async ValueTask<bool> IsRateLimited(HttpResponseMessage response)
    {
        if (response.IsSuccessStatusCode)
            return false;
        if ((int)response.StatusCode == 429)
            return true;
        await response.Content.LoadIntoBufferAsync();
        return (await response.Content.ReadAsStringAsync()).IndexOf(
                "rate limit exceeded",
                StringComparison.OrdinalIgnoreCase
            ) >= 0;
    }

    private static bool IsTransient(HttpResponseMessage response) =>
        response.StatusCode is HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError
        || (!response.IsSuccessStatusCode && response.Headers.RetryAfter is not null);

    private static TimeSpan? RetryAfter(HttpResponseMessage response, TimeProvider time) =>
        response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - time.GetUtcNow() is var wait && wait > TimeSpan.Zero ? wait : TimeSpan.Zero,
            _ => null,
        };
}
