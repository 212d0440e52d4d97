using System.Net.Http;
using System.Net.Http.Headers;

namespace CockroachCmek.Core.Http;

/// <summary>
/// What is seen of a call on the network: the host that it waits for, which may be that of the login, and the wait that
/// the service asks for. The handlers note it, because the SDKs between them and the caller do not pass it on.
/// </summary>
internal sealed class CallWatch
{
    private static readonly AsyncLocal<CallWatch?> Ambient = new();

    private volatile string? _host;
    private volatile RetryConditionHeaderValue? _retryAfter;

    /// <summary>The call of this flow of control; null outside one.</summary>
    public static CallWatch? Current
    {
        get => Ambient.Value;
        set => Ambient.Value = value;
    }

    /// <summary>The host of the last request; null where the platform does not show it.</summary>
    public string? Host => _host;

    /// <summary>A request goes out.</summary>
    public void Sent(Uri address) => _host = address.Authority;

    /// <summary>A response has come.</summary>
    public void Received(HttpResponseMessage response) =>
        _retryAfter = response.IsSuccessStatusCode ? null : response.Headers.RetryAfter;

    /// <summary>The wait that the last response asked for; null for none.</summary>
    public TimeSpan? Asked(DateTimeOffset now) =>
        _retryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date > now ? date - now : TimeSpan.Zero,
            _ => null,
        };
}
