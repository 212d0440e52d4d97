using CockroachCmek.Core.Http;

namespace CockroachCmek.Core.Keys.Gcp.Logs;

/// <summary>
/// Paces a session's lists of log entries. Google Cloud allows 60 in a minute and refuses more without saying for how
/// long, so that repeating a refused call within seconds helps nobody.
/// </summary>
internal sealed class GcpLogQuota
{
    /// <summary>Leaves some for others who read the same logs.</summary>
    private const int InAMinute = 55;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly List<DateTimeOffset> _calls = [];

    /// <summary>Makes a call when its turn comes, and once more a minute after a refusal.</summary>
    public async Task<T> RunAsync<T>(OperationContext context, Func<Task<T>> call)
    {
        await WaitAsync(context);
        try
        {
            return await call();
        }
        catch (GcpException error) when (error.Code == 429)
        {
            // Somebody else uses the quota: everybody waits.
            lock (_calls)
                _calls.AddRange(Enumerable.Repeat(context.Time.GetUtcNow(), InAMinute));
        }

        await WaitAsync(context);
        return await call();
    }

    private async Task WaitAsync(OperationContext context)
    {
        var wait = Reserve(context.Time.GetUtcNow());
        if (wait <= TimeSpan.Zero)
            return;
        const string Activity = "Waiting for Cloud Logging";
        var status = $"Cloud Logging allows 60 requests a minute; going on in {Attempts.Seconds(wait)}";
        context.Host.Verbose($"{status}.");
        context.Host.Progress(new OperationProgress { Activity = Activity, Status = status });
        await context.Time.Delay(wait, context.CancellationToken);
        context.Host.Progress(
            new OperationProgress
            {
                Activity = Activity,
                Status = "",
                Completed = true,
            }
        );
    }

    /// <summary>Takes the next turn, and says how far away it is.</summary>
    private TimeSpan Reserve(DateTimeOffset now)
    {
        lock (_calls)
        {
            _calls.RemoveAll(t => t <= now - Minute);
            var turn = _calls.Count < InAMinute ? now : _calls[_calls.Count - InAMinute] + Minute;
            if (turn < now)
                turn = now;
            _calls.Add(turn);
            return turn - now;
        }
    }
}
