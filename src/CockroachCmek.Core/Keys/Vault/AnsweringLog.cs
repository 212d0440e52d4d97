namespace CockroachCmek.Core.Keys.Vault;

/// <summary>An operation log that answers some questions itself, and passes on everything else.</summary>
/// <param name="answer">The answer to a question, from its target and action; null to ask the user.</param>
/// <param name="warn">Receives the warnings.</param>
internal sealed class AnsweringLog(IOperationHost inner, Func<string, string, bool?> answer, Action<string> warn)
    : IOperationHost
{
    public void Verbose(string message) => inner.Verbose(message);

    public void Warning(string message) => warn(message);

    public void Written(string what, bool isCertain, string? requestId) => inner.Written(what, isCertain, requestId);

    public void Progress(OperationProgress progress) => inner.Progress(progress);

    public Task<bool> ConfirmAsync(string target, string action, CancellationToken cancellationToken) =>
        answer(target, action) is { } known
            ? Task.FromResult(known)
            : inner.ConfirmAsync(target, action, cancellationToken);

    public Task<bool> ConfirmPlanAsync(
        string target,
        IReadOnlyList<PlannedStep> steps,
        string consequence,
        CancellationToken cancellationToken
    ) =>
        answer(target, string.Join(" ", steps.Select(s => s.Action))) is { } known
            ? Task.FromResult(known)
            : inner.ConfirmPlanAsync(target, steps, consequence, cancellationToken);
}
