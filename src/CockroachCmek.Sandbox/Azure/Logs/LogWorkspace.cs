namespace CockroachCmek.Sandbox.Azure.Logs;

/// <summary>A Log Analytics workspace and what has arrived in it, as far as it is kept.</summary>
internal sealed class LogWorkspace(string id, string location, int retentionDays, DateTimeOffset created)
{
    /// <summary>More entries than a rehearsal writes. The oldest ones go first.</summary>
    private const int Most = 20_000;

    private readonly Queue<KeyVaultEntry> _entries = new();

    public string Id { get; } = id;

    public string Name => Id.Split('/').Last();

    /// <summary>The id that queries address it by.</summary>
    public string CustomerId { get; } = Guid.NewGuid().ToString("D");

    public string Location { get; } = location;

    public int RetentionDays { get; set; } = retentionDays;

    /// <summary>How many gigabytes it accepts in a day; null for any number.</summary>
    public double? DailyQuota { get; set; }

    public DateTimeOffset Created { get; } = created;

    /// <summary>The time of the first entry for AZKVAuditLogs. Until it arrives, the table does not exist.</summary>
    public DateTimeOffset? FirstDedicated { get; private set; }

    /// <summary>
    /// The time of the first entry of a key vault for AzureDiagnostics. Until it arrives, there are no columns for
    /// them.
    /// </summary>
    public DateTimeOffset? FirstShared { get; private set; }

    public void Add(KeyVaultEntry entry)
    {
        if (entry.IsDedicated)
            FirstDedicated = Earlier(FirstDedicated, entry.At);
        else
            FirstShared = Earlier(FirstShared, entry.At);
        _entries.Enqueue(entry);
        while (_entries.Count > Most)
            _entries.Dequeue();
    }

    private static DateTimeOffset Earlier(DateTimeOffset? known, DateTimeOffset time) =>
        known < time ? known.Value : time;

    /// <summary>The entries that can be read: those that have arrived and are still kept.</summary>
    public IEnumerable<KeyVaultEntry> At(DateTimeOffset now, TimeSpan delay) =>
        _entries.Where(e => e.At + delay <= now && e.At > now.AddDays(-RetentionDays));
}
