using System.Text;
using System.Text.RegularExpressions;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox;

/// <summary>What a fault does to a request.</summary>
public enum FaultAction
{
    /// <summary>The response is late.</summary>
    Delay,

    /// <summary>The request is refused with an HTTP status and not processed.</summary>
    Status,

    /// <summary>The connection is reset before the request is processed: nothing happened.</summary>
    CutBefore,

    /// <summary>
    /// The connection is reset after the request was processed: it happened, and the response is lost.
    /// </summary>
    CutAfter,
}

/// <summary>Which requests meet which fault.</summary>
public sealed record FaultRule
{
    /// <summary>Service, for example cloud or aws; null for any.</summary>
    public string? Service { get; init; }

    /// <summary>HTTP method; null for any.</summary>
    public string? Method { get; init; }

    /// <summary>Regular expression over "METHOD target X-Amz-Target body"; null for any.</summary>
    public string? Pattern { get; init; }

    /// <summary>Matching requests that pass before the fault. Default: 0.</summary>
    public int Skip { get; init; }

    /// <summary>Matching requests that meet the fault; later ones pass. Default: 1.</summary>
    public int Count { get; init; } = 1;

    /// <summary>The fault.</summary>
    public FaultAction Action { get; init; }

    /// <summary>HTTP status of <see cref="FaultAction.Status"/>. Default: 503.</summary>
    public int Status { get; init; } = 503;

    /// <summary>Retry-After of <see cref="FaultAction.Status"/>, in seconds; null for none.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>Length of <see cref="FaultAction.Delay"/>, in sandbox time. Default: 5 seconds.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromSeconds(5);

    internal bool Matches(SandboxRequest request) =>
        (Service is null || Service == request.Service)
        && (Method is null || string.Equals(Method, request.Method, StringComparison.OrdinalIgnoreCase))
        && (Pattern is null || Regex.IsMatch(Text(request), Pattern));

    private static string Text(SandboxRequest request) =>
        $"{request.Method} {request.RawTarget} {request.Header("X-Amz-Target")} "
        + Encoding.UTF8.GetString(request.Body);
}

/// <summary>The fault rules in force. Thread-safe.</summary>
public sealed class FaultPlan
{
    private readonly object _gate = new();
    private readonly List<(FaultRule Rule, int Seen)> _rules = [];

    /// <summary>Adds a rule. The first rule that matches a request applies.</summary>
    public void Add(FaultRule rule)
    {
        lock (_gate)
            _rules.Add((rule, 0));
    }

    /// <summary>Removes every rule.</summary>
    public void Clear()
    {
        lock (_gate)
            _rules.Clear();
    }

    /// <summary>The fault that a request meets, or null. Counts the request.</summary>
    internal FaultRule? For(SandboxRequest request)
    {
        lock (_gate)
        {
            for (var i = 0; i < _rules.Count; i++)
            {
                var (rule, seen) = _rules[i];
                if (!rule.Matches(request))
                    continue;
                _rules[i] = (rule, seen + 1);
                if (seen >= rule.Skip && seen < rule.Skip + rule.Count)
                    return rule;
            }
        }

        return null;
    }
}
