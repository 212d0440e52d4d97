using System.Collections.Concurrent;

namespace CockroachCmek.Core.Cmek;

/// <summary>Reports what one change does, and keeps what it wrote for the record.</summary>
internal sealed class ChangeLog(IOperationHost inner) : ForwardingHost(inner)
{
    private readonly ConcurrentQueue<string?> _writes = new();

    /// <inheritdoc/>
    public override void Written(string what, bool isCertain, string? requestId)
    {
        _writes.Enqueue(requestId);
        base.Written(what, isCertain, requestId);
    }

    /// <summary>The change with the requests that were written for it.</summary>
    public CmekAccessChange AddTo(CmekAccessChange change) =>
        change with
        {
            IsWritten = !_writes.IsEmpty,
            RequestIds = [.. change.RequestIds, .. _writes.OfType<string>().Except(change.RequestIds)],
        };
}
