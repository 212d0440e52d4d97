namespace CockroachCmek.Core.Keys.Vault;

/// <summary>A key that Vault has put into the cloud: for which region, under which name, and whether this run put it there.</summary>
internal sealed record DistributedKey(string Region, string Uri, bool IsFresh);

/// <summary>
/// What HashiCorp's engine leaves to do in the cloud, done by the cloud's own provider: it takes the distributed key as one that exists, checks it, and grants its use.
/// </summary>
internal sealed class VaultGrants(ICmekKeyProvider cloud, VaultCalls calls)
{
    /// <summary>A key that was just put into the cloud may not be seen everywhere at once.</summary>
    private static readonly TimeSpan Propagation = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);

    /// <summary>A look before the work itself: asks nothing, and its warnings come again.</summary>
    private readonly AnsweredLog _silent = new(calls.Context.Log, (_, _) => false) { IsSilent = true };

    /// <summary>The keys, granted. For those that this run has made the grant was part of the question; for others the cloud's provider asks.</summary>
    public async Task<IReadOnlyList<CmekKey>> GrantAsync(KeyRequest request, IReadOnlyList<DistributedKey> keys)
    {
        if (keys.Count == 0)
            return [];
        keys = await NamedAsync(request, keys);
        return await AdoptAsync(
            request,
            keys,
            new AnsweredLog(calls.Context.Log, (target, action) =>
                keys.Any(k => k.IsFresh && (target + action).Contains(k.Uri)) ? true : null
            )
        );
    }

    /// <summary>What is wrong with keys that are there, before anything is written. Nothing is asked.</summary>
    public async Task<IReadOnlyList<CmekException>> FindProblemsAsync(KeyRequest request, IReadOnlyList<DistributedKey> keys)
    {
        var groups =
            cloud.Cloud.VaultTarget!.HasKeyForEachRegion ? keys.Select(k => new[] { k })
            : keys.Count > 0 ? [keys.ToArray()]
            : [];
        var faults = await Task.WhenAll(
            groups.Select(async group =>
            {
                try
                {
                    await AdoptAsync(request, group, _silent);
                    return null;
                }
                catch (CmekException fault)
                    when (fault.Kind is not (CmekErrorKind.Authentication or CmekErrorKind.Connection))
                {
                    return fault;
                }
            })
        );
        return [.. faults.OfType<CmekException>()];
    }

    /// <summary>On AWS, Vault knows the key's id but not its account; the cloud's provider makes the ARN of it. Where there is one key only, the id will do.</summary>
    private async Task<IReadOnlyList<DistributedKey>> NamedAsync(KeyRequest request, IReadOnlyList<DistributedKey> keys)
    {
        if (!cloud.Cloud.VaultTarget!.HasKeyForEachRegion || keys.Count == 1)
            return keys;
        var named = await Task.WhenAll(keys.Select(key => AdoptAsync(request, [key], _silent)));
        return [.. keys.Zip(named, (key, found) => key with { Uri = found[0].KeyUri })];
    }

    private Task<IReadOnlyList<CmekKey>> AdoptAsync(
        KeyRequest request,
        IReadOnlyList<DistributedKey> keys,
        IOperationLog log
    ) =>
        calls.RetryUntilPropagatedAsync(
            () =>
                cloud.EnsureKeysAsync(
                    request with
                    {
                        Regions = [.. keys.Select(k => k.Region)],
                        KeyUris = [.. keys.Select(k => k.Uri).Distinct()],
                        Grant = true,
                        Name = null,
                        Like = null,
                    },
                    calls.Context with
                    {
                        Log = log,
                    }
                ),
            fault => keys.Any(k => k.IsFresh) && fault is CmekException { Kind: CmekErrorKind.NotFound },
            Propagation,
            Pause
        );

    /// <summary>Answers questions that were asked before; passes on the rest.</summary>
    private sealed class AnsweredLog(IOperationLog inner, Func<string, string, bool?> answer) : IOperationLog
    {
        /// <summary>Warnings are left out.</summary>
        public bool IsSilent { get; init; }

        public void Verbose(string message) => inner.Verbose(message);

        public void Warning(string message)
        {
            if (!IsSilent)
                inner.Warning(message);
        }

        public void Progress(OperationProgress progress) => inner.Progress(progress);

        public Task<bool> ShouldProcessAsync(string target, string action, CancellationToken cancellationToken) =>
            answer(target, action) is { } known
                ? Task.FromResult(known)
                : inner.ShouldProcessAsync(target, action, cancellationToken);

        public Task<bool> ShouldProcessPlanAsync(
            string target,
            IReadOnlyList<string> actions,
            string consequence,
            CancellationToken cancellationToken
        ) =>
            answer(target, string.Join(" ", actions)) is { } known
                ? Task.FromResult(known)
                : inner.ShouldProcessPlanAsync(target, actions, consequence, cancellationToken);
    }
}
