using System.Collections.Concurrent;

namespace CockroachCmek.Session;

/// <summary>Names seen in the session, for completion. Thread-safe.</summary>
internal sealed class KnownNames
{
    private readonly ConcurrentDictionary<string, byte> _names = new(StringComparer.OrdinalIgnoreCase);

    public void Add(string name) => _names.TryAdd(name, 0);

    public IReadOnlyList<string> All => [.. _names.Keys.OrderBy(name => name, StringComparer.OrdinalIgnoreCase)];
}
