using System.Management.Automation;
using CockroachCmek.Core;

namespace CockroachCmek.Commands;

/// <summary>Base of every cmdlet: runs work off the pipeline thread, cancels it, and writes its errors.</summary>
public abstract class CrdbCmdlet : PSCmdlet, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private OperationPump? _pump;
    private ProgressDisplay? _progress;
    private bool _errorsTerminate;

    /// <summary>The impact of what <see cref="ShouldProcessPlan"/> asks about; null for the cmdlet's own.</summary>
    internal virtual ConfirmImpact? PlanImpact => null;

    /// <summary>Cancels the work. <see cref="Abandon"/> then names what continues in the cloud.</summary>
    protected sealed override void StopProcessing() => _stop.Cancel();

    /// <summary>Waits for the remaining work and writes its output.</summary>
    protected override void EndProcessing()
    {
        if (_pump is null)
            return;
        Guard(_pump.Complete);
        _progress!.Clear();
    }

    /// <summary>
    /// Starts the work for one input. Blocks only while <paramref name="throttleLimit"/> inputs are in progress.
    /// </summary>
    /// <param name="work">Runs on its own task; writes only through the operation.</param>
    /// <param name="planOnly">True when the input is only planned: every ShouldProcess then acts as -WhatIf.</param>
    /// <param name="throttleLimit">Number of inputs to work on in parallel.</param>
    /// <param name="source">The object from the pipeline, for work that needs more than its cluster.</param>
    private protected void Submit(
        Func<Operation, Task> work,
        bool planOnly = false,
        int throttleLimit = 1,
        object? source = null
    )
    {
        _progress ??= new ProgressDisplay(this);
        _pump ??= new OperationPump(this, _progress, _stop.Token);
        Guard(() => _pump.Submit(work, planOnly, throttleLimit, source));
    }

    /// <summary>Runs work that everything else depends on, for example connecting. Its errors terminate.</summary>
    private protected void SubmitAndWait(Func<Operation, Task> work)
    {
        _errorsTerminate = true;
        Submit(work);
        Guard(_pump!.Complete);
        _errorsTerminate = false;
    }

    /// <summary>Pipeline thread only: acts as -WhatIf for an input that does not exist yet. Always false.</summary>
    internal bool WriteWhatIf(string target, PlannedStep step)
    {
        Host.UI.WriteLine($"What if: {Describe(target, step)}");
        return false;
    }

    /// <summary>
    /// Pipeline thread only: asks once for a whole plan; the default answer is No. -WhatIf shows every step with its
    /// difference.
    /// </summary>
    /// <exception cref="CmekException">ConfirmationNeeded: nobody can be asked.</exception>
    internal bool ShouldProcessPlan(string target, IReadOnlyList<PlannedStep> steps, string consequence)
    {
        if (!Confirmation.IsNeeded(this))
            return steps
                .Select(s =>
                {
                    var description = Describe(target, s);
                    return ShouldProcess(description, description, $"Confirm: {target}");
                })
                .ToList()
                .TrueForAll(allowed => allowed);
        var actions = string.Join("\n", steps.Select(s => $"  * {s.Action}"));
        return Confirmation.Ask(this, $"Confirm: {target}", $"{consequence}\n{actions}\nContinue with {target}?");
    }

    /// <summary>True once the work for an input has failed.</summary>
    private protected bool HasFailed { get; private set; }

    private static string Describe(string target, PlannedStep step) =>
        string.Join(
            Environment.NewLine + "  ",
            [$"Performing the operation \"{step.Action}\" on target \"{target}\".", .. step.Difference]
        );

    /// <summary>
    /// Pipeline thread only: writes the error of one input. It terminates only if every other input would fail alike.
    /// </summary>
    /// <param name="failure">What ended the work.</param>
    /// <param name="cluster">The cluster that the work was about; empty for none.</param>
    internal void WriteFailure(Exception failure, string cluster = "")
    {
        if (failure is OperationCanceledException)
        {
            if (_stop.IsCancellationRequested)
                return;
            failure = Errors.OperationCanceled(failure);
        }

        HasFailed = true;
        var error = ErrorRecords.From(failure, cluster);
        if (_errorsTerminate || ErrorRecords.EndsEverything(failure))
            ThrowTerminatingError(error);
        WriteError(error);
    }

    /// <summary>Cancels work that still runs when the engine has finished with the cmdlet.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        _pump?.Dispose();
        _stop.Dispose();
        Release();
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what a cmdlet holds, also after it was stopped.</summary>
    private protected virtual void Release() { }

    private void Guard(Action pump)
    {
        var finished = false;
        try
        {
            pump();
            finished = true;
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
        finally
        {
            if (!finished)
                Abandon();
        }
    }

    /// <summary>
    /// After Ctrl+C, Select-Object -First or -ErrorAction Stop: cancels, waits briefly, and names the writes that may
    /// have happened.
    /// </summary>
    private void Abandon()
    {
        var stoppedByUser = _stop.IsCancellationRequested;
        _stop.Cancel();
        var left = _pump!.Abandon();
        // The engine drops warnings of a pipeline that is stopping, so this one goes to the host.
        if (!stoppedByUser || left.Count == 0)
            return;
        Host?.UI?.WriteWarningLine(
            "Stopped. Operations that were sent to the cloud continue there: "
                + $"{string.Join("; ", left.Distinct())}. Get-CrdbCmek shows their progress."
        );
    }
}
