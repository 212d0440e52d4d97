using CockroachCmek.Core.Cloud;

namespace CockroachCmek.Core.Cmek;

/// <summary>
/// Sends a write to CockroachDB Cloud until its outcome is known. A busy cluster is waited for. After a lost response
/// the state is read back, and only a request that was not processed is sent again.
/// </summary>
internal static class SettledWrite
{
    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(10);

    /// <param name="cluster">The cluster.</param>
    /// <param name="send">The write.</param>
    /// <param name="read">Reads the state that the write changes.</param>
    /// <param name="isDone">Whether that state shows the write.</param>
    public static async Task<T> SendAsync<T>(
        CrdbCluster cluster,
        Func<Task<T>> send,
        Func<Task<T>> read,
        Func<T, bool> isDone,
        WriteOptions options,
        OperationContext context
    )
    {
        var start = context.Time.GetTimestamp();
        var lost = 0;
        while (true)
        {
            var pause = BetweenTries;
            try
            {
                return await send();
            }
            catch (CmekException fault) when (fault.Kind == CmekErrorKind.Busy)
            {
                // A 503 may come from a proxy that lost the response, so the state is read first.
                var state = await read();
                if (isDone(state))
                    return state;
                var elapsed = context.Time.GetElapsedTime(start);
                if (elapsed >= options.Timeout)
                    throw Errors.ClusterBusy(cluster.Name, options.Timeout, fault);
                pause = pause < options.Timeout - elapsed ? pause : options.Timeout - elapsed;
                context.Host.Progress(
                    new OperationProgress
                    {
                        Activity = $"Waiting for another operation on {cluster.Name}",
                        Status =
                            $"{fault.Message} For {elapsed:hh\\:mm\\:ss} of {options.Timeout:hh\\:mm\\:ss} (-Timeout)",
                    }
                );
            }
            catch (CmekException fault)
                when (fault.Kind is CmekErrorKind.Connection or CmekErrorKind.Unavailable or CmekErrorKind.InvalidData)
            {
                var state = await read();
                if (isDone(state))
                    return state;
                // The request was not processed. It is sent again twice at most.
                if (++lost > 2)
                    throw;
                context.Host.Verbose(
                    $"{cluster.Name}: the response was lost and nothing has changed; sending the " + "request again."
                );
            }
            catch (CmekException fault) when (options.NeedsKey && KeyRefusal.MayBe(fault))
            {
                // A revoked API key is refused with 401 too, but cannot read either: then this ends with that error.
                if (!KeyRefusal.IsCertain(fault) && await read() is var state && isDone(state))
                    return state;
                var waited = context.Time.GetElapsedTime(start);
                if (!options.PrincipalsAreFresh || waited >= options.Propagation)
                    throw KeyRefusal.Final(cluster.Name, fault, options.PrincipalsAreFresh ? waited : TimeSpan.Zero);
                context.Host.Progress(KeyRefusal.Progress(cluster.Name, fault, waited, options.Propagation));
            }

            await context.Time.Delay(pause, context.CancellationToken);
        }
    }
}
