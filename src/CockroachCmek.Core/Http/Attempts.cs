using System.Globalization;
using Polly;
using Polly.Retry;

namespace CockroachCmek.Core.Http;

/// <summary>
/// The only place that bounds a request and repeats it, for every service: at most six attempts, pauses that grow or
/// that the service asks for, and a line for each wait that a person would notice. Nothing waits in silence, nor for
/// longer than <see cref="Patience"/> allows.
/// </summary>
internal static class Attempts
{
    private const int Most = 6;

    /// <summary>A service that was silent twice is not asked a third time.</summary>
    private const int MostSilent = 2;

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(20);

    /// <summary>Repeats a request while it fails in a way that may pass.</summary>
    /// <param name="service">The service, for people.</param>
    /// <param name="attempt">One attempt, which bounds its call with <see cref="BoundAsync"/>.</param>
    /// <param name="mayRepeat">Whether a failure may pass, and the request may be sent again.</param>
    /// <exception cref="CmekException">RetryAfterTooLong.</exception>
    public static async Task<T> RepeatAsync<T>(
        string service,
        Func<CancellationToken, Task<T>> attempt,
        Func<Exception, bool> mayRepeat,
        OperationContext context
    )
    {
        var patience = context.Patience.On(context.Time);
        var start = context.Time.GetTimestamp();
        CallWatch? watch = null;
        var silent = 0;
        var isAnnounced = false;

        bool Passes(Exception error, int tries)
        {
            if (context.CancellationToken.IsCancellationRequested || !mayRepeat(error))
                return false;
            if (Asked() is { } asked && asked > patience.Asked)
                throw Errors.RetryAfterTooLong(Name(service, watch!), asked, patience.Asked, error);
            if (error is NoResponseException && ++silent == MostSilent)
                return false;
            return context.Time.GetElapsedTime(start) + (Asked() ?? Doubled(tries)) <= patience.Total;
        }

        TimeSpan? Asked() => watch!.Asked(context.Time.GetUtcNow());

        var retry = new RetryStrategyOptions<T>
        {
            MaxRetryAttempts = Most - 1,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = FirstPause,
            MaxDelay = LongestPause,
            ShouldHandle = failed => new(failed.Outcome.Exception is { } error && Passes(error, failed.AttemptNumber)),
            DelayGenerator = _ => new(Asked()),
            OnRetry = failed =>
            {
                isAnnounced = failed.RetryDelay > context.Patience.Announce;
                if (isAnnounced)
                    AnnouncePause(service, watch!, Asked() is not null, failed.RetryDelay, context);
                return default;
            },
        };
        return await new ResiliencePipelineBuilder<T> { TimeProvider = context.Time }
            .AddRetry(retry)
            .Build()
            .ExecuteAsync(
                async cancellation =>
                {
                    if (isAnnounced)
                        Withdraw(service, context);
                    isAnnounced = false;
                    watch = CallWatch.Current = new CallWatch();
                    return await attempt(cancellation);
                },
                context.CancellationToken
            );
    }

    /// <summary>Makes one call, and gives it up when it takes too long, even where it ignores cancellation.</summary>
    /// <param name="patience">Default: the context's.</param>
    /// <exception cref="NoResponseException">No response in time.</exception>
    public static async Task<T> BoundAsync<T>(
        string service,
        Func<CancellationToken, Task<T>> call,
        OperationContext context,
        Patience? patience = null
    )
    {
        patience = (patience ?? context.Patience).On(context.Time);
        var watch = CallWatch.Current ??= new CallWatch();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        var running = call(stop.Token);
        if (await EndsWithinAsync(running, patience.Announce, context))
            return await running;
        var name = Name(service, watch);
        Announce(
            service,
            $"{name} has not responded for {Seconds(patience.Announce)}; waiting up to {Seconds(patience.Attempt)}",
            context
        );
        if (await EndsWithinAsync(running, patience.Attempt - patience.Announce, context))
        {
            Withdraw(service, context);
            return await running;
        }

        Withdraw(service, context);
        stop.Cancel();
        _ = running.ContinueWith(
            late => _ = late.Exception,
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted,
            TaskScheduler.Default
        );
        throw new NoResponseException(name, patience.Attempt);
    }

    /// <summary>A time for people: in seconds, because that is what was configured or asked.</summary>
    public static string Seconds(TimeSpan span) =>
        $"{Math.Ceiling(span.TotalSeconds).ToString(CultureInfo.InvariantCulture)} s";

    /// <summary>A time for people to come back after: rounded up, in the unit that they would use.</summary>
    public static string Time(TimeSpan span) =>
        span < TimeSpan.FromMinutes(2) ? Seconds(span)
        : span < TimeSpan.FromHours(2) ? Whole(span.TotalMinutes, "minutes")
        : span < TimeSpan.FromDays(2) ? Whole(span.TotalHours, "hours")
        : Whole(span.TotalDays, "days");

    private static string Whole(double number, string unit) =>
        $"{Math.Ceiling(number).ToString(CultureInfo.InvariantCulture)} {unit}";

    /// <summary>True when the call has ended, or the user has stopped it: then its own end tells how.</summary>
    private static async Task<bool> EndsWithinAsync(Task running, TimeSpan limit, OperationContext context)
    {
        if (running.IsCompleted)
            return true;
        using var done = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        await Task.WhenAny(running, context.Time.Delay(limit, done.Token));
        done.Cancel();
        return running.IsCompleted || context.CancellationToken.IsCancellationRequested;
    }

    private static void AnnouncePause(
        string service,
        CallWatch watch,
        bool isAsked,
        TimeSpan pause,
        OperationContext context
    )
    {
        var name = Name(service, watch);
        Announce(
            service,
            (isAsked ? $"{name} asks to wait {Seconds(pause)}" : $"{name} could not be asked")
                + $"; retrying at {context.Time.GetLocalNow() + pause:HH:mm:ss}",
            context
        );
    }

    private static void Announce(string service, string what, OperationContext context)
    {
        context.Host.Verbose($"{what}.");
        context.Host.Progress(new OperationProgress { Activity = ActivityOf(service), Status = what });
    }

    private static void Withdraw(string service, OperationContext context) =>
        context.Host.Progress(
            new OperationProgress
            {
                Activity = ActivityOf(service),
                Status = "",
                Completed = true,
            }
        );

    private static string ActivityOf(string service) => $"Waiting for {service}";

    private static string Name(string service, CallWatch watch) =>
        watch.Host is { } host ? $"{service} at {host}" : service;

    /// <summary>About how long Polly pauses after an attempt that is counted from 0.</summary>
    private static TimeSpan Doubled(int tries)
    {
        var pause = TimeSpan.FromSeconds(FirstPause.TotalSeconds * Math.Pow(2, tries));
        return pause < LongestPause ? pause : LongestPause;
    }
}
