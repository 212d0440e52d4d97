namespace CockroachCmek.Core;

/// <summary>Declines every write. Warnings come again with the real run.</summary>
internal sealed class PlanningHost : IOperationHost
{
    private readonly IOperationHost _host;

    private PlanningHost(IOperationHost host) => _host = host;

    /// <summary>A context that declines every write.</summary>
    public static OperationContext Decline(OperationContext context) =>
        context with
        {
            Host = new PlanningHost(context.Host),
        };

    public void Verbose(string message) => _host.Verbose(message);

    public void Warning(string message) { }

    public void Written(string what, bool isCertain, string? requestId) => _host.Written(what, isCertain, requestId);

    public void Progress(OperationProgress progress) => _host.Progress(progress);

    public Task<bool> ConfirmAsync(string target, string action, CancellationToken cancellationToken) =>
        Task.FromResult(false);

    public Task<bool> ConfirmPlanAsync(
        string target,
        IReadOnlyList<PlannedStep> steps,
        string consequence,
        CancellationToken cancellationToken
    ) => Task.FromResult(false);
}
