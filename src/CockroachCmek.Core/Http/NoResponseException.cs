namespace CockroachCmek.Core.Http;

/// <summary>A service accepted a request, or the connection for it, and did not respond in time.</summary>
/// <param name="peer">The service, with its host where that is known.</param>
/// <param name="limit">How long was waited.</param>
internal sealed class NoResponseException(string peer, TimeSpan limit, Exception? inner = null)
    : TimeoutException($"{peer} gave no response within {Attempts.Seconds(limit)}.", inner)
{
    /// <summary>The service, with its host where that is known.</summary>
    public string Peer => peer;

    /// <summary>How long was waited.</summary>
    public TimeSpan Limit => limit;
}
