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
}
