namespace CockroachCmek.Core.Cmek;

/// <summary>
/// Results that are taken in two parts: what is there soon, so that work on it can begin, and what comes late. One key
/// whose KMS does not respond does not hold up the others.
/// </summary>
internal sealed class LateResults<TKey, TResult>(IReadOnlyList<(TKey Key, Task<TResult> Work)> all)
{
    private IReadOnlyList<(TKey Key, Task<TResult> Work)> _late = [];

    /// <summary>What has not come yet.</summary>
    public IReadOnlyList<TKey> Late => [.. _late.Select(l => l.Key)];

    /// <summary>
    /// The results that come soon, in order: all, or those that are there once one is usable and the patience of <see
    /// cref="Http.Patience.Together"/> has run out.
    /// </summary>
    public async Task<IReadOnlyList<TResult>> TakeSoonAsync(Func<TResult, bool> isUsable, OperationContext context)
    {
        var every = Task.WhenAll(all.Select(a => a.Work));
        using (var done = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken))
        {
            await Task.WhenAny(every, context.Time.Delay(context.Patience.On(context.Time).Together, done.Token));
            done.Cancel();
        }

        while (!every.IsCompleted && !await IsAnyUsableAsync(isUsable))
            await Task.WhenAny(all.Select(a => a.Work).Where(w => !w.IsCompleted));
        var ready = all.Where(a => a.Work.IsCompleted).ToList();
        _late = [.. all.Except(ready)];
        return await Task.WhenAll(ready.Select(r => r.Work));
    }

    /// <summary>The rest, which may take as long as the calls do. Empty the second time.</summary>
    public async Task<IReadOnlyList<TResult>> TakeRestAsync()
    {
        var rest = _late;
        _late = [];
        return await Task.WhenAll(rest.Select(r => r.Work));
    }

    private async Task<bool> IsAnyUsableAsync(Func<TResult, bool> isUsable)
    {
        foreach (var (_, work) in all)
            if (work.IsCompleted && isUsable(await work))
                return true;
        return false;
    }
}
