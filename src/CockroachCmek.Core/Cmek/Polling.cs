namespace CockroachCmek.Core.Cmek;

/// <summary>Polls until something is settled, more often at first.</summary>
internal static class Polling
{
    public static async Task<T> UntilAsync<T>(
        Func<OperationContext, Task<T>> look,
        Func<T, bool> isSettled,
        Action<T, TimeSpan> show,
        Func<T, CmekException> timedOut,
        WaitOptions options,
        OperationContext context
    )
    {
        var start = context.Time.GetTimestamp();
        var log = new PollLog(context.Host);
        var poll = context with { Host = log };
        var pause = TimeSpan.FromSeconds(1);
        while (true)
        {
            var state = await log.PollAsync(() => look(poll), isSettled);
            if (isSettled(state))
                return state;
            var elapsed = context.Time.GetElapsedTime(start);
            show(state, elapsed);
            if (elapsed >= options.Timeout)
                throw timedOut(state);
            pause = pause < options.PollInterval ? pause : options.PollInterval;
            await context.Time.Delay(
                pause < options.Timeout - elapsed ? pause : options.Timeout - elapsed,
                context.CancellationToken
            );
            pause = TimeSpan.FromTicks(pause.Ticks * 2);
        }
    }
}
