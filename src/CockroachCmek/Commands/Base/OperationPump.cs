namespace CockroachCmek.Commands;

/// <summary>
/// Runs the work of many inputs in parallel and writes its output on the pipeline thread, in the order of the inputs.
/// Because only the pipeline thread writes, Select-Object -First and -ErrorAction Stop reach running work.
/// </summary>
internal sealed class OperationPump(CrdbCmdlet cmdlet, ProgressDisplay progress, CancellationToken stop) : IDisposable
{
    /// <summary>How long a stop waits for running calls to end, so that a stop takes less than a second.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(700);

    private readonly Queue<Operation> _waiting = new();
    private readonly AutoResetEvent _signal = new(false);

    /// <summary>Starts work and returns once fewer than <paramref name="throttleLimit"/> operations run.</summary>
    public void Submit(Func<Operation, Task> work, bool planOnly, int throttleLimit, object? source)
    {
        var operation = new Operation(Signal, planOnly, source, stop);
        operation.Task = Task.Run(() => work(operation), CancellationToken.None);
        _ = operation.Task.ContinueWith(
            _ => Signal(),
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );
        _waiting.Enqueue(operation);
        Drain(() => Running < throttleLimit);
    }

    /// <summary>Writes everything until all work is done.</summary>
    public void Complete() => Drain(() => _waiting.Count == 0);

    /// <summary>Waits briefly for canceled work, and returns the operations that may continue in the cloud.</summary>
    public IReadOnlyList<string> Abandon()
    {
        var rest = _waiting.ToArray();
        var deadline = Environment.TickCount + (int)Grace.TotalMilliseconds;
        while (rest.Any(o => !o.Task.IsCompleted) && deadline - Environment.TickCount is > 0 and var left)
            _signal.WaitOne(left);
        return [.. rest.SelectMany(o => o.Allowed.Concat(o.LastProgress is { } wait ? [wait] : []))];
    }

    public void Dispose() => _signal.Dispose();

    private int Running => _waiting.Count(o => !o.Task.IsCompleted);

    private void Drain(Func<bool> enough)
    {
        while (true)
        {
            foreach (var operation in _waiting)
                operation.WriteProgress(progress);
            if (_waiting.Count > 0 && WriteHead())
                continue;
            if (enough())
                return;
            _signal.WaitOne();
            stop.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Writes the output of the first operation in the queue; true if it wrote or removed anything.</summary>
    private bool WriteHead()
    {
        var head = _waiting.Peek();
        var done = head.Task.IsCompleted; // read before the records, so that none is missed
        if (head.WriteRecords(cmdlet))
            return true;
        if (!done)
            return false;
        _waiting.Dequeue();
        if (head.Task.IsCanceled)
            cmdlet.WriteFailure(new TaskCanceledException(head.Task), head.ClusterName);
        else if (head.Task.Exception?.GetBaseException() is { } error)
            cmdlet.WriteFailure(head.Correct(error), head.ClusterName);
        head.Dispose();
        return true;
    }

    private void Signal()
    {
        try
        {
            _signal.Set();
        }
        catch (ObjectDisposedException)
        {
            // The cmdlet has ended; work that is still running cannot write any more.
        }
    }
}
