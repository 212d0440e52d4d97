using CockroachCmek.Sandbox;
using Microsoft.Extensions.Time.Testing;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>The sandbox's clock: real time, scaled and advanced.</summary>
public sealed class SandboxClockTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));

    [Fact]
    public void Time_runs_at_its_scale_before_and_after_the_clock_is_advanced()
    {
        var clock = new SandboxClock(_time, 60);
        var start = clock.UtcNow;
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.FromMinutes(1), clock.UtcNow - start);

        clock.Advance(TimeSpan.FromHours(5));
        Assert.Equal(TimeSpan.FromMinutes(301), clock.UtcNow - start);

        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(TimeSpan.FromMinutes(303), clock.UtcNow - start);
    }

    [Fact]
    public void The_clock_cannot_be_turned_back()
    {
        var clock = new SandboxClock(_time, 60);
        Assert.Throws<ArgumentOutOfRangeException>(() => clock.Advance(TimeSpan.FromTicks(-1)));
    }

    [Fact]
    public void A_clock_can_continue_at_a_moment_of_another_one()
    {
        var clock = new SandboxClock(_time, 60);
        clock.Advance(TimeSpan.FromDays(10));
        var moment = new DateTimeOffset(2030, 1, 2, 0, 0, 0, TimeSpan.Zero);
        clock.ContinueAt(moment);
        Assert.Equal(moment, clock.UtcNow);
    }

    [Fact]
    public async Task Whoever_waits_is_woken_when_the_clock_is_advanced_past_the_end_of_the_wait()
    {
        var clock = new SandboxClock(_time, 60);
        var wait = Task.Delay(TimeSpan.FromDays(40), clock);
        var longer = Task.Delay(TimeSpan.FromDays(41), clock);
        using var limit = new CancellationTokenSource(TimeSpan.FromDays(40), clock);

        clock.Advance(TimeSpan.FromDays(40) - TimeSpan.FromMinutes(1));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.False(wait.IsCompleted);

        clock.Advance(TimeSpan.FromMinutes(1));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await wait;
        Assert.True(limit.IsCancellationRequested);
        Assert.False(longer.IsCompleted);
    }

    [Fact]
    public void A_timer_counts_sandbox_time()
    {
        var clock = new SandboxClock(_time, 60);
        var calls = 0;
        using var timer = clock.CreateTimer(_ => calls++, null, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2));
        foreach (var expected in new[] { 1, 1, 2, 2, 3 })
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(expected, calls);
        }

        timer.Change(TimeSpan.FromMinutes(3), Timeout.InfiniteTimeSpan);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(3, calls);
        _time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(4, calls);
    }

    [Fact]
    public void A_loaded_moment_does_not_end_a_wait_or_turn_back_elapsed_time()
    {
        var clock = new SandboxClock(_time, 60);
        var start = clock.GetTimestamp();
        var wait = Task.Delay(TimeSpan.FromHours(1), clock);
        _time.Advance(TimeSpan.FromSeconds(1));
        clock.ContinueAt(clock.UtcNow.AddYears(-1));
        Assert.Equal(TimeSpan.FromMinutes(1), clock.GetElapsedTime(start));
        clock.ContinueAt(clock.UtcNow.AddYears(3));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(wait.IsCompleted);
        Assert.Equal(TimeSpan.FromMinutes(2), clock.GetElapsedTime(start));
    }

    [Fact]
    public async Task A_session_follows_the_clock_and_knows_its_scale()
    {
        var clock = new SandboxClock(_time, 60);
        var session = ScaledTimeProvider.Follow(clock, clock.Scale);
        Assert.Equal(60, session.Scale);
        var start = session.GetTimestamp();
        var wait = Task.Delay(TimeSpan.FromDays(1), session);
        clock.Advance(TimeSpan.FromDays(1));
        await wait;
        Assert.Equal(clock.UtcNow, session.GetUtcNow());
        Assert.Equal(TimeSpan.FromDays(1), session.GetElapsedTime(start));
        clock.ContinueAt(clock.UtcNow.AddYears(-1));
        Assert.Equal(clock.UtcNow, session.GetUtcNow());
    }
}
