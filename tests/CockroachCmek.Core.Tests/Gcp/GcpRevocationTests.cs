using CockroachCmek.Core.Keys.Gcp;
using CockroachCmek.Sandbox;
using static CockroachCmek.Core.Tests.Gcp.GcpAdministrator;

namespace CockroachCmek.Core.Tests.Gcp;

/// <summary>Revoking access to keys, and restoring it.</summary>
public sealed class GcpRevocationTests
{
    [Theory]
    [InlineData(CmekRevocationMethod.Default)]
    [InlineData(CmekRevocationMethod.RemoveGrant)]
    [InlineData(CmekRevocationMethod.RemoveTrust)]
    [InlineData(CmekRevocationMethod.DisableIdentity)]
    [InlineData(CmekRevocationMethod.DisableKey)]
    public async Task Revoked_access_is_restored_exactly_and_doing_either_twice_changes_nothing(
        CmekRevocationMethod method
    )
    {
        await using var world = await GcpWorld.StartAsync("gcp-eu");
        var keys = await world.EnsureKeysAsync(GcpWorld.Options(location: "europe"));
        var before = await StateAsync(world, keys[0]);

        var change = Assert.Single(await PlanAsync(world, keys, method));
        Assert.Equal(CmekAccessChangeState.Planned, change.State);
        Assert.Equal(["europe-west1", "europe-west4"], change.Regions);

        foreach (var _ in new[] { "first", "again" })
            Assert.Equal(
                CmekAccessChangeState.Done,
                (await world.Provider.RevokeAccessAsync(change, world.Context)).State
            );
        Assert.NotEqual(before, await StateAsync(world, keys[0]));
        if (method != CmekRevocationMethod.DisableIdentity)
            Assert.Single(world.Log.Warnings, w => w.Contains("typically takes", StringComparison.Ordinal));
        Assert.Empty(await PlanAsync(world, keys, method));

        foreach (var _ in new[] { "first", "again" })
            Assert.Equal(
                CmekAccessChangeState.Restored,
                (await world.Provider.RestoreAccessAsync(change, world.Context)).State
            );
        Assert.Equal(before, await StateAsync(world, keys[0]));
        world.ConformsToSpecification();
    }

    [Theory]
    [InlineData(CmekRevocationMethod.RemoveGrant)]
    [InlineData(CmekRevocationMethod.RemoveTrust)]
    [InlineData(CmekRevocationMethod.DisableIdentity)]
    [InlineData(CmekRevocationMethod.DisableKey)]
    public async Task Without_a_record_the_missing_access_is_found_in_the_cloud_itself(CmekRevocationMethod method)
    {
        await using var world = await GcpWorld.StartAsync();
        var keys = await world.EnsureKeysAsync();
        Assert.Empty(await world.Provider.FindRevocationAsync(world.RevocationRequest(keys), world.Context));
        var before = await StateAsync(world, keys[0]);
        foreach (var change in await PlanAsync(world, keys, method))
            await world.Provider.RevokeAccessAsync(change, world.Context);

        var found = await world.Provider.FindRevocationAsync(world.RevocationRequest(keys), world.Context);
        await world.Provider.RestoreAccessAsync(Assert.Single(found), world.Context);

        Assert.Equal(before, await StateAsync(world, keys[0]));
    }

    [Fact]
    public async Task A_key_and_its_account_are_marked_for_their_cluster()
    {
        await using var world = await GcpWorld.StartAsync();
        var keys = await world.EnsureKeysAsync();
        var marks = await world.Provider.ReadMarksAsync(GcpWorld.Spec(keys[0]), world.Context);
        Assert.Equal((3, 0), (marks.Found.Count, marks.Unread.Count));
        Assert.All(marks.Found, m => Assert.True(m.IsOf(world.Cluster), $"{m}"));
        Assert.Contains(marks.Found, m => !m.IsOf(world.Cluster with { Id = Guid.Empty.ToString() }));
    }

