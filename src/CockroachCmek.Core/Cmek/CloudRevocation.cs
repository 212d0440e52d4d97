using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Http;

namespace CockroachCmek.Core.Cmek;

/// <summary>
/// Asks CockroachDB Cloud to revoke, and waits if that was asked for. The cluster may have moved to other keys since
/// its keys were read: its state is read before each request, also after a wait for another operation, and at the end,
/// and new keys are taken first.
/// </summary>
internal sealed class CloudRevocation(
    CrdbCloudClient client,
    CmekLifecycle lifecycle,
    RevocationChanges changes,
    RevocationOptions options,
    OperationContext context
)
{
    /// <summary>
    /// How often CockroachDB Cloud is asked, while the cluster is moved to other keys again and again.
    /// </summary>
    private const int MostRequests = 3;

    private readonly OperationContext _context = context with
    {
        Patience = Patience.Usual.Within(options.Write.Timeout), // the keys are cut
    };

    private CmekRevocation _revocation = new();
    private bool _hasTakenSinceRequest;

    /// <summary>Asks once the keys are taken.</summary>
    /// <param name="isRequested">CockroachDB Cloud was asked by an earlier run.</param>
    public async Task<(CmekRevocation Revocation, CmekException? Error)> TellAsync(
        CmekRevocation revocation,
        bool isRequested
    )
    {
        // What was changed is in the output, whatever ends this.
        _revocation = revocation;
        try
        {
            var isSettled = await TryAsync(isRequested, isLast: false);
            for (var request = 2; !isSettled; request++)
                isSettled = await TryAsync(isRequested: false, isLast: request == MostRequests);
            RevocationFile.TrySave(_revocation, _context);
            _context.Host.Warning(
                $"{revocation.ClusterName}: CMEK is {_revocation.Status}. {AccessChanges.SupportOnly}"
            );
            return (_revocation, null);
        }
        catch (NewKeysRemain remain)
        {
            return (_revocation, remain.Error);
        }
        catch (CmekException error)
        {
            return (_revocation, error);
        }
    }

    /// <summary>
    /// Asks and waits. A revocation fails when the cluster can use a key: it may have moved to another.
    /// </summary>
    /// <returns>False when it failed for keys that are taken now.</returns>
    private async Task<bool> TryAsync(bool isRequested, bool isLast)
    {
        try
        {
            if (!isRequested)
                await SettleAsync(await SendAsync());
            if (options.Wait is { } wait)
                await SettleAsync(
                    await lifecycle.WaitAsync(
                        _revocation.Cluster,
                        wait with
                        {
                            Expected = CmekStatus.Revoked,
                        },
                        _context
                    )
                );
            return true;
        }
        catch (CmekException) when (!isLast)
        {
            await TakeNewAsync();
            if (_hasTakenSinceRequest)
                return false;
            throw;
        }
    }

    private Task<CmekInfo> SendAsync() =>
        SettledWrite.SendAsync(
            _revocation.Cluster,
            async () =>
            {
                await TakeNewAsync();
                _hasTakenSinceRequest = false;
                return await RequestAsync(_revocation.Cluster);
            },
            () => client.GetCmekAsync(_revocation.Cluster, _context),
            s => s.Status is CmekStatus.Revoking or CmekStatus.Revoked,
            options.Write with
            {
                NeedsKey = false,
            },
            _context
        );

    private async Task SettleAsync(CmekInfo state)
    {
        _revocation = _revocation with { Status = state.Status };
        await TakeNewAsync(state);
    }

    /// <summary>Asks once. A refusal may mean that another administrator was faster.</summary>
    private async Task<CmekInfo> RequestAsync(CrdbCluster cluster)
    {
        try
        {
            return await client.RevokeCmekAsync(cluster, _context);
        }
        catch (CmekException refused) when (refused.StatusCode == 400)
        {
            var state = await client.GetCmekAsync(cluster, _context);
            if (state.Status is CmekStatus.Revoking or CmekStatus.Revoked)
                return state;
            throw;
        }
    }

    /// <summary>
    /// Takes keys that the cluster has moved to. A state that cannot be read does not stop the request.
    /// </summary>
    private async Task TakeNewAsync()
    {
        CmekInfo now;
        try
        {
            now = await client.GetCmekAsync(_revocation.Cluster, _context);
        }
        catch (CmekException error)
        {
            _context.Host.Verbose(
                $"{_revocation.ClusterName}: whether the cluster has moved to other keys could not be read. "
                    + error.Message
            );
            return;
        }

        await TakeNewAsync(now);
    }

    /// <summary>Takes the keys of a state that are not in the revocation.</summary>
    private async Task TakeNewAsync(CmekInfo now)
    {
        if (_revocation.KeysBeside(now.InForce(), now.EveryKey()) is not { } more)
            return;
        CmekException? error;
        try
        {
            (_revocation, error) = await changes.TakeAsync(_revocation, more);
        }
        catch (CmekException unread)
        {
            error = unread;
        }

        if (error is not null)
            throw new NewKeysRemain(error);
        _hasTakenSinceRequest = true;
    }

    /// <summary>Ends the requests, which are repeated after other errors.</summary>
    private sealed class NewKeysRemain(CmekException error) : Exception(error.Message, error)
    {
        public CmekException Error { get; } = error;
    }
}
