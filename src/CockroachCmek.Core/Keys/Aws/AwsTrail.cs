namespace CockroachCmek.Core.Keys.Aws;

/// <summary>What was read of CloudTrail's event history.</summary>
/// <param name="Entries">The entries, newest first.</param>
/// <param name="ReadFrom">From when on every entry was read.</param>
/// <param name="IsComplete">False when a limit ended the reading before the time that was asked for.</param>
internal sealed record TrailReading(IReadOnlyList<TrailEntry> Entries, DateTimeOffset ReadFrom, bool IsComplete);

/// <summary>
/// Reads CloudTrail's event history, which every account has: management events, those of KMS among them, of the last
/// 90 days, by region. LookupEvents takes one attribute and is limited to two calls a second.
/// </summary>
internal sealed class AwsTrail(AwsRun run)
{
    /// <summary>The name of the source for people.</summary>
    public const string Source = "CloudTrail event history";

    /// <summary>How long the event history is kept.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(90);

    /// <summary>At most 2,000 entries, in about 20 seconds.</summary>
    public const int Pages = 40;

    private DateTimeOffset Now => run.Calls.Context.Time.GetUtcNow();

    /// <summary>The entries of a region with one attribute since a time.</summary>
    /// <param name="ofKeys">With the credentials for keys.</param>
    /// <param name="pages">The most pages to read.</param>
    public Task<TrailReading> ReadAsync(
        string region,
        bool ofKeys,
        string attribute,
        string value,
        DateTimeOffset since,
        int pages = Pages
    ) =>
        run
            .Trails.GetOrAdd((region, ofKeys, attribute, value, since, pages), _ =>
                new(() => ReadPagesAsync(region, ofKeys, attribute, value, since, pages))
            )
            .Value;

    private async Task<TrailReading> ReadPagesAsync(
        string region,
        bool ofKeys,
        string attribute,
        string value,
        DateTimeOffset since,
        int pages
    )
    {
        var oldest = Now - Kept;
        var from = since > oldest ? since : oldest;
        var entries = new List<TrailEntry>();
        string? token = null;
        for (var page = 0; page < pages; page++)
        {
            await run.Clients.PaceOfTrail(region, ofKeys).WaitAsync(run.Calls.Context);
            var response = await run.Calls.ReadAsync("CloudTrail", "LookupEvents", $"{region} {attribute}={value}", c =>
                run.Clients.CloudTrail(region, ofKeys).LookupEventsAsync(attribute, value, from, token, c)
            );
            entries.AddRange(response.Events.Select(TrailEntry.Parse).OfType<TrailEntry>());
            token = response.NextToken;
            if (token is null)
                return new TrailReading(entries, from, IsComplete: true);
        }

        return new TrailReading(entries, entries.Count > 0 ? entries[^1].Time : Now, IsComplete: false);
    }
}

/// <summary>
/// Spaces the calls of LookupEvents: two a second for each account and region, whichever cluster they are for.
/// </summary>
internal sealed class TrailPace
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(550);

    private readonly object _gate = new();
    private DateTimeOffset _next;

    public Task WaitAsync(OperationContext context)
    {
        TimeSpan wait;
        lock (_gate)
        {
            var now = context.Time.GetUtcNow();
            var at = _next > now ? _next : now;
            wait = at - now;
            _next = at + Interval;
        }

        return wait > TimeSpan.Zero ? context.Time.Delay(wait, context.CancellationToken) : Task.CompletedTask;
    }
}
