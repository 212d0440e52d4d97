using CockroachCmek.Core.Cloud;

namespace CockroachCmek.Core.Cmek;

/// <summary>
/// Sends a write until it is known what became of it. A busy cluster is waited for; a lost answer is settled by reading, and only a request
/// that is known not to have been processed is sent again.
/// </summary>
internal static class SettledWrite
{
    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(10);

    /// <param name="cluster">What is written to.</param>
    /// <param name="send">The write.</param>
    /// <param name="look">Reads the state that the write changes.</param>
    /// <param name="isDone">Whether that state shows the write.</param>
    public static async Task<T> SendAsync<T>(
        CrdbCluster cluster,
        Func<Task<T>> send,
        Func<Task<T>> look,
        Func<T, bool> isDone,
        WriteOptions options,
        OperationContext context
    )
    {
        var start = context.Time.GetTimestamp();
        var lost = 0;
        while (true)
        {
            try
            {
                return await send();
            }
            catch (CmekException fault) when (fault.Kind == CmekErrorKind.Busy)
            {
                // A 503 may come from a proxy that lost the answer: first look whether it happened.
                var state = await look();
                if (isDone(state))
                    return state;
                if (context.Time.GetElapsedTime(start) >= options.Timeout)
                    throw Errors.ClusterBusy(cluster.Name, options.Timeout, fault);
                context.Log.Progress(
                    new OperationProgress
                    {
                        Activity = $"Waiting for {cluster.Name} to be free",
                        Status = fault.Message,
                    }
                );
            }
            catch (CmekException fault)
                when (fault.Kind is CmekErrorKind.Connection or CmekErrorKind.Unavailable or CmekErrorKind.InvalidData)
            {
                var state = await look();
                if (isDone(state))
                    return state;
                // Read, and not there: the request was not processed. Twice in a row is no accident.
                if (++lost > 2)
                    throw;
                context.Log.Verbose($"{cluster.Name}: the answer was lost and nothing has changed; sending once more.");
            }
            catch (CmekException fault)
                when (options.PrincipalsAreFresh
                    && MayBePropagation(fault)
                    && context.Time.GetElapsedTime(start) < options.Propagation
                )
            {
                context.Log.Progress(
                    new OperationProgress
                    {
                        Activity = $"Waiting for the grant on the key of {cluster.Name} to arrive",
                        Status = fault.Message,
                    }
                );
            }

            await context.Time.Delay(BetweenTries, context.CancellationToken);
        }
    }

    /// <summary>While IAM settles, CockroachDB Cloud answers 400 with the documented sentence, and 401 and 403 too (terraform-provider-cockroach utils.go).</summary>
    private static bool MayBePropagation(CmekException fault) =>
        fault.ErrorId == nameof(Errors.KeyAccessDenied) || fault.StatusCode is 401 or 403;
}
