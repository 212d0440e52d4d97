namespace CockroachCmek.Core.Report;

/// <summary>
/// The host of the sections of one cluster. They run side by side and share one context, and with it what was read
/// already; a warning is a gap of the section that gave it.
/// </summary>
internal sealed class ReportHost(IOperationHost host) : IOperationHost
{
    private readonly AsyncLocal<List<ReportGap>?> _gaps = new();

    /// <summary>Collects the warnings of what is called from here on, and of nothing else.</summary>
    public IReadOnlyList<ReportGap> Collect()
    {
        var gaps = new List<ReportGap>();
        _gaps.Value = gaps;
        return gaps;
    }

    public void Warning(string message)
    {
        if (_gaps.Value is not { } gaps)
        {
            host.Warning(message);
            return;
        }

        lock (gaps)
            gaps.Add(new ReportGap("Part of it", "", message, ""));
    }

    public void Verbose(string message) => host.Verbose(message);

    public void Written(string what, bool isCertain, string? requestId) => host.Written(what, isCertain, requestId);

    public void Progress(OperationProgress progress) => host.Progress(progress);

    /// <summary>A report reads only.</summary>
    public Task<bool> ConfirmAsync(string target, string action, CancellationToken cancellationToken) =>
        Task.FromResult(false);

    /// <summary>A report reads only.</summary>
    public Task<bool> ConfirmPlanAsync(
        string target,
        IReadOnlyList<PlannedStep> steps,
        string consequence,
        CancellationToken cancellationToken
    ) => Task.FromResult(false);
}
