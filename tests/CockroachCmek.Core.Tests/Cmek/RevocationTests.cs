using System.Net;
using CockroachCmek.Core.Cmek;

namespace CockroachCmek.Core.Tests.Cmek;

/// <summary>A revocation depends on the customer's KMS alone, and each key on itself.</summary>
public sealed class RevocationTests
{
    [Fact]
    public async Task With_a_manifest_and_KmsOnly_nothing_is_sent_to_CockroachDB_Cloud()
    {
        using var world = await RevocationWorld.EnabledAsync();
        world.Api.Down = HttpStatusCode.InternalServerError;
        var (revocation, error) = await world.RevokeAsync(
            new RevocationOptions { KmsOnly = true, Source = world.Manifest }
        );
        Assert.Null(error);
        Assert.All(revocation.Changes, c => Assert.Equal(CmekAccessChangeState.Done, c.State));
        Assert.All(world.Moon.Keys.Values, k => Assert.Null(k.GrantedTo));
        Assert.Empty(world.Api.Requests);
        Assert.Contains(
            "not known whether other clusters",
            Assert.Single(world.Log.Warnings),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task When_CockroachDB_Cloud_is_down_the_manifest_names_the_keys_and_they_are_taken()
    {
        using var world = await RevocationWorld.EnabledAsync();
        world.Api.Down = HttpStatusCode.Forbidden;
        var (revocation, error) = await world.RevokeAsync(new RevocationOptions { Source = world.Manifest });
        Assert.All(world.Moon.Keys.Values, k => Assert.Null(k.GrantedTo));
        Assert.Equal(CmekOutcome.Updated, revocation.Outcome);
        Assert.Equal(nameof(Errors.CloudPermissionDenied), error!.ErrorId);
    }

    [Fact]
    public async Task When_CockroachDB_Cloud_is_down_and_no_file_is_at_hand_the_KMS_itself_shows_the_keys()
    {
        using var world = await RevocationWorld.EnabledAsync();
        world.Api.Down = HttpStatusCode.Forbidden;
        var (_, error) = await world.RevokeAsync(new RevocationOptions { KmsOnly = true });
        Assert.Null(error);
        Assert.All(world.Moon.Keys.Values, k => Assert.Null(k.GrantedTo));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_copy_of_a_key_elsewhere_is_taken_too_and_holds_up_nothing(bool isLocked)
    {
        using var world = await RevocationWorld.EnabledAsync();
        const string Copy = "moon:crater:tycho";
        world.Moon.Keys[Copy] = world.Moon.Keys[RevocationWorld.Near];
        world.Moon.Copies.Add(CmekRegionSpec.Create("crater", "MOON_KMS", Copy, "astronaut/apollo"));
        if (isLocked)
            world.Moon.Unchangeable[Copy] = CmekErrorKind.PermissionDenied;
        var (revocation, error) = await world.RevokeAsync();
        Assert.Equal(CmekStatus.Revoked, revocation.Status);
        Assert.Equal(["crater"], revocation.Changes.Single(c => c.KeyUri == Copy).Regions);
        Assert.Null(world.Moon.Keys[RevocationWorld.Near].GrantedTo);
        Assert.Equal(isLocked, world.Moon.Keys[Copy].GrantedTo is not null);
        Assert.Equal(isLocked ? nameof(Errors.PastKeysRemain) : null, error?.ErrorId);
        Assert.Equal(isLocked, error?.Message.Contains(Copy, StringComparison.Ordinal) == true);

        var (_, left) = await world.RestoreAsync(revocation);
        Assert.Null(left);
        Assert.All(world.Moon.Keys.Values, k => Assert.Equal("astronaut/apollo", k.GrantedTo));
    }

    [Fact]
    public async Task When_nothing_shows_the_keys_the_error_names_what_would()
    {
        using var world = await RevocationWorld.EnabledAsync();
        world.Api.Down = HttpStatusCode.Forbidden;
        world.Moon.Keys.Clear();
        var error = await Assert.ThrowsAsync<CmekException>(() => world.RevokeAsync());
        Assert.Equal(nameof(Errors.RevocationKeysUnknown), error.ErrorId);
        Assert.Contains("Revoke-CrdbCmek -KmsOnly", error.RecommendedAction, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(HttpStatusCode.InternalServerError)]
    [InlineData(HttpStatusCode.NotFound)]
    [InlineData(HttpStatusCode.Forbidden)]
    public async Task A_neighbour_that_cannot_be_read_is_a_warning(HttpStatusCode status)
    {
        using var world = await RevocationWorld.EnabledAsync();
        world.Api.Others.Add(RevocationWorld.Other("gemini", 1), status);
        var (revocation, error) = await world.RevokeAsync();
        Assert.Null(error);
        Assert.Equal(CmekStatus.Revoked, revocation.Status);
        Assert.Contains(world.Log.Warnings, w => w.Contains("gemini", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_neighbour_that_uses_a_key_is_named_before_anything_is_changed()
    {
        using var world = await RevocationWorld.EnabledAsync();
        world.Api.Others.Add(RevocationWorld.Other("gemini", 1), HttpStatusCode.OK);
        var error = await Assert.ThrowsAsync<CmekException>(() => world.RevokeAsync());
        Assert.Equal(nameof(Errors.KeyShared), error.ErrorId);
        Assert.All(world.Moon.Keys.Values, k => Assert.NotNull(k.GrantedTo));
        var (_, allowed) = await world.RevokeAsync(new RevocationOptions { AllowSharedKey = true });
        Assert.Null(allowed);
        Assert.Contains(world.Log.Warnings, w => w.Contains("gemini uses a key", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_past_key_holds_up_neither_the_keys_in_force_nor_CockroachDB(bool unreadable)
    {
        using var world = await RevocationWorld.EnabledAsync();
        var newer = await world.ReplaceNearKeyAsync();
        (unreadable ? world.Moon.Unreadable : world.Moon.Unchangeable)[RevocationWorld.Near] =
            CmekErrorKind.PermissionDenied;
        var (revocation, error) = await world.RevokeAsync();
        Assert.Equal(CmekStatus.Revoked, revocation.Status);
        Assert.Null(world.Moon.Keys[newer].GrantedTo);
        Assert.Null(world.Moon.Keys[RevocationWorld.Far].GrantedTo);
        Assert.Equal(nameof(Errors.PastKeysRemain), error!.ErrorId);
        Assert.Contains(RevocationWorld.Near, error.Message, StringComparison.Ordinal);
        var failed = Assert.Single(revocation.Changes, c => c.State == CmekAccessChangeState.Failed);
        Assert.Equal(RevocationWorld.Near, failed.KeyUri);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_key_in_force_that_stays_usable_is_named_and_CockroachDB_is_not_asked(bool unreadable)
    {
        using var world = await RevocationWorld.EnabledAsync();
        (unreadable ? world.Moon.Unreadable : world.Moon.Unchangeable)[RevocationWorld.Near] =
            CmekErrorKind.PermissionDenied;
        var (revocation, error) = await world.RevokeAsync();
        Assert.Equal(nameof(Errors.AccessNotTaken), error!.ErrorId);
        Assert.Contains(RevocationWorld.Near, error.Message, StringComparison.Ordinal);
        Assert.Null(world.Moon.Keys[RevocationWorld.Far].GrantedTo);
        Assert.Equal(CmekStatus.Enabled, revocation.Status);
        Assert.DoesNotContain(world.Api.Requests, r => r.StartsWith("PATCH", StringComparison.Ordinal));
    }

    [Fact]
    public async Task When_no_key_can_be_read_the_first_reason_is_the_error_and_nothing_is_changed()
    {
        using var world = await RevocationWorld.EnabledAsync();
        world.Moon.Unreadable[RevocationWorld.Near] = CmekErrorKind.Authentication;
        world.Moon.Unreadable[RevocationWorld.Far] = CmekErrorKind.Authentication;
        var error = await Assert.ThrowsAsync<CmekException>(() => world.RevokeAsync());
        Assert.Equal("MoonDark", error.ErrorId);
        Assert.Empty(world.Log.Questions);
    }

    [Fact]
    public async Task A_method_that_the_cloud_does_not_have_is_refused_before_anything_is_read()
    {
        using var world = await RevocationWorld.EnabledAsync();
        var error = await Assert.ThrowsAsync<CmekException>(() =>
            world.RevokeAsync(new RevocationOptions { Method = CmekRevocationMethod.DenyRole })
        );
        Assert.Equal(nameof(Errors.RevocationMethodNotSupported), error.ErrorId);
        Assert.Empty(world.Api.Requests);
    }

    [Fact]
    public async Task Where_a_method_is_refused_for_good_the_next_is_tried_in_the_same_run_and_said()
    {
        using var world = await RevocationWorld.EnabledAsync();
        world.Moon.Unchangeable[RevocationWorld.Near] = CmekErrorKind.InvalidState;
        world.Moon.CanDisable = true;
        var (revocation, error) = await world.RevokeAsync();
        Assert.Null(error);
        Assert.Equal(CmekStatus.Revoked, revocation.Status);
        Assert.Equal(
            ["DisableKey Done", "RemoveGrant Done", "RemoveGrant Failed"],
            revocation.Changes.Select(c => $"{c.Method} {c.State}").Order(StringComparer.Ordinal)
        );
        Assert.Contains(world.Log.Warnings, w => w.Contains("DisableKey is tried", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_method_that_was_asked_for_has_no_other_behind_it()
    {
        using var world = await RevocationWorld.EnabledAsync();
        world.Moon.Unchangeable[RevocationWorld.Near] = CmekErrorKind.InvalidState;
        world.Moon.CanDisable = true;
        var (revocation, error) = await world.RevokeAsync(
            new RevocationOptions { Method = CmekRevocationMethod.RemoveGrant }
        );
        Assert.Equal(nameof(Errors.AccessNotTaken), error!.ErrorId);
        Assert.DoesNotContain(revocation.Changes, c => c.Method == CmekRevocationMethod.DisableKey);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_further_method_that_would_take_a_neighbour_s_key_is_not_tried_unless_that_is_allowed(
        bool allowed
    )
    {
        using var world = await RevocationWorld.EnabledAsync();
        world.Moon.Unchangeable[RevocationWorld.Near] = CmekErrorKind.InvalidState;
        world.Moon.CanDisable = true;
        // It uses the same key through an identity of its own: only disabling the key would cut it off.
        world.Moon.Identities["gemini"] = "astronaut/gemini";
        world.Api.Others.Add(RevocationWorld.Other("gemini", 1), HttpStatusCode.OK);
        var (revocation, error) = await world.RevokeAsync(new RevocationOptions { AllowSharedKey = allowed });
        Assert.Equal(allowed, error is null);
        Assert.Equal(allowed, revocation.Changes.Any(c => c.Method == CmekRevocationMethod.DisableKey));
        Assert.Equal(
            !allowed,
            world.Log.Warnings.Any(w => w.Contains("DisableKey is not tried", StringComparison.Ordinal))
        );
        if (!allowed)
            Assert.Contains("-Method DisableKey -AllowSharedKey", error!.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_outlasts_a_method_is_said()
    {
        using var world = await RevocationWorld.EnabledAsync();
        world.Moon.Outlasting = "Moonlight that was sent before still arrives.";
        var (_, error) = await world.RevokeAsync();
        Assert.Null(error);
        Assert.Contains(world.Log.Warnings, w =>
            w.Contains("RemoveGrant alone is not enough. Moonlight", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task The_plan_shows_the_request_to_CockroachDB_Cloud_as_it_is_sent()
    {
        using var world = await RevocationWorld.EnabledAsync();
        await world.RevokeAsync();
        Assert.Equal(
            $"+ PATCH /api/v1/clusters/{world.Cluster.Id}/cmek {{\"action\":\"REVOKE\"}}",
            Assert.Single(world.Log.Steps.Last().Difference)
        );
    }

    [Fact]
    public async Task Progress_is_shown_from_the_start()
    {
        using var world = await RevocationWorld.EnabledAsync();
        await world.RevokeAsync(new RevocationOptions { KmsOnly = true });
        Assert.StartsWith("Finding", world.Log.ProgressRecords.First().Status, StringComparison.Ordinal);
    }
}
