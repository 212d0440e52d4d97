using System.Net;
using System.Net.Http;
using System.Threading.RateLimiting;
using Polly;
using Polly.RateLimiting;
using Polly.Retry;
using Polly.Timeout;

namespace CockroachCmek.Core.Http;

/// <summary>
/// The one place of resilience for CockroachDB Cloud: at most ten requests a second for a session, retries of reads only, a time-out for each
/// attempt. A write is repeated only when the answer says that it was not processed because of the rate limit.
/// </summary>
internal static class RequestPipeline
{
    /// <summary>Ten requests a second and user (cloud-api.md). The window is wider than a second: its segments end up to a tenth early.</summary>
    public const int RequestsPerSecond = 10;

    private static readonly TimeSpan RateWindow = TimeSpan.FromMilliseconds(1_100);

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
            .AddTimeout(connection.RequestTimeout)
            .Build();

    public static RateLimiter CreateLimiter(double timeScale) =>
        new SlidingWindowRateLimiter(
            new SlidingWindowRateLimiterOptions
            {
                PermitLimit = RequestsPerSecond,
                Window = TimeSpan.FromTicks(
                    Math.Max(TimeSpan.TicksPerMillisecond * 11, (long)(RateWindow.Ticks / timeScale))
                ),
                SegmentsPerWindow = 11,
                QueueLimit = int.MaxValue,
                QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
                AutoReplenishment = true,
            }
        );

    /// <summary>The status code of a rate limit is not documented, and may vary (cockroachdb/docs PR 20356): the header and the words count as much.</summary>
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
