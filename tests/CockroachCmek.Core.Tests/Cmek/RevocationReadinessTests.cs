using CockroachCmek.Core.Cmek;

namespace CockroachCmek.Core.Tests.Cmek;

/// <summary>The drill as one line of the health check.</summary>
public sealed class RevocationReadinessTests
{
    [Fact]
    public async Task A_revocation_that_would_work_is_one_line_that_passes()
    {
        using var world = await RevocationWorld.EnabledAsync();
        var check = await ReadAsync(world);
        Assert.Equal(CmekCheckStatus.Pass, check.Status);
        Assert.Contains("RemoveGrant would work", check.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_the_first_method_would_be_refused_the_next_is_named()
    {
        using var world = await RevocationWorld.EnabledAsync();
        world.Moon.Unchangeable[RevocationWorld.Near] = CmekErrorKind.InvalidState;
        world.Moon.CanDisable = true;
        var check = await ReadAsync(world);
        Assert.Equal(CmekCheckStatus.Pass, check.Status);
        Assert.Contains("DisableKey would", check.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(CmekErrorKind.InvalidState, CmekCheckStatus.Fail, "RevocationNotReady")]
    [InlineData(CmekErrorKind.PermissionDenied, CmekCheckStatus.Warning, "RevocationNotAllowed")]
    public async Task A_plan_that_is_refused_for_everybody_fails_and_one_for_these_credentials_warns(
        CmekErrorKind kind,
        CmekCheckStatus status,
        string errorId
    )
    {
        using var world = await RevocationWorld.EnabledAsync();
        world.Moon.Unreadable[RevocationWorld.Near] = kind;
        var check = await ReadAsync(world);
        Assert.Equal((status, errorId), (check.Status, check.ErrorId));
        Assert.Equal("Get-CrdbCluster apollo | Test-CrdbCmekRevocation", check.Remedy);
    }

    [Fact]
    public async Task Credentials_that_may_not_make_the_change_warn()
    {
        using var world = await RevocationWorld.EnabledAsync();
        world.Moon.Unchangeable[RevocationWorld.Far] = CmekErrorKind.PermissionDenied;
        Assert.Equal("RevocationNotAllowed", (await ReadAsync(world)).ErrorId);
    }

    [Fact]
    public async Task What_cannot_be_told_is_Unknown()
    {
        using var world = await RevocationWorld.EnabledAsync();
        world.Moon.Unchangeable[RevocationWorld.Far] = CmekErrorKind.Unavailable;
        Assert.Equal(CmekCheckStatus.Unknown, (await ReadAsync(world)).Status);
    }

    [Theory]
    [InlineData(null, false, true)]
    [InlineData(CmekErrorKind.InvalidState, true, true)]
    [InlineData(CmekErrorKind.InvalidState, false, false)]
    [InlineData(CmekErrorKind.PermissionDenied, false, false)]
    [InlineData(CmekErrorKind.Unavailable, false, false)]
    public async Task The_answer_of_the_drill_agrees(CmekErrorKind? obstacle, bool canDisable, bool works)
    {
        using var world = await RevocationWorld.EnabledAsync();
        if (obstacle is { } kind)
            world.Moon.Unchangeable[RevocationWorld.Near] = kind;
        world.Moon.CanDisable = canDisable;
        Assert.Equal(works, RevocationDrills.WouldWork(await world.DrillAsync(), CmekRevocationMethod.Default));
        Assert.Equal(works, (await ReadAsync(world)).Status == CmekCheckStatus.Pass);
        Assert.False(RevocationDrills.WouldWork([], CmekRevocationMethod.Default));
    }

    [Fact]
    public async Task A_revoked_cluster_has_no_such_line()
    {
        using var world = await RevocationWorld.EnabledAsync();
        await world.RevokeAsync();
        Assert.DoesNotContain(await world.CheckAsync(), c => c.Check == CmekCheckName.RevocationReady);
    }

    private static async Task<CmekCheck> ReadAsync(RevocationWorld world) =>
        Assert.Single(await world.CheckAsync(), c => c.Check == CmekCheckName.RevocationReady);
}
