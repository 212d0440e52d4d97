namespace CockroachCmek.Core.Cmek;

/// <summary>
/// Polls until something is settled, more often at first. What is waited for goes on while the service does not respond,
/// so a poll that fails in a way that may pass does not end the wait: only its time does.
/// </summary>
internal static class Polling
{
    public static async Task<T> UntilAsync<T>(
        string cluster,
        Func<OperationContext, Task<T>> look,
        Func<T, bool> isSettled,
        Action<T, TimeSpan> show,
        Func<T, CmekException> timedOut,
        WaitOptions options,
        OperationContext context
    )
        where T : class
    {
        var start = context.Time.GetTimestamp();
        var log = new PollLog(context.Host);
        var poll = context with { Host = log };
        var pause = TimeSpan.FromSeconds(1);
        CmekException? silence = null;
        while (true)
        {
            T? state = null;
            try
            {
                state = await log.PollAsync(() => look(poll), isSettled);
                if (isSettled(state))
                    return state;
                silence = null;
            }
            catch (CmekException error) when (MayPass(error))
            {
                if (silence is null)
                    context.Host.Warning($"{error.Message} The wait goes on, for {options.Timeout} in all at most.");
                silence = error;
            }

            var elapsed = context.Time.GetElapsedTime(start);
            if (state is not null)
                show(state, elapsed);
            if (elapsed >= options.Timeout)
                throw state is null ? Errors.WaitWithoutResponse(cluster, options.Timeout, silence!) : timedOut(state);
            pause = pause < options.PollInterval ? pause : options.PollInterval;
            await context.Time.Delay(
                pause < options.Timeout - elapsed ? pause : options.Timeout - elapsed,
                context.CancellationToken
            );
            pause = TimeSpan.FromTicks(pause.Ticks * 2);
        }
    }

    /// <summary>True where the service could not be asked: it was restarted, or something on the way to it was.</summary>
    private static bool MayPass(CmekException error) =>
        error.Kind is CmekErrorKind.Connection or CmekErrorKind.Unavailable or CmekErrorKind.Timeout;
}
