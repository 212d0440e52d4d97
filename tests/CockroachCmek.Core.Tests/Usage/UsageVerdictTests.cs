using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Tests.Usage;

/// <summary>What is said of the use of a key, from what the logs show.</summary>
public sealed class UsageVerdictTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 28, 9, 0, 0, TimeSpan.Zero);

    private static readonly BackupSchedule Hourly = new(true, TimeSpan.FromHours(1), TimeSpan.FromDays(30));
    private static readonly BackupSchedule Off = new(false, null, null);

    private static readonly KeyUsage Read = new()
    {
        Source = "log",
        ReadFrom = Now.AddDays(-30),
        Uses = 3,
        Refused = 0,
        LastUsed = Now.AddHours(-3),
        LastOperation = "Decrypt",
    };

    [Fact]
    public void A_key_that_backups_use_is_used_and_not_overdue()
    {
        var line = Judge(Read, Hourly);
        Assert.Equal(CmekUsageVerdict.Used, line.Verdict);
        Assert.Equal(TimeSpan.FromHours(48), line.ExpectedWithin);
        Assert.False(line.IsOverdue);
    }

    [Fact]
    public void Silence_is_overdue_after_48_hours_while_backups_are_on()
    {
        var line = Judge(Read with { LastUsed = Now.AddHours(-49) }, Hourly);
        Assert.Equal(CmekUsageVerdict.Silent, line.Verdict);
        Assert.True(line.IsOverdue);
    }

    [Fact]
    public void Silence_is_not_overdue_while_backups_are_off_or_not_known_or_the_key_is_past()
    {
        var old = Read with { LastUsed = Now.AddDays(-40), Uses = 0 };
        Assert.All([Judge(old, Off), Judge(old, BackupSchedule.Unknown), Judge(old, Hourly, isPast: true)], line =>
        {
            Assert.Equal(CmekUsageVerdict.Silent, line.Verdict);
            Assert.False(line.IsOverdue);
        });
    }

    [Fact]
    public void A_refusal_after_the_last_use_is_refused_and_one_before_it_is_not()
    {
        var refused = Read with { Refused = 1, LastRefused = Now.AddHours(-1), LastRefusal = "AccessDenied" };
        Assert.Equal(CmekUsageVerdict.Refused, Judge(refused, Hourly).Verdict);
        Assert.Equal(CmekUsageVerdict.Used, Judge(refused with { LastUsed = Now }, Hourly).Verdict);
    }

    [Fact]
    public void No_entry_is_silence_only_where_the_logs_would_have_shown_one()
    {
        var none = Read with { LastUsed = null, Uses = 0 };
        Assert.Equal(CmekUsageVerdict.Silent, Judge(none, Hourly).Verdict);
        Assert.True(Judge(none, Hourly).IsOverdue);
        Assert.All(
            [
                none with
                {
                    Uses = null,
                },
                none with
                {
                    ReadFrom = null,
                },
                none with
                {
                    UsesIsMinimum = true,
                },
                none with
                {
                    ReadFrom = Now.AddMinutes(-3),
                },
            ],
            usage =>
            {
                Assert.Equal(CmekUsageVerdict.Unknown, Judge(usage, Hourly).Verdict);
                Assert.False(Judge(usage, Hourly).IsOverdue);
            }
        );
    }

    [Fact]
    public void Silence_is_not_known_when_the_logs_do_not_reach_back_as_far_as_a_use_is_expected()
    {
        var lately = Read with { ReadFrom = Now.AddHours(-20) };
        Assert.All(
            [
                Judge(lately with { LastUsed = null, Uses = 0 }, Hourly),
                Judge(lately with { LastUsed = Now.AddDays(-5) }, Hourly),
            ],
            line =>
            {
                Assert.Equal(CmekUsageVerdict.Unknown, line.Verdict);
                Assert.False(line.IsOverdue);
            }
        );
    }

    [Fact]
    public void A_use_by_nobody_knows_whom_is_no_proof_of_use_and_its_age_is_one_of_silence()
    {
        var somebody = Read with { Uses = 0, IsLastUserKnown = false };
        Assert.Equal(CmekUsageVerdict.Unknown, Judge(somebody with { Uses = null, ReadFrom = null }, Hourly).Verdict);
        Assert.Equal(CmekUsageVerdict.Silent, Judge(somebody with { LastUsed = Now.AddDays(-40) }, Hourly).Verdict);
    }

    [Fact]
    public void An_old_use_is_not_silence_when_later_ones_could_not_be_counted()
    {
        var line = Judge(Read with { LastUsed = Now.AddDays(-9), Uses = null, ReadFrom = null }, Hourly);
        Assert.Equal(CmekUsageVerdict.Unknown, line.Verdict);
    }

    [Fact]
    public void A_key_that_the_cloud_knows_to_be_unused_is_never_used() =>
        Assert.Equal(
            CmekUsageVerdict.NeverUsed,
            Judge(Read with { LastUsed = null, Uses = 0, IsNeverUsed = true }, Hourly).Verdict
        );

    private static CmekUsage Judge(KeyUsage usage, BackupSchedule schedule, bool isPast = false) =>
        UsageVerdicts.Judge(
            new CrdbCluster { Name = "apollo" },
            CmekRegionSpec.Create("near-side", "MOON_KMS", "moon:near-side:tycho", "moon:crew"),
            isPast,
            usage,
            schedule,
            Now
        );
}
