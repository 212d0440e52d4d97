using CockroachCmek.Core.Access;
using CockroachCmek.Core.Checks;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Tests.Cmek;

namespace CockroachCmek.Core.Tests.Findings;

/// <summary>The checks that are the same on every cloud: keys that are shared, duties, protection, and windows.</summary>
public sealed class NewCheckTests
{
    [Theory]
    [InlineData(null, CmekCheckStatus.Pass, "")]
    [InlineData("apollo", CmekCheckStatus.Pass, "")]
    [InlineData("soyuz", CmekCheckStatus.Warning, "KeyMarkedForAnother")]
    public async Task A_key_that_is_marked_for_another_cluster_is_a_warning(
        string? mark,
        CmekCheckStatus status,
        string errorId
    )
    {
        using var world = await RevocationWorld.EnabledAsync();
        if (mark is not null)
            world.Moon.Marks[RevocationWorld.Near] = new ClusterMark("", mark);
        var check = Of(await world.CheckAsync(), CmekCheckName.KeyShared, "near-side");
        Assert.Equal((status, errorId, RevocationWorld.Near), (check.Status, check.ErrorId, check.KeyUri));
    }

    [Fact]
    public async Task Marks_that_cannot_be_read_are_Unknown()
    {
        using var world = await RevocationWorld.EnabledAsync();
        world.Moon.Unreadable[RevocationWorld.Near] = CmekErrorKind.PermissionDenied;
        var check = Of(await world.CheckAsync(), CmekCheckName.KeyShared, "near-side");
        Assert.Equal((CmekCheckStatus.Unknown, "KeyMarksUnread"), (check.Status, check.ErrorId));
    }

    [Fact]
    public async Task Clusters_of_one_run_that_share_a_key_each_get_a_warning_after_the_last()
    {
        using var world = await RevocationWorld.EnabledAsync();
        var sharing = new KeySharing();
        await world.CheckSharingAsync(sharing, world.Cluster);
        Assert.Empty(sharing.Shared());
        await world.CheckSharingAsync(sharing, RevocationWorld.Other("soyuz", 2));
        var warnings = sharing.Shared();
        Assert.Equal(
            [("apollo", "far-side"), ("apollo", "near-side"), ("soyuz", "far-side"), ("soyuz", "near-side")],
            warnings.Select(w => (w.ClusterName, w.Region))
        );
        Assert.All(warnings, w => Assert.Equal("KeySharedWithClusters", w.ErrorId));
        Assert.Contains("soyuz", warnings[0].Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(CmekAccessRights.Use | CmekAccessRights.Delete, CmekAccessVerdict.Granted, "DutiesNotSeparated")]
    [InlineData(CmekAccessRights.Use | CmekAccessRights.Grant, CmekAccessVerdict.Conditional, "DutiesNotSeparated")]
    [InlineData(CmekAccessRights.Use | CmekAccessRights.Grant, CmekAccessVerdict.Denied, "")]
    [InlineData(CmekAccessRights.Administer | CmekAccessRights.Delete, CmekAccessVerdict.Granted, "")]
    [InlineData(CmekAccessRights.Use, CmekAccessVerdict.Granted, "")]
    public void Whoever_uses_a_key_does_not_administer_it(CmekAccessRights rights, CmekAccessVerdict verdict, string id)
    {
        var line = new CmekAccess
        {
            Principal = "eve",
            Rights = rights,
            Verdict = verdict,
        };
        Assert.Equal(id, Duties(line).ErrorId);
        Assert.Equal("", Duties(line with { IsExpected = true }).ErrorId);
        var apart = new[] { CmekAccessRights.Use, CmekAccessRights.Administer }.Select(r =>
            line with
            {
                Rights = r,
                Verdict = CmekAccessVerdict.Granted,
            }
        );
        Assert.Equal("DutiesNotSeparated", Duties([.. apart]).ErrorId);
    }

    [Fact]
    public void What_the_review_could_not_read_makes_duties_Unknown()
    {
        var results = Results();
        var unread = new UnreadPlace("the grants", "moon:ListGrants", "moon grants list");
        results.Duties([], Access() with { Unread = [unread] }, "its policy", "apollo");
        var check = results.All.Single();
        Assert.Equal("moon grants list", check.Remedy);
        Assert.Equal((CmekCheckStatus.Unknown, "KeyAccessUnread"), (check.Status, check.ErrorId));
    }

    [Theory]
    [InlineData(CmekProtectionLevel.Software, false, CmekCheckStatus.Pass)]
    [InlineData(CmekProtectionLevel.Software, true, CmekCheckStatus.Fail)]
    [InlineData(CmekProtectionLevel.Hsm, true, CmekCheckStatus.Pass)]
    [InlineData(null, false, CmekCheckStatus.Pass)]
    [InlineData(null, true, CmekCheckStatus.Unknown)]
    public void The_protection_is_judged_only_when_a_rule_asks(
        CmekProtectionLevel? level,
        bool requireHsm,
        CmekCheckStatus status
    )
    {
        var results = Results();
        results.Protection(level, "It is so.", new KeyRules { RequireHsm = requireHsm }, "New-CrdbCmekKey");
        Assert.Equal(status, results.All.Single().Status);
    }

    [Theory]
    [InlineData(7, 7, CmekCheckStatus.Pass)]
    [InlineData(1, 7, CmekCheckStatus.Warning)]
    [InlineData(7, 30, CmekCheckStatus.Warning)]
    public void A_deletion_window_below_the_limit_is_a_warning(int days, int least, CmekCheckStatus status)
    {
        var results = Results();
        var rules = new KeyRules { MinDeletionWindow = TimeSpan.FromDays(least) };
        results.DeletionWindow(TimeSpan.FromDays(days), "It is so.", rules, "New-CrdbCmekKey");
        Assert.Equal(status, results.All.Single().Status);
    }

    private static CmekCheck Duties(params CmekAccess[] lines)
    {
        var results = Results();
        results.Duties(lines, Access(), "its policy", "apollo");
        return results.All.Single();
    }

    private static KeyAccess Access() =>
        new()
        {
            Key = "the key",
            Principal = "apollo",
            Verdict = CmekAccessVerdict.Granted,
        };

    private static KeyChecks Results() => new(new CrdbCluster { Name = "apollo" }, "near-side", _ => null);

    private static CmekCheck Of(IReadOnlyList<CmekCheck> checks, string name, string region) =>
        Assert.Single(checks, c => c.Check == name && c.Region == region);
}
