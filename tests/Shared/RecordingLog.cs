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
    public bool Answer { get; init; } = true;

    /// <summary>What somebody else does right before a question is answered.</summary>
    public Func<string, Task>? Meanwhile { get; set; }

    public void Verbose(string message) => VerboseLines.Enqueue(message);

    public void Warning(string message) => Warnings.Enqueue(message);

    public void Written(string what, bool isCertain) => Writes.Enqueue(isCertain ? what : $"perhaps {what}");

    public void Progress(OperationProgress progress) => ProgressRecords.Enqueue(progress);

    public async Task<bool> ConfirmAsync(string target, string action, CancellationToken cancellationToken)
    {
        Questions.Enqueue((target, action));
        if (Meanwhile is { } act)
            await act(action);
        return Answer;
    }

    public Task<bool> ConfirmPlanAsync(
        string target,
        IReadOnlyList<string> actions,
        string consequence,
        CancellationToken cancellationToken
    )
    {
        foreach (var action in actions)
            Questions.Enqueue((target, action));
        return Task.FromResult(Answer);
    }
}
