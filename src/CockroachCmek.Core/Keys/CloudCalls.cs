using System.Diagnostics;
using System.IO;
using System.Net;
using System.Net.Http;
using Polly;
using Polly.Retry;

namespace CockroachCmek.Core.Keys;

/// <summary>
/// Every call to a customer's cloud goes through here: the verbose line, retries on the injected clock, lost
/// responses, and waits for eventual consistency. Each cloud says what its errors mean.
/// </summary>
internal abstract class CloudCalls
{
    /// <summary>A fast clock or a slow machine must not use up a wait before the state was read a few times.</summary>
    private const int LeastTries = 5;

    private static readonly object Done = new();

    private readonly string _cloud;
    private readonly ResiliencePipeline _reads;
    private readonly ResiliencePipeline _writes;

    protected CloudCalls(string cloud, OperationContext context)
    {
        _cloud = cloud;
        Context = context;
        _reads = Retrying(context.Time, error =>
            error is not CmekException && (IsThrottled(error) || IsAmbiguous(error))
        );
        _writes = Retrying(context.Time, error => error is not CmekException && IsThrottled(error));
    }

    public OperationContext Context { get; }

    /// <summary>A call that changes nothing: repeated on every transient failure.</summary>
    public Task<T> ReadAsync<T>(string service, string verb, string resource, Func<CancellationToken, Task<T>> call) =>
        RunAsync(_reads, service, verb, resource, isWrite: false, call);

    /// <summary>
    /// A call that changes something: repeated only when the cloud throttled it, and so did not process it.
    /// </summary>
    public Task<T> WriteAsync<T>(string service, string verb, string resource, Func<CancellationToken, Task<T>> call) =>
        RunAsync(_writes, service, verb, resource, isWrite: true, call);

    /// <summary>
    /// A write that replaces a document which others change, too: it is built anew before each attempt, so that an
    /// attempt that was throttled is not followed by a document that has become old.
    /// </summary>
    /// <param name="build">Reads the present state and returns what to write; null when nothing has to be.</param>
    /// <returns>The response; null when nothing had to be written.</returns>
    public async Task<T?> WriteBuiltAsync<TDocument, T>(
        string service,
        string verb,
        string resource,
        Func<Task<TDocument?>> build,
        Func<TDocument, CancellationToken, Task<T>> call
    )
        where TDocument : class
        where T : class =>
        await _writes.ExecuteAsync(
            async cancellation =>
                await build() is { } document
                    ? await SendAsync(service, verb, resource, isWrite: true, c => call(document, c), cancellation)
                    : null,
            Context.CancellationToken
        );

    /// <summary>
    /// Sends a write until it is known what became of it. When the response is lost, the state is read back, and only
    /// a write that is then not found is sent again.
    /// </summary>
    /// <param name="description">What is written, for the verbose line: verb and resource.</param>
    /// <param name="write">Sends the write and returns its result.</param>
    /// <param name="find">Reads the state back: the result when the state shows the write, else null.</param>
    /// <param name="settling">How often to send, and which refusals mean that an earlier run has done it.</param>
    /// <returns>The result of the write, or what was found in its place.</returns>
    public async Task<T> SettleAsync<T>(
        string description,
        Func<Task<T>> write,
        Func<Task<T?>> find,
        Settling? settling = null
    )
        where T : class
    {
        settling ??= Settling.Default;
        for (var round = 1; ; round++)
        {
            try
            {
                return await write();
            }
            catch (Exception error) when (settling.IsDone(error))
            {
                if (await find() is { } existing)
                    return existing;
                throw;
            }
            catch (Exception error) when (settling.IsConflict(error) && round < settling.Rounds)
            {
                Context.Host.Verbose($"Something else made a change during {description}; reading the state again.");
                await Context.Time.Delay(TimeSpan.FromMilliseconds(500 * round), Context.CancellationToken);
                if (await find() is { } made)
                    return made;
            }
            catch (Exception error) when (IsResponseLost(error))
            {
                Context.Host.Verbose($"The response to {description} was lost; reading the state back.");
                if (await find() is { } found)
                    return found;
                if (settling.SecondRead is { } pause)
                {
                    await Context.Time.Delay(pause, Context.CancellationToken);
                    if (await find() is { } late)
                        return late;
                }

                if (round == settling.Rounds || !settling.MaySendAgain(error))
                    throw;
            }
        }
    }

    /// <summary>The same for a write without a result.</summary>
    /// <param name="isDone">Reads the state back: true when it shows the write.</param>
    public Task SettleAsync(string description, Func<Task> write, Func<Task<bool>> isDone, Settling? settling = null) =>
        SettleAsync(
            description,
            async () =>
            {
                await write();
                return Done;
            },
            async () => await isDone() ? Done : null,
            settling
        );

