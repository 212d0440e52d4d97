namespace CockroachCmek.Core;

/// <summary>Declines every write. Warnings come again with the real run.</summary>
internal sealed class PlanningHost : ForwardingHost
{
    private PlanningHost(IOperationHost host)
        : base(host) { }

    /// <summary>A context that declines every write.</summary>
    public static OperationContext Decline(OperationContext context) =>
        context with
        {
            Host = new PlanningHost(context.Host),
        };

    /// <inheritdoc/>
    public override void Warning(string message) { }

    /// <inheritdoc/>
    public override Task<bool> ConfirmAsync(string target, string action, CancellationToken cancellationToken) =>
        Task.FromResult(false);

    /// <inheritdoc/>
    public override Task<bool> ConfirmPlanAsync(
        string target,
        IReadOnlyList<PlannedStep> steps,
        string consequence,
        CancellationToken cancellationToken
    ) => Task.FromResult(false);
}
