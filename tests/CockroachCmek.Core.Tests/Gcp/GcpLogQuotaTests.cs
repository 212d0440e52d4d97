using System.Net;
using CockroachCmek.Core.Keys.Gcp;
using CockroachCmek.Core.Keys.Gcp.Logs;
using CockroachCmek.Testing;
using Microsoft.Extensions.Time.Testing;

namespace CockroachCmek.Core.Tests.Gcp;

/// <summary>Lists of log entries keep within the 60 that Google Cloud allows in a minute.</summary>
public sealed class GcpLogQuotaTests
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly RecordingLog _log = new();
    private readonly GcpLogQuota _quota = new();
    private int _calls;

    private OperationContext Context => new(_log, _time, CancellationToken.None);

    [Fact]
    public async Task A_call_too_many_waits_for_the_next_minute()
    {
        var all = Enumerable.Range(0, 100).Select(_ => _quota.RunAsync(Context, CallAsync)).ToList();
        Assert.Equal(55, _calls);
        Assert.Contains(_log.VerboseLines, line => line.Contains("60 requests a minute", StringComparison.Ordinal));
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(55, _calls);
        _time.Advance(TimeSpan.FromSeconds(2));
        await Task.WhenAll(all);
        Assert.Equal(100, _calls);
    }

    [Fact]
    public async Task A_refusal_makes_everybody_wait_a_minute_and_is_reported_when_it_comes_again()
    {
        var refused = _quota.RunAsync(Context, RefuseAsync);
        var other = _quota.RunAsync(Context, CallAsync);
        Assert.Equal(1, _calls);
        _time.Advance(TimeSpan.FromSeconds(61));
        await other;
        Assert.Equal(429, (await Assert.ThrowsAsync<GcpException>(() => refused)).Code);
        Assert.Equal(3, _calls);
    }

    private Task<int> CallAsync() => Task.FromResult(Interlocked.Increment(ref _calls));

    private Task<int> RefuseAsync()
    {
        Interlocked.Increment(ref _calls);
        using var response = new HttpResponseMessage(HttpStatusCode.TooManyRequests);
        return Task.FromException<int>(GcpException.From(response, ""));
    }
}
