using System.Management.Automation;

namespace CockroachCmek.Commands;

/// <summary>Base of every cmdlet: runs work beside the pipeline thread, stops it, and turns faults into error records.</summary>
public abstract class CrdbCmdlet : PSCmdlet, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private OperationPump? _pump;
    private ProgressDisplay? _progress;
    private bool _faultsTerminate;

    /// <summary>Ends the work, waits a moment for it, and says what goes on in the cloud.</summary>
    protected sealed override void StopProcessing() => _stop.Cancel();

    /// <summary>Writes the rest of what the work has to say.</summary>
    protected override void EndProcessing()
    {
        if (_pump is null)
            return;
        Guard(_pump.Complete);
        _progress!.Clear();
    }

    /// <summary>Starts the work for one input. It is not waited for until <paramref name="throttleLimit"/> inputs are being worked on.</summary>
    /// <param name="work">Runs on a task of its own; writes through the operation only.</param>
    /// <param name="planOnly">True when the input itself is only planned: then every question is answered with "What if".</param>
    /// <param name="throttleLimit">Inputs worked on at once.</param>
    /// <param name="source">The object that was piped in, for work that wants more of it than its cluster.</param>
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

    /// <summary>Work that everything else depends on, for example making the session: it is waited for, and its faults terminate.</summary>
    private protected void SubmitAndWait(Func<Operation, Task> work)
    {
        _faultsTerminate = true;
        Submit(work);
        Guard(_pump!.Complete);
        _faultsTerminate = false;
    }

    /// <summary>Pipeline thread only: a dry run for an input that does not exist yet, in the words that -WhatIf uses. Always false.</summary>
    internal bool SayWhatIf(string target, string action)
    {
        Host.UI.WriteLine($"What if: Performing the operation \"{action}\" on target \"{target}\".");
        return false;
    }

    /// <summary>Pipeline thread only: one question for a whole plan, with what it leads to. -WhatIf names every action in the words that it always uses.</summary>
    internal bool ShouldProcessPlan(string target, IReadOnlyList<string> actions, string consequence)
    {
        var question = $"{consequence}\n{string.Join("\n", actions.Select(a => $"  * {a}"))}\nGo on with {target}?";
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

    /// <summary>Pipeline thread only: the fault of one input. One bad input among many does not end the pipeline; a fault that all would share does.</summary>
    internal void WriteFault(Exception fault)
    {
        if (fault is OperationCanceledException)
            return;
        var error = ErrorRecords.From(fault);
        if (_faultsTerminate || ErrorRecords.EndsEverything(fault))
            ThrowTerminatingError(error);
        WriteError(error);
    }

    /// <summary>Ends what still runs when the engine is through with the cmdlet, however that came.</summary>
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

    /// <summary>Ctrl+C, Select-Object -First, -ErrorAction Stop: cancels, waits for a bounded time, and says what may have landed.</summary>
    private void Abandon()
    {
        var stoppedByUser = _stop.IsCancellationRequested;
        _stop.Cancel();
        var left = _pump!.Abandon();
        // The engine refuses warnings of a pipeline that is being stopped; the host itself does not.
        if (!stoppedByUser || left.Count == 0)
            return;
        Host?.UI?.WriteWarningLine(
            $"Stopped here; what was asked of the cloud goes on there: {string.Join("; ", left.Distinct())}. Get-CrdbCmek shows how far it has come."
        );
    }
}
