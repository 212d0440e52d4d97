namespace CockroachCmek.Sandbox.Cloud;

/// <summary>The rate limit for each API key, in sandbox time.</summary>
internal sealed class RequestRate(SandboxClock clock, CloudData data)
{
    /// <summary>Counts a request. Returns the seconds to wait, or null when the request is within the limit.</summary>
    public int? Exceeds(string key)
    {
        var now = clock.UtcNow;
        if (!data.Requests.TryGetValue(key, out var times))
            data.Requests[key] = times = new Queue<DateTimeOffset>();
        while (times.Count > 0 && now - times.Peek() >= TimeSpan.FromSeconds(1))
            times.Dequeue();
        if (times.Count >= data.RequestsPerSecond)
            return 1;
        times.Enqueue(now);
        return null;
    }
}
