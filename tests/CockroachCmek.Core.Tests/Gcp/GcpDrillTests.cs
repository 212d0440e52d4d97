using static CockroachCmek.Core.Tests.Gcp.GcpAdministrator;

namespace CockroachCmek.Core.Tests.Gcp;

/// <summary>The drill, and the search for keys when nothing else can name them.</summary>
public sealed class GcpDrillTests
{
    private static readonly string[] Everything =
    [
        "cloudkms.cryptoKeys.get",
        "cloudkms.cryptoKeys.getIamPolicy",
        "cloudkms.cryptoKeys.setIamPolicy",
        "cloudkms.keyRings.getIamPolicy",
        "cloudkms.keyRings.setIamPolicy",
        "cloudkms.cryptoKeyVersions.get",
        "cloudkms.cryptoKeyVersions.list",
        "cloudkms.cryptoKeyVersions.update",
        "iam.serviceAccounts.get",
        "iam.serviceAccounts.disable",
        "iam.serviceAccounts.getIamPolicy",
        "iam.serviceAccounts.setIamPolicy",
        "iam.denypolicies.get",
        "iam.denypolicies.list",
        "resourcemanager.projects.get",
        "resourcemanager.projects.getIamPolicy",
        "resourcemanager.folders.getIamPolicy",
        "resourcemanager.organizations.getIamPolicy",
    ];

    [Fact]
    public async Task With_all_permissions_every_method_would_work_and_nothing_is_written()
    {
        await using var world = await GcpWorld.StartAsync();
        var keys = await world.EnsureKeysAsync();
        var before = world.LastRequest;

        var drills = await world.Provider.DrillAsync(world.RevocationRequest(keys), world.Context);

        Assert.Equal(
            [
                (CmekRevocationMethod.RemoveGrant, CmekCheckStatus.Pass, true),
                (CmekRevocationMethod.DisableIdentity, CmekCheckStatus.Pass, false),
                (CmekRevocationMethod.RemoveTrust, CmekCheckStatus.Warning, false),
                (CmekRevocationMethod.DisableKey, CmekCheckStatus.Pass, false),
            ],
            drills.Select(d => (d.Method, d.Status, d.IsDefault))
        );
        Assert.Empty(world.WritesSince(before));
        world.ConformsToSpecification();
    }

    [Fact]
    public async Task What_the_drill_passes_a_revocation_with_the_same_permissions_does_and_what_it_fails_is_refused()
    {
        foreach (var lacking in Everything)
        {
            await using var world = await GcpWorld.StartAsync();
            var keys = await world.EnsureKeysAsync();
            var limited = world.ProviderWith([.. Everything.Where(p => p != lacking)]);
            foreach (var drill in await limited.DrillAsync(world.RevocationRequest(keys), world.Context))
            {
                var error = await Record.ExceptionAsync(async () =>
                {
                    var request = world.RevocationRequest(keys, drill.Method);
                    foreach (var change in await limited.PlanRevocationAsync(request, world.Context))
                    {
                        await limited.RevokeAccessAsync(change, world.Context);
                        await world.Provider.RestoreAccessAsync(change, world.Context);
                    }
                });
                if (drill.Status is CmekCheckStatus.Pass or CmekCheckStatus.Warning)
                    Assert.True(error is null, $"{drill.Method} passes without {lacking}: {error?.Message}");
                if (drill.Status == CmekCheckStatus.Fail)
                    Assert.True(error is not null, $"{drill.Method} fails without {lacking}: {drill.Detail}");
            }
        }
    }

    [Fact]
    public async Task A_grant_on_the_project_and_a_lacking_permission_are_told_before()
    {
        await using var world = await GcpWorld.StartAsync();
        var keys = await world.EnsureKeysAsync();
        await world.Administrator.BindAsync(
            $"projects/{GcpWorld.Project}",
            Binding("roles/cloudkms.cryptoKeyEncrypterDecrypter", $"serviceAccount:{keys[0].AuthPrincipal}")
        );

        var drills = await world
            .ProviderWith([.. Everything.Where(p => p != "iam.serviceAccounts.disable")])
            .DrillAsync(world.RevocationRequest(keys), world.Context);

        var grant = drills.Single(d => d.Method == CmekRevocationMethod.RemoveGrant);
        Assert.Equal(CmekCheckStatus.Fail, grant.Status);
        Assert.Contains($"project {GcpWorld.Project}", grant.Detail, StringComparison.Ordinal);
        var identity = drills.Single(d => d.Method == CmekRevocationMethod.DisableIdentity);
        Assert.Equal(CmekCheckStatus.Fail, identity.Status);
        Assert.Contains("iam.serviceAccounts.disable", identity.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_keys_of_a_cluster_are_found_in_Cloud_KMS_itself_with_its_service_account()
    {
        await using var world = await GcpWorld.StartAsync("gcp-eu");
        var keys = await world.EnsureKeysAsync();
        await world.Administrator.CreateKeyAsync();
        var expected = keys.Select(k => (k.Region, k.KeyUri, k.AuthPrincipal)).Order();

        foreach (
            var cluster in new[]
            {
                world.Cluster,
                new CrdbCluster { Id = world.Cluster.Id },
                new CrdbCluster { Name = world.Cluster.Name },
            }
        )
        {
            var found = (await world.Provider.FindKeysAsync(cluster, world.Context)).Keys;
            Assert.Equal(expected, found.Select(s => (s.Region, s.KeyUri, s.AuthPrincipal)).Order());
        }

        Assert.Empty(
            (await world.Provider.FindKeysAsync(new CrdbCluster { Id = Guid.Empty.ToString() }, world.Context)).Keys
        );
        world.ConformsToSpecification();
    }

    [Fact]
    public async Task Keys_are_found_after_their_grant_was_removed()
    {
        await using var world = await GcpWorld.StartAsync();
        var keys = await world.EnsureKeysAsync();
        await world.Administrator.BindAsync(keys[0].KeyUri, Binding("roles/cloudkms.viewer", "user:x@example.com"));

        var found = Assert.Single((await world.Provider.FindKeysAsync(world.Cluster, world.Context)).Keys);

        Assert.Equal(keys[0].AuthPrincipal, found.AuthPrincipal);
    }
}
