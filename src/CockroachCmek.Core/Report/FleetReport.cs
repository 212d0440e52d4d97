using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Report;

/// <summary>
/// A report while it is made. Clusters are read by several threads at once, and added by one, in the order of the input.
/// </summary>
internal sealed class FleetReport : IDisposable
{
    private readonly ReportSpool _spool = new();
    private readonly ReportTotals _totals = new();
    private readonly ReportReader _reader;
    private readonly object _lock = new();
    private DateTimeOffset? _startedAt;
    private readonly ConcurrentQueue<(string Cluster, CmekException Error)> _missing = new();
    private readonly ConcurrentDictionary<
        (CrdbSession Session, string Cloud),
        Lazy<Task<IReadOnlyList<string>>>
    > _callers = new();
    private int _announced;
    private int _read;

    /// <param name="chosen">The sections; empty for all.</param>
    public FleetReport(IReadOnlyCollection<CmekReportSection> chosen)
    {
        Sections = [.. All.Where(s => chosen.Count == 0 || chosen.Contains(s.Name))];
        _reader = new ReportReader(Sections);
    }

    /// <summary>Every section, in the order of the report.</summary>
    public static IReadOnlyList<IReportSection> All { get; } =
    [new InventorySection(), new HealthSection(), new AccessSection(), new UsageSection(), new HistorySection()];

    /// <summary>The sections of this report.</summary>
    public IReadOnlyList<IReportSection> Sections { get; }

    /// <summary>Number of clusters that were added.</summary>
    public int Count => _spool.Count;

    /// <summary>Counts clusters that are about to be read, for the estimate.</summary>
    public void Announce(int clusters) => Interlocked.Add(ref _announced, clusters);

    /// <summary>Remembers a cluster that could not be found: the report says so.</summary>
    public void AddMissing(string cluster, CmekException error) => _missing.Enqueue((cluster, error));

    /// <summary>Reads a cluster. Thread-safe.</summary>
    public async Task<JsonObject> ReadAsync(ReportSubject subject, CrdbSession session, OperationContext context)
    {
        Begin(context.Time);
        var (cluster, info) = await _reader.ReadAsync(subject, context);
        // Whose credentials these are is asked once for each cloud, with the first keys there are.
        if (info?.InForce() is { Count: > 0 } keys)
            await _callers
                .GetOrAdd((session, subject.Cluster.CloudProvider), _ => new Lazy<Task<IReadOnlyList<string>>>(() =>
                    CallersAsync(subject.Keys, keys, context)
                ))
                .Value;
        context.Host.Progress(
            new OperationProgress { Activity = "Reading clusters for the report", Status = Estimate(context.Time) }
        );
        return cluster;
    }

    /// <summary>Adds a cluster that was read. One thread at a time.</summary>
    public void Add(JsonObject cluster)
    {
        _spool.Add(CanonicalJson.Write(cluster));
        _totals.Add(cluster);
    }

    /// <summary>Ends the reading.</summary>
    public async Task<ReportDocument> CompleteAsync(
        IReadOnlyList<CrdbSession> sessions,
        TimeSpan? maxKeyAge,
        DateTimeOffset now
    )
    {
        foreach (var _ in _missing)
            _totals.AddMissing();
        var callers = new SortedDictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var group in _callers.GroupBy(c => c.Key.Cloud))
        {
            var named = await Task.WhenAll(group.Select(c => c.Value.Value));
            callers[group.Key] = [.. named.SelectMany(n => n).Distinct().OrderBy(n => n, StringComparer.Ordinal)];
        }

        var origin = new ReportOrigin
        {
            StartedAt = _startedAt ?? now,
            FinishedAt = now,
            Sessions = sessions,
            Callers = callers,
            MaxKeyAge = maxKeyAge,
            Missing = [.. _missing],
        };
        return new ReportDocument(_spool, _totals, origin, Sections);
    }

    public void Dispose() => _spool.Dispose();

    private static async Task<IReadOnlyList<string>> CallersAsync(
        ICmekKeyProvider keys,
        IReadOnlyList<CmekRegionSpec> inForce,
        OperationContext context
    )
    {
        try
        {
            return await keys.ReadCallersAsync(inForce, context);
        }
        catch (CmekException error)
        {
            context.Host.Verbose($"Whose credentials these are could not be read. {error.Message}");
            return [];
        }
    }

    /// <summary>When the first cluster was begun.</summary>
    private DateTimeOffset Begin(TimeProvider time)
    {
        lock (_lock)
            return _startedAt ??= time.GetUtcNow();
    }

    private string Estimate(TimeProvider time)
    {
        var (read, all) = (Interlocked.Increment(ref _read), Volatile.Read(ref _announced));
        var left = TimeSpan.FromTicks((time.GetUtcNow() - Begin(time)).Ticks / read * Math.Max(0, all - read));
        var about =
            read == all ? ""
            : left.TotalMinutes >= 2 ? $", about {left.TotalMinutes:0} minutes left"
            : $", about {Math.Max(1, left.TotalSeconds):0} seconds left";
        return $"{read} of {all} clusters{about}";
    }
}
