using System.Runtime.CompilerServices;

namespace CockroachCmek.Core.Keys;

/// <summary>
/// Reads that the checks of one run share, for example of the service account that serves all regions. A run is one
/// <see cref="OperationContext"/>. For checks only: a write must read the state again.
/// </summary>
internal sealed class SharedReads
{
    private readonly ConditionalWeakTable<OperationContext, Dictionary<string, object>> _runs = new();

    /// <summary>The result of a read, which the first caller of a run makes for all. A failure is shared too.</summary>
    /// <param name="context">The run.</param>
    /// <param name="what">Identifies what is read.</param>
    /// <param name="read">Reads it.</param>
    public Task<T> GetAsync<T>(OperationContext context, string what, Func<Task<T>> read)
    {
        var run = _runs.GetValue(context, _ => []);
        Lazy<Task<T>> shared;
        lock (run)
        {
            if (run.TryGetValue(what, out var known))
                shared = (Lazy<Task<T>>)known;
            else
                run[what] = shared = new Lazy<Task<T>>(read);
        }

        return shared.Value;
    }
}
