namespace CockroachCmek.Core;

/// <summary>Passes everything on. A derived host changes what it is there for.</summary>
internal abstract class ForwardingHost(IOperationHost inner) : IOperationHost
{
    /// <summary>Where everything goes.</summary>
    protected IOperationHost Inner { get; } = inner;

    /// <inheritdoc/>
    public virtual void Verbose(string message) => Inner.Verbose(message);

    /// <inheritdoc/>
    public virtual void Warning(string message) => Inner.Warning(message);

    /// <inheritdoc/>
    public virtual void Written(string what, bool isCertain, string? requestId) =>
        Inner.Written(what, isCertain, requestId);

    /// <inheritdoc/>
    public virtual void Progress(OperationProgress progress) => Inner.Progress(progress);

    /// <inheritdoc/>
    public virtual Task<bool> ConfirmAsync(string target, string action, CancellationToken cancellationToken) =>
        Inner.ConfirmAsync(target, action, cancellationToken);

    /// <inheritdoc/>
    public virtual Task<bool> ConfirmPlanAsync(
        string target,
        IReadOnlyList<PlannedStep> steps,
        string consequence,
        CancellationToken cancellationToken
    ) => Inner.ConfirmPlanAsync(target, steps, consequence, cancellationToken);
}
