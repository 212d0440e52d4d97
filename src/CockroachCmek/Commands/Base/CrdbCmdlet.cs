using System.Management.Automation;
using CockroachCmek.Core;

namespace CockroachCmek.Commands;

/// <summary>Base of every cmdlet: runs work beside the pipeline thread, stops it, and turns errors into error records.</summary>
public abstract class CrdbCmdlet : PSCmdlet, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private OperationPump? _pump;
    private ProgressDisplay? _progress;
    private bool _faultsTerminate;

    /// <summary>Cancels the work, waits briefly for it to end, and says what continues in the cloud.</summary>
    protected sealed override void StopProcessing() => _stop.Cancel();

    /// <summary>Writes the output that is left.</summary>
    protected override void EndProcessing()
    {
        if (_pump is null)
            return;
        Guard(_pump.Complete);
        _progress!.Clear();
    }

    /// <summary>Starts the work for one input. Blocks only while <paramref name="throttleLimit"/> inputs are in progress.</summary>
    /// <param name="work">Runs on a task of its own; writes through the operation only.</param>
    /// <param name="planOnly">True when the input is only planned: every question is then answered with "What if".</param>
    /// <param name="throttleLimit">How many inputs are worked on at once.</param>
    /// <param name="source">The object that was piped in, for work that needs more than its cluster.</param>
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

    /// <summary>Runs work that everything else depends on, for example connecting. Its errors are terminating.</summary>
    private protected void SubmitAndWait(Func<Operation, Task> work)
    {
        _faultsTerminate = true;
        Submit(work);
        Guard(_pump!.Complete);
        _faultsTerminate = false;
    }

    /// <summary>Pipeline thread only: -WhatIf for an input that does not exist yet. Always false.</summary>
    internal bool WriteWhatIf(string target, string action)
    {
        Host.UI.WriteLine($"What if: Performing the operation \"{action}\" on target \"{target}\".");
        return false;
    }

    /// <summary>Pipeline thread only: one question for a whole plan and its consequence. -WhatIf names every action.</summary>
    internal bool ShouldProcessPlan(string target, IReadOnlyList<string> actions, string consequence)
    {
        var question = $"{consequence}\n{string.Join("\n", actions.Select(a => $"  * {a}"))}\nContinue with {target}?";
        var allowed = ShouldProcess(
            $"Performing the operation \"{actions[0]}\" on target \"{target}\".",
            question,
            $"Confirm: {target}",
            out var reason
        );
        if (reason != ShouldProcessReason.WhatIf)
            return allowed;
        foreach (var action in actions.Skip(1))
            ShouldProcess(target, action);
        return false;
    }

    /// <summary>Pipeline thread only: the error of one input. It ends the pipeline only if every other input would share it.</summary>
    internal void WriteFault(Exception fault)
    {
        if (fault is OperationCanceledException)
        {
            if (_stop.IsCancellationRequested)
                return;
            fault = Errors.OperationCanceled(fault);
        }

        var error = ErrorRecords.From(fault);
        if (_faultsTerminate || ErrorRecords.EndsEverything(fault))
            ThrowTerminatingError(error);
        WriteError(error);
    }

    /// <summary>Cancels what still runs when the engine is done with the cmdlet.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        _pump?.Dispose();
        _stop.Dispose();
        GC.SuppressFinalize(this);
    }

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

    /// <summary>Ctrl+C, Select-Object -First, -ErrorAction Stop: cancels, waits briefly, and names the writes that may have happened.</summary>
    private void Abandon()
    {
        var stoppedByUser = _stop.IsCancellationRequested;
        _stop.Cancel();
        var left = _pump!.Abandon();
        // The engine refuses warnings of a pipeline that is being stopped; the host itself does not.
        if (!stoppedByUser || left.Count == 0)
            return;
        Host?.UI?.WriteWarningLine(
            "Stopped. What was sent to the cloud goes on there: "
                + $"{string.Join("; ", left.Distinct())}. Get-CrdbCmek shows how far it got."
        );
    }
}
