using System.Text;
using System.Text.RegularExpressions;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox;

/// <summary>What is done to a request that a fault rule meets.</summary>
public enum FaultAction
{
    /// <summary>It is answered late.</summary>
    Delay,

    /// <summary>It is not processed, and answered with an HTTP status.</summary>
    Status,

    /// <summary>The connection is reset before it is processed: nothing happened.</summary>
    CutBefore,

    /// <summary>The connection is reset after it was processed: it happened, and the answer is lost.</summary>
    CutAfter,
}

/// <summary>Which requests meet a fault, and which fault.</summary>
public sealed record FaultRule
{
    /// <summary>Service, for example cloud or aws; null for any.</summary>
    public string? Service { get; init; }

    /// <summary>HTTP method; null for any.</summary>
    public string? Method { get; init; }

    /// <summary>Regular expression over "METHOD target X-Amz-Target body"; null for any.</summary>
    public string? Pattern { get; init; }

    /// <summary>Matches that are let through first.</summary>
    public int Skip { get; init; }

    /// <summary>Matches that meet the fault; after them the rule is spent.</summary>
    public int Count { get; init; } = 1;

    /// <summary>The fault.</summary>
    public FaultAction Action { get; init; }

    /// <summary>Status of <see cref="FaultAction.Status"/>.</summary>
    public int Status { get; init; } = 503;

    /// <summary>Retry-After of <see cref="FaultAction.Status"/>, in seconds; null for none.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>Length of <see cref="FaultAction.Delay"/>, in sandbox time.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromSeconds(5);

    internal bool Matches(SandboxRequest request) =>
        (Service is null || Service == request.Service)
        && (Method is null || string.Equals(Method, request.Method, StringComparison.OrdinalIgnoreCase))
        && (
            Pattern is null
            || Regex.IsMatch(
                $"{request.Method} {request.RawTarget} {request.Header("X-Amz-Target")} {Encoding.UTF8.GetString(request.Body)}",
                Pattern
            )
        );
}

/// <summary>The rules in force. Any thread.</summary>
public sealed class FaultPlan
{
    private readonly object _gate = new();
    private readonly List<(FaultRule Rule, int Seen)> _rules = [];

    /// <summary>Adds a rule; the first that matches a request is applied.</summary>
    public void Add(FaultRule rule)
    {
        lock (_gate)
            _rules.Add((rule, 0));
    }

    /// <summary>Takes every rule away.</summary>
    public void Clear()
    {
        lock (_gate)
            _rules.Clear();
    }

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

/// <summary>A request and its answer, as they were. Authorization is left out.</summary>
public sealed record RecordedExchange(SandboxRequest Request, SandboxResponse? Response, FaultAction? Fault)
{
    /// <summary>Status of the answer that a connection was cut before; null when none was lost.</summary>
    public int? LostStatus { get; init; }
}
