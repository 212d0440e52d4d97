using System.Collections.Concurrent;

namespace CockroachCmek.Session;

/// <summary>Things seen in the session, for completion. Thread-safe.</summary>
internal sealed class SeenThings<T>
{
    private readonly ConcurrentDictionary<string, T> _things = new(StringComparer.OrdinalIgnoreCase);

    public void Add(string name, T thing) => _things.TryAdd(name, thing);

    public IReadOnlyList<T> All =>
        [.. _things.OrderBy(pair => pair.Key, StringComparer.OrdinalIgnoreCase).Select(pair => pair.Value)];
}