    [Fact]
    public async Task A_deleted_accounts_grant_is_no_change_of_ours_and_its_restoration_is_told_as_standard()
    {
        await using var world = await GcpWorld.StartAsync();
        var keys = await world.EnsureKeysAsync();
        await world.Administrator.DeleteAccountAsync(keys[0].AuthPrincipal);
        await world.EnsureRoleAsync();

        Assert.Empty(await PlanAsync(world, keys));

        Assert.Single(await world.Provider.FindRevocationAsync(world.RevocationRequest(keys), world.Context));
        Assert.Contains(world.Log.Warnings, w => w.Contains("the standard grant", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Conditions_and_other_members_bindings_survive_revocation_and_restoration()
    {
        await using var world = await GcpWorld.StartAsync();
        var keys = await world.EnsureKeysAsync();
        var account = keys[0].AuthPrincipal;
        await world.Administrator.BindAsync(
            keys[0].KeyUri,
            Binding(GcpNames.UseRole, $"serviceAccount:{account}", Until("2100-01-01", "this century")),
            Binding(GcpNames.UseRole, "user:backup@example.com")
        );

        var change = Assert.Single(await PlanAsync(world, keys));
        await world.Provider.RevokeAccessAsync(change, world.Context);
        var revoked = await world.Administrator.BindingsAsync(keys[0].KeyUri);
        await world.Provider.RestoreAccessAsync(change, world.Context);
        var restored = await world.Administrator.BindingsAsync(keys[0].KeyUri);

        Assert.DoesNotContain(account, revoked, StringComparison.Ordinal);
        Assert.Contains("backup@example.com", revoked, StringComparison.Ordinal);
        Assert.Contains(account, restored, StringComparison.Ordinal);
        Assert.Contains("this century", restored, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_grant_on_the_key_ring_is_part_of_the_plan()
    {
        await using var world = await GcpWorld.StartAsync();
        var keys = await world.EnsureKeysAsync();
        var ring = GcpWorld.RingOf(keys[0].KeyUri);
        await world.Administrator.BindAsync(ring, Binding(GcpNames.UseRole, $"serviceAccount:{keys[0].AuthPrincipal}"));

        var changes = await PlanAsync(world, keys);

        Assert.Equal([ring, keys[0].KeyUri], changes.Select(c => c.Target));
    }

    [Fact]
    public async Task A_version_that_is_to_be_destroyed_is_found_and_rescued()
    {
        await using var world = await GcpWorld.StartAsync();
        var keys = await world.EnsureKeysAsync();
        await world.Administrator.DestroyVersionAsync(keys[0].KeyUri);

        var found = Assert.Single(
            await world.Provider.FindRevocationAsync(world.RevocationRequest(keys), world.Context)
        );
        await world.Provider.RestoreAccessAsync(found, world.Context);

        Assert.Contains("for destruction", found.Action, StringComparison.Ordinal);
        Assert.Equal(["ENABLED"], await world.Administrator.VersionStatesAsync(keys[0].KeyUri));
        Assert.Empty(await world.Provider.FindRevocationAsync(world.RevocationRequest(keys), world.Context));
    }

    [Fact]
    public async Task A_role_that_could_give_the_access_back_is_named_instead_of_left_behind_in_silence()
    {
        await using var world = await GcpWorld.StartAsync();
        var keys = await world.EnsureKeysAsync();
        var member = $"serviceAccount:{keys[0].AuthPrincipal}";
        await world.Administrator.BindAsync(
            keys[0].KeyUri,
            Binding(GcpNames.UseRole, member),
            Binding("roles/cloudkms.admin", member)
        );

        var error = await world.RefusesAsync("GrantNotRemovable", () => PlanAsync(world, keys));

        Assert.Contains("roles/cloudkms.admin", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deny_is_refused_with_the_methods_that_work()
    {
        await using var world = await GcpWorld.StartAsync();
        var keys = await world.EnsureKeysAsync();

        var error = await world.RefusesAsync("RevocationMethodNotSupported", () =>
            PlanAsync(world, keys, CmekRevocationMethod.Deny)
        );

        Assert.Contains(
            "RemoveGrant, DisableIdentity, RemoveTrust, DisableKey",
            error.Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [Trait("Lane", "Slow")]
    [InlineData(FaultAction.CutBefore)]
    [InlineData(FaultAction.CutAfter)]
    public async Task A_lost_connection_at_any_request_leaves_access_fully_revoked_and_fully_restored(
        FaultAction action
    )
    {
        await using var world = await GcpWorld.StartAsync();
        var keys = await world.EnsureKeysAsync();
        var before = await StateAsync(world, keys[0]);
        foreach (
            var method in new[]
            {
                CmekRevocationMethod.RemoveGrant,
                CmekRevocationMethod.DisableIdentity,
                CmekRevocationMethod.DisableKey,
            }
        )
        {
            for (var skip = 0; skip < 4; skip++)
            {
                var change = Assert.Single(await PlanAsync(world, keys, method));
                await CutAsync(skip, () => world.Provider.RevokeAccessAsync(change, world.Context));
                Assert.NotEqual(before, await StateAsync(world, keys[0]));
                await CutAsync(skip, () => world.Provider.RestoreAccessAsync(change, world.Context));
                Assert.Equal(before, await StateAsync(world, keys[0]));
            }
        }

        async Task CutAsync(int skip, Func<Task> work)
        {
            world.Server.Faults.Add(
                new FaultRule
                {
                    Service = "gcp",
                    Skip = skip,
                    Count = 1,
                    Action = action,
                }
            );
            await work();
            world.Server.Faults.Clear();
        }
    }

    private static Task<IReadOnlyList<CmekAccessChange>> PlanAsync(
        GcpWorld world,
        IEnumerable<CmekKey> keys,
        CmekRevocationMethod method = CmekRevocationMethod.Default
    ) => world.Provider.PlanRevocationAsync(world.RevocationRequest(keys, method), world.Context);

    /// <summary>Who may use the key and act as the account, and the states of the versions.</summary>
    private static async Task<string> StateAsync(GcpWorld world, CmekKey key) =>
        string.Join(
            '\n',
            await world.Administrator.BindingsAsync(key.KeyUri),
            await world.Administrator.TrustAsync(key.AuthPrincipal),
            await world.Administrator.GetAsync(GcpAdministrator.Account(key.AuthPrincipal)),
            string.Join(',', await world.Administrator.VersionStatesAsync(key.KeyUri))
        );
}
