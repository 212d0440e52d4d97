namespace CockroachCmek.Core.Cmek;

/// <summary>
/// Keeps -Verbose readable in a wait of hours: of polls that say the same, the first and the last are written. A poll
/// that failed, waited or called again is always written.
/// </summary>
internal sealed class PollLog(IOperationHost inner) : ForwardingHost(inner)
{
    private readonly List<string> _lines = [];
    private bool _isFirst = true;

    /// <summary>Runs one poll, and writes its lines if they tell something new.</summary>
    public async Task<T> PollAsync<T>(Func<Task<T>> poll, Func<T, bool> isLast)
    {
        var isShown = true;
        try
        {
            var state = await poll();
            isShown = _isFirst || Count > 1 || isLast(state);
            return state;
        }
        finally
        {
            End(isShown);
        }
    }

    /// <inheritdoc/>
    public override void Verbose(string message)
    {
        lock (_lines)
            _lines.Add(message);
    }

    private int Count
    {
        get
        {
            lock (_lines)
                return _lines.Count;
        }
    }

    private void End(bool isShown)
    {
        lock (_lines)
        {
            if (isShown)
                _lines.ForEach(Inner.Verbose);
            _lines.Clear();
        }

        _isFirst = false;
    }
}
