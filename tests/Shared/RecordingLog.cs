using System.Collections.Concurrent;
using CockroachCmek.Core;

namespace CockroachCmek.Testing;

/// <summary>An operation log that keeps everything and confirms every change, or none: <see cref="Answer"/>.</summary>
internal sealed class RecordingLog : IOperationHost
{
    public ConcurrentQueue<string> VerboseLines { get; } = new();
    public ConcurrentQueue<string> Warnings { get; } = new();
    public ConcurrentQueue<OperationProgress> ProgressRecords { get; } = new();
    public ConcurrentQueue<(string Target, string Action)> Questions { get; } = new();
    public ConcurrentQueue<string> Writes { get; } = new();

    /// <summary>The steps of the plans that were asked for.</summary>
    public ConcurrentQueue<PlannedStep> Steps { get; } = new();
    public bool Answer { get; init; } = true;

    /// <summary>Called after each write, before it is read back.</summary>
    public Action? OnWritten { get; init; }

    public void Verbose(string message) => VerboseLines.Enqueue(message);

    public void Warning(string message) => Warnings.Enqueue(message);

    public void Written(string what, bool isCertain, string? requestId)
    {
        Writes.Enqueue(isCertain ? what : $"perhaps {what}");
        OnWritten?.Invoke();
    }

    public void Progress(OperationProgress progress) => ProgressRecords.Enqueue(progress);

    public Task<bool> ConfirmAsync(string target, string action, CancellationToken cancellationToken)
    {
        Questions.Enqueue((target, action));
        return Task.FromResult(Answer);
    }

    public Task<bool> ConfirmPlanAsync(
        string target,
        IReadOnlyList<PlannedStep> steps,
        string consequence,
        CancellationToken cancellationToken
    )
    {
        foreach (var step in steps)
        {
            Questions.Enqueue((target, step.Action));
            Steps.Enqueue(step);
        }

        return Task.FromResult(Answer);
    }
}
