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
    ) => (await SendAsync(cluster, send, read, isDone, refuseChange: null, options, context)).State;

    /// <summary>
    /// The same for a write that was planned on a state: the state is read again right before each request, also after
    /// a wait, and nothing is sent if it has changed.
    /// </summary>
    /// <param name="refuseChange">
    /// Throws when a state is neither the one that was planned on nor good enough, also when another run has made the
    /// same change.
    /// </param>
    /// <returns>
    /// The state, and whether it is the response to this run's request. False when no request was accepted and the
    /// state
    /// shows the write: another run made it, or a proxy lost the response.
    /// </returns>
    public static async Task<(T State, bool IsOwn)> SendAsync<T>(
        CrdbCluster cluster,
        Func<Task<T>> send,
        Func<Task<T>> read,
        Func<T, bool> isDone,
        Func<T, Task>? refuseChange,
        WriteOptions options,
        OperationContext context
    )
    {
        var start = context.Time.GetTimestamp();
        var lost = 0;
        long? refusedSince = null;
        for (var isSent = false; ; isSent = true)
        {
            if (refuseChange is not null)
            {
                var now = await read();
                if (isSent && isDone(now))
                    return await SettleAsync(now);
                await refuseChange(now);
                if (isDone(now))
                    return (now, IsOwn: false);
            }

            var pause = BetweenTries;
            try
            {
                return (await send(), IsOwn: true);
            }
            catch (CmekException fault) when (fault.Kind == CmekErrorKind.Busy)
            {
                // A 503 may come from a proxy that lost the response, so the state is read first.
                var state = await read();
                if (isDone(state))
                    return await SettleAsync(state);
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
                    return (state, IsOwn: true);
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
                if (!KeyRefusal.IsCertain(fault) && await read() is var state)
                {
                    if (isDone(state))
                        return await SettleAsync(state);
                    // Another run may have been faster by milliseconds.
                    if (refuseChange is not null)
                        await refuseChange(state);
                }

                // Not since the start: the cluster may have been busy for an hour before.
                var waited = context.Time.GetElapsedTime(refusedSince ??= context.Time.GetTimestamp());
                if (!options.PrincipalsAreFresh || waited >= options.Propagation)
                    throw KeyRefusal.Final(cluster.Name, fault, options.PrincipalsAreFresh ? waited : TimeSpan.Zero);
                context.Host.Progress(KeyRefusal.Progress(cluster.Name, fault, waited, options.Propagation));
            }
            catch (CmekException fault) when (refuseChange is not null && fault.StatusCode == 400)
            {
                // CockroachDB Cloud may refuse a request because another run was faster by milliseconds.
                await refuseChange(await read());
                throw;
            }

            await context.Time.Delay(pause, context.CancellationToken);
        }

        // The state shows the write. Where no response of this run was lost, another run has made it.
        async Task<(T State, bool IsOwn)> SettleAsync(T state)
        {
            if (lost == 0 && refuseChange is not null)
                await refuseChange(state);
            return (state, IsOwn: lost > 0);
        }
    }
}
