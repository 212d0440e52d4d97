using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Azure;
using CockroachCmek.Sandbox.Azure;

namespace CockroachCmek.Core.Tests.Azure;

/// <summary>The drill, the search for keys, and what is found to undo without a record.</summary>
public sealed class AzureDrillTests
{
    [Fact]
    public async Task The_drill_says_which_methods_would_work_and_writes_nothing()
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync();
        var before = world.Exchanges.Count;
        var lines = await DrillAsync(world, world.Provider, cluster, info);
        Assert.Equal(
            [
                ("RemoveGrant", "Pass", "00:10:00", true),
                ("DisableKey", "Pass", "", false),
                ("DisableIdentity", "Unknown", "01:30:00", false),
            ],
            lines.Select(l => ($"{l.Method}", $"{l.Status}", $"{l.InForceWithin}", l.IsDefault))
        );
        Assert.Equal(["northeurope", "westeurope"], lines[0].Regions.Order());
        Assert.Equal(["everybody who uses the key"], lines[1].AlsoAffected);
        Assert.Empty(world.WritesSince(before));
    }

    [Fact]
    public async Task The_drill_finds_a_lock_and_says_that_keys_can_still_be_disabled()
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync("azure-in");
        await LockAsync(world);
        var lines = await DrillAsync(world, world.Provider, cluster, info);
        Assert.Equal(CmekCheckStatus.Fail, lines[0].Status);
        Assert.Contains("'no-delete' (CanNotDelete)", lines[0].Detail, StringComparison.Ordinal);
        Assert.StartsWith("az lock delete", lines[0].Remedy, StringComparison.Ordinal);
        Assert.Equal(CmekCheckStatus.Pass, lines[1].Status);
    }

    [Theory]
    [InlineData(AzureRights.Subscription | AzureRights.GraphRead, "Pass", "Unknown", "Unknown")]
    [InlineData(AzureRights.Keys | AzureRights.GraphRead, "Fail", "Pass", "Unknown")]
    [InlineData(AzureRights.Subscription | AzureRights.Keys, "Unknown", "Pass", "Unknown")]
    [InlineData(AzureRights.None, "Unknown", "Unknown", "Unknown")]
    public async Task The_drill_tells_what_the_callers_rights_allow(AzureRights rights, params string[] statuses)
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync("azure-in");
        var lines = await DrillAsync(world, world.As(rights), cluster, info);
        Assert.Equal(statuses, lines.Select(l => $"{l.Status}"));
        Assert.All(lines.Where(l => $"{l.Status}" != "Pass"), l => Assert.NotEmpty(l.Remedy));
    }

    [Fact]
    public async Task A_record_that_names_the_cluster_alone_is_enough_to_read_the_access_and_the_marks()
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync("azure-in");
        var spec = CmekRegionSpec.Create(
            info.Regions[0].Region,
            info.Regions[0].Keys[0].KeyType,
            info.Regions[0].Keys[0].KeyUri,
            info.Regions[0].Keys[0].AuthPrincipal
        );
        var recorded = new CrdbCluster
        {
            Id = cluster.Id,
            Name = cluster.Name,
            CloudProvider = cluster.CloudProvider,
        };
        var request = new KeyAccessRequest { Cluster = recorded, Spec = spec };
        Assert.Equal(CmekAccessVerdict.Granted, (await world.Provider.ReadAccessAsync(request, world.Context)).Verdict);
        // Under another name it is not found: then nothing is claimed.
        var unknown = request with { Cluster = recorded with { Id = Guid.Empty.ToString() } };
        Assert.Equal(CmekAccessVerdict.Unknown, (await world.Provider.ReadAccessAsync(unknown, world.Context)).Verdict);

        var mark = Assert.Single((await world.Provider.ReadMarksAsync(spec, world.Context)).Found);
        Assert.True(mark.IsOf(cluster) && !mark.IsOf(unknown.Cluster));
    }

    [Fact]
    public async Task The_drill_knows_what_is_revoked_already()
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync("azure-in");
        foreach (
            var method in new[]
            {
                CmekRevocationMethod.RemoveGrant,
                CmekRevocationMethod.DisableKey,
                CmekRevocationMethod.DisableIdentity,
            }
        )
            await RevokeAsync(world, cluster, info, method);
        var lines = await DrillAsync(world, world.Provider, cluster, info);
        Assert.Equal(["Pass", "Pass", "Warning"], lines.Select(l => $"{l.Status}"));
        Assert.Equal(
            [TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromMinutes(90)],
            lines.Select(l => l.InForceWithin!.Value)
        );
    }

    [Fact]
    public async Task The_keys_are_found_without_CockroachDB_Cloud()
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync();
        await world.ClusterWithRoleAsync("azure-in");
        await world.KeysAsync(await world.ClusterAsync("azure-in"));
        var found = (await world.Provider.FindKeysAsync(cluster, world.Context)).Keys;
        Assert.Equal(info.Specs().OrderBy(s => s.Region), found.OrderBy(s => s.Region));

        var request = AzureRequests.Rotation(cluster, info);
        var rotated = (await world.Provider.RotateKeysAsync(request, world.Context))!;
        found = (await world.Provider.FindKeysAsync(cluster, world.Context)).Keys;
        Assert.Equal(
            info.Specs().Concat(rotated).Select(s => (s.Region, s.KeyUri)).Order(),
            found.Select(s => (s.Region, s.KeyUri)).Order()
        );
        // The cluster as a record names it.
        var bare = new CrdbCluster { Id = cluster.Id, Name = cluster.Name };
        Assert.Equal(2, (await world.Provider.FindKeysAsync(bare, world.Context)).Keys.Count);
        Assert.NotEmpty(await world.Provider.PlanRevocationAsync(AzureRequests.Revocation(bare, info), world.Context));
    }

    [Fact]
    public async Task Without_a_record_a_disabled_application_and_a_deleted_key_are_found_and_restored()
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync("azure-in");
        await RevokeAsync(world, cluster, info, CmekRevocationMethod.DisableIdentity);
        await world.KeyAsync("DELETE", $"keys/{AzureRequests.NameOf(info.Specs()[0].KeyUri)}");
        await world.PropagateAsync();
        var request = AzureRequests.Revocation(cluster, info);
        var found = await world.Provider.FindRevocationAsync(request, world.Context);
        Assert.Equal(["ServicePrincipalState", "DeletedKey"], found.Select(c => c.Kind));
        foreach (var change in found)
            await world.Provider.RestoreAccessAsync(change, world.Context);
        Assert.Empty(await world.Provider.FindRevocationAsync(request, world.Context));
    }

    [Fact]
    public async Task Disabling_the_application_says_how_long_issued_tokens_live()
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync("azure-in");
        await RevokeAsync(world, cluster, info, CmekRevocationMethod.DisableIdentity);
        Assert.Contains(world.Log.Warnings, w => w.Contains("90 minutes", StringComparison.Ordinal));
    }

    private static async Task RevokeAsync(
        AzureWorld world,
        CrdbCluster cluster,
        CmekInfo info,
        CmekRevocationMethod method
    )
    {
        var request = AzureRequests.Revocation(cluster, info, method);
        foreach (var change in await world.Provider.PlanRevocationAsync(request, world.Context))
            await world.Provider.RevokeAccessAsync(change, world.Context);
    }

    private static async Task<IReadOnlyList<CmekRevocationDrill>> DrillAsync(
        AzureWorld world,
        AzureKeyProvider provider,
        CrdbCluster cluster,
        CmekInfo info
    ) => await provider.DrillAsync(AzureRequests.Revocation(cluster, info), world.Context);

    private static Task LockAsync(AzureWorld world) =>
        world.ArmAsync(
            "PUT",
            $"{world.KeyVaultId(world.Azure.VaultName)}/providers/Microsoft.Authorization/locks/no-delete",
            "2020-05-01",
            """{"properties":{"level":"CanNotDelete"}}"""
        );
}
