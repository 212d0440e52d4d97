using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Cloud;

/// <summary>A refusal of the Cloud API: an HTTP status, and grpc-gateway's body with the gRPC code.</summary>
internal sealed class ApiFault(int status, int code, string message) : Exception(message)
{
    /// <summary>Seconds; null for none.</summary>
    public int? RetryAfter { get; init; }

    public SandboxResponse ToResponse() =>
        new(
            status,
            Encoding.UTF8.GetBytes(
                new JsonObject
                {
                    ["code"] = code,
                    ["message"] = Message,
                    ["details"] = new JsonArray(),
                }.ToJsonString()
            ),
            "application/json"
        )
        {
            Headers = RetryAfter is { } seconds
                ? [new("Retry-After", seconds.ToString(CultureInfo.InvariantCulture))]
                : [],
        };
}

/// <summary>Tokens of pages: opaque to whoever gets them.</summary>
internal static class PageToken
{
    public static string Write(int start) =>
        Convert.ToBase64String(Encoding.UTF8.GetBytes("start:" + start.ToString(CultureInfo.InvariantCulture)));

    public static bool TryRead(string token, out int start)
    {
        start = 0;
        try
        {
            var text = Encoding.UTF8.GetString(Convert.FromBase64String(token));
            return text.StartsWith("start:", StringComparison.Ordinal)
                && int.TryParse(text.Substring(6), NumberStyles.None, CultureInfo.InvariantCulture, out start);
        }
        catch (FormatException)
        {
            return false;
        }
    }
}

/// <summary>Ten requests a second for each key, in sandbox time.</summary>
internal sealed class RequestRate(SandboxClock clock, CloudData data)
{
    private const int PerSecond = 10;

    /// <summary>Seconds to wait, or null when the request is within the limit.</summary>
    public int? Exceeds(string key)
    {
        var now = clock.UtcNow;
        if (!data.Requests.TryGetValue(key, out var times))
            data.Requests[key] = times = new Queue<DateTimeOffset>();
        while (times.Count > 0 && now - times.Peek() >= TimeSpan.FromSeconds(1))
            times.Dequeue();
        if (times.Count >= PerSecond)
            return 1;
        times.Enqueue(now);
        return null;
    }
}
