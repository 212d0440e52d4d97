using System.Collections.Concurrent;
using System.Management.Automation;
using CockroachCmek.Core;
using CockroachCmek.Core.Http;

namespace CockroachCmek.Commands;

/// <summary>
/// The work for one pipeline input. It runs on tasks; its output is queued until the pipeline thread writes it.
/// </summary>
internal sealed class Operation(Action signal, bool planOnly, object? source, CancellationToken stop)
    : IOperationHost,
        IDisposable
{
    private readonly ConcurrentQueue<Action<CrdbCmdlet>> _records = new();
    private readonly ConcurrentQueue<OperationProgress> _progress = new();
    private readonly WriteReport _writes = new();
    private readonly CancellationTokenSource _cancellation = CancellationTokenSource.CreateLinkedTokenSource(stop);

    /// <summary>The task; set once by the pump.</summary>
    public Task Task { get; set; } = System.Threading.Tasks.Task.CompletedTask;

    /// <summary>True when the input is only planned: nothing is written to a cloud for it.</summary>
    public bool PlanOnly => planOnly;

    /// <summary>The object from the pipeline; null if there was none.</summary>
    public object? Source => source;

    /// <summary>The cluster that the work is about, in the user's words until it is found; empty for none.</summary>
    public string ClusterName { get; set; } = "";

    /// <summary>True when a pattern found the cluster, so that nobody named it.</summary>
    public bool IsMatch { get; set; }

    /// <summary>The writes that the user allowed, in order. After a stop, these may have happened.</summary>
    public ConcurrentQueue<string> Allowed { get; } = new();

    /// <summary>The current wait, which is named after a stop.</summary>
    public string? LastProgress { get; private set; }

    /// <summary>Canceled when the user stops the pipeline or the session ends.</summary>
    public CancellationToken CancellationToken => _cancellation.Token;

    /// <summary>How long the work waits for services that do not respond; set before it starts.</summary>
    public Patience Patience { get; set; } = Patience.Usual;

    public OperationContext Context(TimeProvider time) => new(this, time, CancellationToken) { Patience = Patience };

    /// <summary>Cancels this operation alone, for example because its session was disconnected.</summary>
    public void Cancel() => _cancellation.Cancel();

    /// <summary>Called with each object before it is written; set before the work starts.</summary>
    public Action<object>? Shown { get; set; }

    public void Output(object item)
    {
        Shown?.Invoke(item);
        Post(cmdlet => cmdlet.WriteObject(item));
    }

    /// <summary>Writes the checks or, if quiet, adds them to the verdict.</summary>
    public void OutputChecks(IReadOnlyList<CmekCheck> checks, Verdict? verdict)
    {
        if (verdict is not null)
            verdict.Add(checks);
        else
            foreach (var check in checks)
                Output(check);
    }

    /// <summary>Starts more work on the pipeline thread, after the output so far.</summary>
    public void Continue(Action start) => Post(_ => start());

    public void Error(ErrorRecord error) => Post(cmdlet => cmdlet.WriteError(error));

    public void Verbose(string message) => Post(cmdlet => cmdlet.WriteVerbose(VisibleText.Line(message)));

    public void Warning(string message)
    {
        var named = ClusterLabel.On(ClusterName, message);
        Post(cmdlet => cmdlet.WriteWarning(VisibleText.Line(named)));
    }

    public void Written(string what, bool isCertain, string? requestId) => _writes.Add(what, isCertain);

    /// <summary>The error, with what this operation has written.</summary>
    public Exception Correct(Exception error) => error is CmekException known ? _writes.Correct(known) : error;

    public void Progress(OperationProgress given)
    {
        var progress = given with
        {
            Activity = VisibleText.Line(given.Activity),
            Status = VisibleText.Line(given.Status),
            Region = given.Region is { } region ? VisibleText.Line(region) : null,
        };
        LastProgress =
            progress.Completed ? null
            : progress.Region is null ? $"{progress.Activity}: {progress.Status}"
            : LastProgress;
        _progress.Enqueue(progress);
        signal();
    }

    public Task<bool> ConfirmAsync(string target, string action, CancellationToken cancellation) =>
        ConfirmAsync(target, [new PlannedStep(action, [])], (cmdlet, shown, steps) =>
            planOnly ? cmdlet.WriteWhatIf(shown, steps[0]) : cmdlet.ShouldProcess(shown, steps[0].Action)
        );

    public Task<bool> ConfirmPlanAsync(
        string target,
        IReadOnlyList<PlannedStep> steps,
        string consequence,
        CancellationToken cancellation
    ) =>
        ConfirmAsync(target, steps, (cmdlet, shown, visible) =>
            planOnly
                ? !visible.All(s => !cmdlet.WriteWhatIf(shown, s))
                : cmdlet.ShouldProcessPlan(shown, visible, VisibleText.Line(consequence))
        );

    /// <summary>Pipeline thread only: writes the queued records; false if there were none.</summary>
    public bool WriteRecords(CrdbCmdlet cmdlet)
    {
        var any = false;
        while (_records.TryDequeue(out var write))
        {
            any = true;
            write(cmdlet);
        }

        return any;
    }

    /// <summary>Pipeline thread only: shows progress at once, whatever the order of the inputs.</summary>
    public void WriteProgress(ProgressDisplay display)
    {
        while (_progress.TryDequeue(out var progress))
            display.Show(progress);
    }

    public void Dispose() => _cancellation.Dispose();

    /// <summary>Asks on the pipeline thread, with target and steps as they can be shown.</summary>
    private async Task<bool> ConfirmAsync(
        string target,
        IReadOnlyList<PlannedStep> steps,
        Func<CrdbCmdlet, string, IReadOnlyList<PlannedStep>, bool> ask
    )
    {
        var shown = VisibleText.Line(target);
        IReadOnlyList<PlannedStep> visible =
        [
            .. steps.Select(s => new PlannedStep(
                VisibleText.Line(s.Action),
                [.. s.Difference.Select(VisibleText.Line)]
            )),
        ];
        var answer = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = CancellationToken.Register(() => answer.TrySetCanceled());
        Post(cmdlet =>
        {
            try
            {
                answer.TrySetResult(ask(cmdlet, shown, visible));
            }
            catch (CmekException error)
            {
                answer.TrySetException(error);
            }
        });
        var allowed = await answer.Task;
        if (allowed)
            foreach (var step in visible)
                Allowed.Enqueue($"{step.Action} on {shown}");
        return allowed;
    }

    private void Post(Action<CrdbCmdlet> write)
    {
        _records.Enqueue(write);
        signal();
    }
}
