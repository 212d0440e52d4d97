namespace CockroachCmek.Sandbox.Aws;

/// <summary>
/// CloudTrail's event history of the account: what happened in KMS, IAM and STS, for 90 days. No trail is needed for it,
/// and nothing can be left out of it.
/// </summary>
internal sealed class TrailLog(SandboxClock clock, AwsData data)
{
    /// <summary>How long the event history is kept.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(90);

    private const int Most = 20_000;

    public DateTimeOffset Now => clock.UtcNow;

    /// <summary>Adds an entry. Its time may have passed already, so it is put where it belongs.</summary>
    public void Add(TrailEvent entry)
    {
        var events = data.Trail;
        var at = events.Count;
        while (at > 0 && events[at - 1].Time > entry.Time)
            at--;
        events.Insert(at, entry);
        var old = events.Count > Most ? events.Count - Most * 9 / 10 : 0;
        while (old < events.Count && Now - events[old].Time > Kept)
            old++;
        events.RemoveRange(0, old);
    }

    /// <summary>The entries of a region that can be seen at a moment, newest first.</summary>
    public IEnumerable<TrailEvent> Visible(string region, DateTimeOffset asOf) =>
        data
            .Trail.Where(e => e.Region == region && e.Time + data.TrailDelay <= asOf && asOf - e.Time <= Kept)
            .Reverse();
}
