using System.Collections.Concurrent;

namespace CockroachCmek.Core.Cmek;

/// <summary>Reports what one change does, and keeps what it wrote for the record.</summary>
internal sealed class ChangeLog(IOperationHost inner) : IOperationHost
{
    private readonly ConcurrentQueue<string?> _writes = new();

    public void Verbose(string message) => inner.Verbose(message);

    public void Warning(string message) => inner.Warning(message);

    public void Written(string what, bool isCertain, string? requestId)
    {
        _writes.Enqueue(requestId);
        inner.Written(what, isCertain, requestId);
    }

    public void Progress(OperationProgress progress) => inner.Progress(progress);

    public Task<bool> ConfirmAsync(string target, string action, CancellationToken cancellationToken) =>
        inner.ConfirmAsync(target, action, cancellationToken);

    public Task<bool> ConfirmPlanAsync(
        string target,
        IReadOnlyList<PlannedStep> steps,
        string consequence,
        CancellationToken cancellationToken
    ) => inner.ConfirmPlanAsync(target, steps, consequence, cancellationToken);

    /// <summary>The change with the requests that were written for it.</summary>
    public CmekAccessChange AddTo(CmekAccessChange change) =>
        change with
        {
            IsWritten = !_writes.IsEmpty,
            RequestIds = [.. change.RequestIds, .. _writes.OfType<string>().Except(change.RequestIds)],
        };
}
