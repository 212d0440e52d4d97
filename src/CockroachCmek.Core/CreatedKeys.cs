namespace CockroachCmek.Core;

/// <summary>A key that an operation created, and how to take it back.</summary>
/// <param name="Name">The key, for people.</param>
/// <param name="IsUsed">Whether a key URI that a cluster uses is this key.</param>
/// <param name="TakeBack">Takes it back. What it throws is an error of this module.</param>
/// <param name="How">What that does, as in "its deletion is scheduled".</param>
/// <param name="Command">A command that does the same.</param>
internal sealed record CreatedKey(
    string Name,
    Func<string, bool> IsUsed,
    Func<Task> TakeBack,
    string How,
    CommandLine Command
);

/// <summary>
/// The keys that one operation has created. When another run was faster, nobody needs them: they are taken back, or
/// named.
/// </summary>
internal sealed class CreatedKeys
{
    private readonly object _gate = new();
    private readonly List<CreatedKey> _keys = [];

    /// <summary>Notes a key that this operation has created.</summary>
    public void Add(CreatedKey key)
    {
        lock (_gate)
            _keys.Add(key);
    }

    /// <summary>Takes back what a cluster does not use, the newest first: a replica before its primary.</summary>
    /// <param name="used">The URIs of all keys that the cluster uses or has used.</param>
    /// <returns>What was taken back, or named.</returns>
    public async Task<IReadOnlyList<CreatedKey>> TakeBackUnusedAsync(
        IReadOnlyCollection<string> used,
        IOperationHost host
    )
    {
        List<CreatedKey> unused;
        lock (_gate)
            unused = [.. Enumerable.Reverse(_keys).Where(k => !used.Any(k.IsUsed))];
        foreach (var key in unused)
            await TakeBackAsync(key, "the cluster does not use it", host);
        return unused;
    }

    /// <summary>Takes back one key, and says so. A key that cannot be taken back is named with the command.</summary>
    /// <param name="reason">Why nobody needs it.</param>
    public async Task TakeBackAsync(CreatedKey key, string reason, IOperationHost host)
    {
        lock (_gate)
            _keys.Remove(key);
        try
        {
            await key.TakeBack();
            host.Warning($"{key.Name}, which this run created, is not needed: {reason}. {key.How}.");
        }
        catch (CmekException error)
        {
            host.Warning(
                $"{key.Name}, which this run created, is not needed: {reason}. It could not be taken back: "
                    + $"{error.Message} Next: {key.Command}"
            );
        }
    }
}
