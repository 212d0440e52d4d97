using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Azure;
using CockroachCmek.Sandbox.Azure;

namespace CockroachCmek.Core.Tests.Azure;

/// <summary>Checks of a region's key.</summary>
public sealed class AzureCheckTests
{
    [Fact]
    public async Task A_sound_key_passes_and_a_wide_role_or_a_far_location_is_a_warning()
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync();
        var checks = await CheckAsync(world, cluster, info, "northeurope");
        Assert.Equal(
            [
                "KeyDeletionWindow",
                "KeyExpiry",
                "KeyGranted",
                "KeyOrigin",
                "KeyProtected",
                "KeyProtectionLevel",
                "KeyReachable",
                "KeyRotation",
                "KeyUsable",
                "OldVersionsUsable",
                "RoleTrust",
                "SeparationOfDuties",
                "VersionInUse",
            ],
            Names(checks, CmekCheckStatus.Pass)
        );
        Assert.Equal(["KeyElsewhere", "KeyPolicyWide"], ErrorIds(checks, CmekCheckStatus.Warning));
        Assert.Equal(["KeyLocation", "KeyPolicyNarrow"], Names(checks, CmekCheckStatus.Warning));
        Assert.DoesNotContain(checks, c => c.Status is CmekCheckStatus.Fail or CmekCheckStatus.Unknown);
    }

    [Fact]
    public async Task A_key_near_its_nodes_passes_KeyLocation()
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync();
        Assert.Contains(
            "KeyLocation",
            Names(await CheckAsync(world, cluster, info, "westeurope"), CmekCheckStatus.Pass)
        );
    }

    [Fact]
    public async Task The_narrowest_role_is_not_too_wide()
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync("azure-in", r => r.With("RoleName", KeyVaultRoles.Narrowest));
        var checks = await CheckAsync(world, cluster, info, "centralindia");
        Assert.DoesNotContain("KeyPolicyWide", ErrorIds(checks, CmekCheckStatus.Warning));
    }

    [Fact]
    public async Task A_key_that_expires_or_rotates_by_itself_and_an_unused_version_are_warnings()
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync("azure-in", r =>
            r.With("ExpiresOn", world.Time.GetUtcNow().AddDays(20)) with
            {
                RotationPeriodInDays = 90,
            }
        );
        await world.KeyAsync("POST", $"keys/{AzureRequests.NameOf(info.Regions[0].Keys[0].KeyUri)}/rotate");
        var checks = await CheckAsync(world, cluster, info, "centralindia");
        Assert.Equal(
            ["KeyElsewhere", "KeyExpiresSoon", "KeyPolicyWide", "RotatesByItself", "VersionNotTakenUp"],
            ErrorIds(checks, CmekCheckStatus.Warning)
        );
        Assert.All(checks.Where(c => c.Status == CmekCheckStatus.Warning), c => Assert.NotEmpty(c.Remedy));
    }

    [Theory]
    [InlineData("grant", "KeyGranted", "KeyNotGranted")]
    [InlineData("disable", "KeyUsable", "KeyDisabled")]
    [InlineData("delete", "KeyUsable", "KeySoftDeleted")]
    [InlineData("application", "RoleTrust", "ConsentMissing")]
    public async Task What_does_not_work_fails_with_the_id_of_its_error(string damage, string check, string errorId)
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync("azure-in");
        await DamageAsync(world, cluster, info.Regions[0].Keys[0].KeyUri, damage);
        await world.PropagateAsync();
        var failed = Assert.Single(await CheckAsync(world, cluster, info, "centralindia"), c =>
            c.Status == CmekCheckStatus.Fail
        );
        Assert.Equal((check, errorId), (failed.Check, failed.ErrorId));
    }

    [Fact]
    public async Task A_caller_without_permissions_sees_Unknown_and_the_role_to_ask_for()
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync("azure-in");
        var checks = await CheckAsync(world, cluster, info, "centralindia", world.As(AzureRights.None));
        Assert.Equal(
            ["KeyGranted", "KeyPolicyNarrow", "KeyProtected", "KeyUsable", "RoleTrust"],
            Names(checks, CmekCheckStatus.Unknown)
        );
        Assert.DoesNotContain(checks, c => c.Status == CmekCheckStatus.Pass);
        Assert.Contains("--role Reader", Remedy("KeyProtected"), StringComparison.Ordinal);
        Assert.Contains("Key Vault Reader", Remedy("KeyUsable"), StringComparison.Ordinal);
        Assert.Contains("Application.Read.All", Remedy("RoleTrust"), StringComparison.Ordinal);

        string Remedy(string check) => checks.Single(c => c.Check == check).Remedy;
    }

    [Fact]
    public async Task Without_the_directory_the_access_is_Unknown_and_names_the_permission()
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync("azure-in");
        var provider = world.As(AzureRights.Subscription | AzureRights.Keys);
        var checks = await CheckAsync(world, cluster, info, "centralindia", provider);
        foreach (var check in new[] { "KeyGranted", "KeyPolicyNarrow" })
        {
            var found = Assert.Single(checks, c => c.Check == check);
            Assert.Equal(CmekCheckStatus.Unknown, found.Status);
            Assert.Contains("Application.Read.All (Microsoft Graph)", found.Detail, StringComparison.Ordinal);
            Assert.StartsWith("az ad sp show --id ", found.Remedy, StringComparison.Ordinal);
        }

        var access = await provider.ReadAccessAsync(
            new KeyAccessRequest { Cluster = cluster, Spec = info.Specs()[0] },
            world.Context
        );
        Assert.Equal(CmekAccessVerdict.Unknown, access.Verdict);
        Assert.Empty(access.Wider);
    }

    [Fact]
    public async Task Without_the_Key_Vault_the_grant_is_Unknown_and_names_the_permission()
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync("azure-in");
        var provider = world.As(AzureRights.GraphRead);
        var checks = await CheckAsync(world, cluster, info, "centralindia", provider);
        var found = Assert.Single(checks, c => c.Check == "KeyGranted");
        Assert.Equal(CmekCheckStatus.Unknown, found.Status);
        Assert.Contains("Microsoft.KeyVault/vaults/read", found.Detail, StringComparison.Ordinal);
        Assert.StartsWith("az keyvault show --name ", found.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_past_key_is_checked_only_for_being_there_and_enabled()
    {
        await using var world = new AzureWorld();
        var (cluster, info) = await world.EnabledAsync("azure-in");
        var request = AzureRequests.Check(cluster, info, "centralindia") with { IsPast = true };
        var passed = Assert.Single(await world.Provider.CheckKeyAsync(request, world.Context));
        Assert.Equal(("PastKeyUsable", CmekCheckStatus.Pass), (passed.Check, passed.Status));

        await DamageAsync(world, cluster, request.Spec.KeyUri, "disable");
        var failed = Assert.Single(await world.Provider.CheckKeyAsync(request, world.Context));
        Assert.Equal(
            ("PastKeyUsable", "KeyDisabled", CmekCheckStatus.Fail),
            (failed.Check, failed.ErrorId, failed.Status)
        );
    }

    private static async Task DamageAsync(AzureWorld world, CrdbCluster cluster, string keyUri, string damage)
    {
        var path = AzureRequests.PathOf(keyUri);
        switch (damage)
        {
            case "grant":
                var assignments = world
                    .WritesSince(0)
                    .Where(w => w.Contains("/roleAssignments/", StringComparison.Ordinal));
                foreach (var assignment in assignments.ToList())
                    await world.ArmAsync("DELETE", assignment.Split(' ')[1], "2022-04-01");
                break;
            case "disable":
                await world.KeyAsync("PATCH", path, """{"attributes":{"enabled":false}}""");
                break;
            case "delete":
                await world.KeyAsync("DELETE", path[..path.LastIndexOf('/')]);
                break;
            case "application":
                await world.GraphAsync("DELETE", $"servicePrincipals/{(await world.RoleAsync(cluster)).PrincipalId}");
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(damage));
        }
    }

    private static Task<IReadOnlyList<CmekCheck>> CheckAsync(
        AzureWorld world,
        CrdbCluster cluster,
        CmekInfo info,
        string region,
        AzureKeyProvider? provider = null
    ) => (provider ?? world.Provider).CheckKeyAsync(AzureRequests.Check(cluster, info, region), world.Context);

    private static IEnumerable<string> Names(IEnumerable<CmekCheck> checks, CmekCheckStatus status) =>
        checks.Where(c => c.Status == status).Select(c => c.Check).Order(StringComparer.Ordinal);

    private static IEnumerable<string> ErrorIds(IEnumerable<CmekCheck> checks, CmekCheckStatus status) =>
        checks.Where(c => c.Status == status).Select(c => c.ErrorId).Order(StringComparer.Ordinal);
}