    /// <summary>Repeats a call while the cloud refuses it because it has not seen a recent change yet.</summary>
    public async Task<T> RetryUntilPropagatedAsync<T>(
        Func<Task<T>> call,
        Func<Exception, bool> isPropagating,
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
            catch (Exception error)
                when (isPropagating(error) && (tries < LeastTries || Context.Time.GetElapsedTime(start) < limit))
            {
                Context.Host.Verbose(
                    $"{_cloud} has not seen a recent change yet ({Describe(error).Code}); trying again."
                );
                await Context.Time.Delay(pause, Context.CancellationToken);
            }
        }
    }

    /// <summary>Polls until a condition holds: a write counts once it can be read.</summary>
    /// <param name="timedOut">The error when it does not hold in time.</param>
    public async Task PollUntilAsync(
        Func<Task<bool>> condition,
        TimeSpan limit,
        TimeSpan pause,
        Func<CmekException> timedOut
    )
    {
        var start = Context.Time.GetTimestamp();
        for (var tries = 1; !await condition(); tries++)
        {
            if (tries >= LeastTries && Context.Time.GetElapsedTime(start) > limit)
                throw timedOut();
            await Context.Time.Delay(pause, Context.CancellationToken);
        }
    }

    /// <summary>
    /// True when it is unknown whether the call was processed and nobody asked to stop: only reading the state settles
    /// it.
    /// </summary>
    public bool IsResponseLost(Exception error) =>
        error is not CmekException && IsAmbiguous(error) && !Context.CancellationToken.IsCancellationRequested;

    /// <summary>
    /// No response, whatever carried the call. The SDKs' own timeouts are cancellations; a stop by the user is handled
    /// before.
    /// </summary>
    protected static bool IsNoResponse(Exception error) =>
        error is HttpRequestException or IOException or TimeoutException or WebException or TaskCanceledException;

    /// <summary>
    /// True when it is unknown whether the call was processed: no response, or an internal failure of the service.
    /// </summary>
    protected abstract bool IsAmbiguous(Exception error);

    /// <summary>True when the cloud refused the call because of too many requests, and did nothing.</summary>
    protected abstract bool IsThrottled(Exception error);

    /// <summary>
    /// The cloud's error code ("no response" without one) and its request id; neither holds a secret.
    /// </summary>
    protected abstract (string Code, string? RequestId) Describe(Exception error);

    /// <summary>The cloud's request id in a response; null where it has none.</summary>
    protected virtual string? RequestIdOf(object? response) => null;

    /// <summary>
    /// Removes the cause of a refusal that has nothing to do with what was asked, so that the call, which was not
    /// processed, can be sent once more; false when there is nothing to do.
    /// </summary>
    protected virtual Task<bool> TryRecoverAsync(Exception error) => Task.FromResult(false);

    private async Task<T> RunAsync<T>(
        ResiliencePipeline pipeline,
        string service,
        string verb,
        string resource,
        bool isWrite,
        Func<CancellationToken, Task<T>> call
    ) =>
        await pipeline.ExecuteAsync(
            async cancellation => await SendAsync(service, verb, resource, isWrite, call, cancellation),
            Context.CancellationToken
        );

    private async Task<T> SendAsync<T>(
        string service,
        string verb,
        string resource,
        bool isWrite,
        Func<CancellationToken, Task<T>> call,
        CancellationToken cancellation
    )
    {
        for (var isRepeated = false; ; isRepeated = true)
        {
            var watch = Stopwatch.StartNew();
            var received = ResponseId.Await();
            try
            {
                var response = await call(cancellation);
                var id = RequestIdOf(response) ?? received.Id;
                Report("OK", id);
                if (isWrite)
                    Context.Host.Written($"{_cloud} {service} {verb} {resource}", isCertain: true, id);
                return response;
            }
            catch (Exception error) when (!cancellation.IsCancellationRequested)
            {
                var (code, id) = Describe(error);
                Report(code, id);
                if (isWrite && error is not CmekException && IsAmbiguous(error))
                    Context.Host.Written($"{_cloud} {service} {verb} {resource}", isCertain: false, id);
                if (Errors.Within(error) is { } known && !ReferenceEquals(known, error))
                    throw known; // the SDKs wrap the errors of their HTTP handlers
                if (isRepeated || !await TryRecoverAsync(error))
                    throw;
            }

            void Report(string code, string? id) =>
                Context.Host.Verbose(
                    $"{_cloud} {service} {verb} {resource}: {code}, {watch.ElapsedMilliseconds} ms{(string.IsNullOrEmpty(id) ? "" : $", request {id}")}"
                );
        }
    }

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
                        outcome.Outcome.Exception is { } error
                            && !outcome.Context.CancellationToken.IsCancellationRequested
                            && when(error)
                    ),
                }
            )
            .Build();
}
