using System.Diagnostics;
using System.IO;
using System.Net;
using System.Net.Http;
using Polly;
using Polly.Retry;

namespace CockroachCmek.Core.Keys;

/// <summary>
/// Every call of a customer's cloud goes through here: the verbose line, retries on the injected clock, waits for what was written to be seen.
/// What a cloud's faults look like is its own half to say.
/// </summary>
internal abstract class CloudCalls
{
    /// <summary>A clock that runs fast, or a machine that is slow, must not use up a wait before anything was looked at.</summary>
    private const int LeastTries = 5;

    private readonly string _cloud;
    private readonly ResiliencePipeline _reads;
    private readonly ResiliencePipeline _writes;

    protected CloudCalls(string cloud, OperationContext context)
    {
        _cloud = cloud;
        Context = context;
        _reads = Retrying(context.Time, fault => IsThrottled(fault) || IsAmbiguous(fault));
        _writes = Retrying(context.Time, IsThrottled);
    }

    public OperationContext Context { get; }

    /// <summary>A call that changes nothing: repeated on every passing failure.</summary>
    public Task<T> ReadAsync<T>(string service, string verb, string resource, Func<CancellationToken, Task<T>> call) =>
        RunAsync(_reads, service, verb, resource, call);

    /// <summary>A call that changes something: repeated only when the cloud says that it was throttled, and so not processed.</summary>
    public Task<T> WriteAsync<T>(string service, string verb, string resource, Func<CancellationToken, Task<T>> call) =>
        RunAsync(_writes, service, verb, resource, call);

    /// <summary>Makes a call again while it is refused because the cloud has not yet seen what was just made.</summary>
    public async Task<T> PatientlyAsync<T>(
        Func<Task<T>> call,
        Func<Exception, bool> isSettling,
        TimeSpan limit,
        TimeSpan pause
    )
    {
        var start = Context.Time.GetTimestamp();
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await call();
            }
            catch (Exception fault)
                when (isSettling(fault) && (tries < LeastTries || Context.Time.GetElapsedTime(start) < limit))
            {
                Context.Log.Verbose(
                    $"{_cloud} has not yet seen what was just made ({Describe(fault).Code}); trying again."
                );
                await Context.Time.Delay(pause, Context.CancellationToken);
            }
        }
    }

    /// <summary>Looks until something is so: what was written counts once it can be read.</summary>
    public async Task UntilAsync(Func<Task<bool>> isSo, TimeSpan limit, TimeSpan pause, Func<CmekException> otherwise)
    {
        var start = Context.Time.GetTimestamp();
        for (var tries = 1; !await isSo(); tries++)
        {
            if (tries >= LeastTries && Context.Time.GetElapsedTime(start) > limit)
                throw otherwise();
            await Context.Time.Delay(pause, Context.CancellationToken);
        }
    }

    /// <summary>True when nobody can say whether the call was processed, and nobody asked to stop: what happened is to be settled by reading.</summary>
    public bool IsLost(Exception fault) => IsAmbiguous(fault) && !Context.CancellationToken.IsCancellationRequested;

    /// <summary>No answer, whatever carried the call. The SDKs' own time-outs are cancellations; a stop by the user is told apart before.</summary>
    protected static bool IsNoAnswer(Exception fault) =>
        fault is HttpRequestException or IOException or TimeoutException or WebException or TaskCanceledException;

    /// <summary>True when nobody can say whether the call was processed: no answer, or the service's own failure.</summary>
    protected abstract bool IsAmbiguous(Exception fault);

    /// <summary>True when the cloud says that it did nothing because of too many requests.</summary>
    protected abstract bool IsThrottled(Exception fault);

    /// <summary>The cloud's code of a fault ("no answer" without one), and its id of the request; neither holds a secret.</summary>
    protected abstract (string Code, string? RequestId) Describe(Exception fault);

    /// <summary>The cloud's id of the request that an answer is to; null where it tells none.</summary>
    protected virtual string? RequestIdOf(object? answer) => null;

    private async Task<T> RunAsync<T>(
        ResiliencePipeline pipeline,
        string service,
        string verb,
        string resource,
        Func<CancellationToken, Task<T>> call
    ) =>
        await pipeline.ExecuteAsync(
            async cancellation =>
            {
                var watch = Stopwatch.StartNew();
                try
                {
                    var answer = await call(cancellation);
                    Say("OK", RequestIdOf(answer));
                    return answer;
                }
                catch (Exception fault) when (!cancellation.IsCancellationRequested)
                {
                    var (code, id) = Describe(fault);
                    Say(code, id);
                    throw;
                }

                void Say(string code, string? id) =>
                    Context.Log.Verbose(
                        $"{_cloud} {service} {verb} {resource}: {code}, {watch.ElapsedMilliseconds} ms{(string.IsNullOrEmpty(id) ? "" : $", request {id}")}"
                    );
            },
            Context.CancellationToken
        );

    private static ResiliencePipeline Retrying(TimeProvider time, Func<Exception, bool> when) =>
        new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(
                new RetryStrategyOptions
                {
                    MaxRetryAttempts = 5,
                    BackoffType = DelayBackoffType.Exponential,
                    UseJitter = true,
                    Delay = TimeSpan.FromSeconds(1),
                    MaxDelay = TimeSpan.FromSeconds(20),
                    ShouldHandle = outcome => new ValueTask<bool>(
                        outcome.Outcome.Exception is { } fault
                            && !outcome.Context.CancellationToken.IsCancellationRequested
                            && when(fault)
                    ),
                }
            )
            .Build();
}
