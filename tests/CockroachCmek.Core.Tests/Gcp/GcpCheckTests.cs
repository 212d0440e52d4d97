using CockroachCmek.Core.Keys.Gcp;
using static CockroachCmek.Core.Tests.Gcp.GcpAdministrator;

namespace CockroachCmek.Core.Tests.Gcp;

/// <summary>The live checks of a region's key and of its service account.</summary>
public sealed class GcpCheckTests
{
    [Fact]
    public async Task A_key_that_the_module_created_passes_every_check_and_nothing_is_written()
    {
        await using var world = await GcpWorld.StartAsync();
        var key = (await world.EnsureKeysAsync())[0];
        var before = world.LastRequest;

        var checks = await CheckAsync(world, key);

        Assert.Equal(
            [
                "KeyUsable",
                "KeyLocation",
                "KeyGranted",
                "KeyPolicyNarrow",
                "KeyPolicyCurrent",
                "SeparationOfDuties",
                "KeyOrigin",
                "VersionInUse",
                "KeyProtectionLevel",
                "KeyDeletionWindow",
                "OrganizationPolicy",
                "RoleTrust",
            ],
            checks.Select(c => c.Check)
        );
        Assert.All(checks, c => Assert.Equal(CmekCheckStatus.Pass, c.Status));
        Assert.Empty(world.WritesSince(before));
        world.ConformsToSpecification();
    }

    [Fact]
    public async Task A_key_with_wide_grants_elsewhere_and_behind_gets_a_warning_for_each()
    {
        await using var world = await GcpWorld.StartAsync();
        var key = (await world.EnsureKeysAsync(GcpWorld.Options(location: "europe")))[0];
        var request = world.CheckRequest(key);
        var member = $"serviceAccount:{key.AuthPrincipal}";
        await world.Administrator.BindAsync(
            key.KeyUri,
            Binding(GcpNames.UseRole, member),
            Binding("roles/cloudkms.admin", member)
        );
        await world.Administrator.CreateVersionAsync(key.KeyUri);
        await world.Administrator.MakePrimaryAsync(key.KeyUri, 2);
        await world.Administrator.DisableVersionAsync(key.KeyUri);

        var checks = await world.Provider.CheckKeyAsync(request, world.Context);

        Assert.Equal(
            [
                ("KeyLocation", "KeyElsewhere"),
                ("KeyPolicyNarrow", "KeyPolicyWide"),
                ("OldVersionsUsable", "OldVersionUnusable"),
                ("VersionInUse", "VersionNotTakenUp"),
            ],
            checks.Where(c => c.Status == CmekCheckStatus.Warning).Select(c => (c.Check, c.ErrorId))
        );
        Assert.DoesNotContain(checks, c => c.Status == CmekCheckStatus.Fail);
    }

    [Fact]
    public async Task A_conditional_grant_is_unknown_and_not_a_pass()
    {
        await using var world = await GcpWorld.StartAsync();
        var key = (await world.EnsureKeysAsync())[0];
        await world.Administrator.BindAsync(
            key.KeyUri,
            Binding(GcpNames.UseRole, $"serviceAccount:{key.AuthPrincipal}", Until("2100-01-01", "this century"))
        );

        var granted = Assert.Single(await CheckAsync(world, key), c => c.Check == "KeyGranted");

        Assert.Equal((CmekCheckStatus.Unknown, "KeyGrantConditional"), (granted.Status, granted.ErrorId));
        Assert.Contains("depends on request.time", granted.Detail, StringComparison.Ordinal);
        Assert.StartsWith("gcloud policy-troubleshoot iam", granted.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Problems_fail_with_the_id_of_the_error_that_a_write_would_raise()
    {
        await using var world = await GcpWorld.StartAsync();
        var key = (await world.EnsureKeysAsync())[0];
        await world.Administrator.BindAsync(key.KeyUri);
        await world.Administrator.DisableVersionAsync(key.KeyUri);
        await world.Administrator.BindAsync(
            Account(key.AuthPrincipal),
            Binding(GcpNames.TrustRole, "user:somebody@example.com")
        );

        Assert.Equal(
            [("KeyUsable", "KeyDisabled"), ("KeyGranted", "KeyNotGranted"), ("RoleTrust", "RoleDiffers")],
            Failed(await CheckAsync(world, key))
        );
    }

    [Fact]
    public async Task A_missing_key_and_a_missing_service_account_fail_and_what_depends_on_them_is_not_checked()
    {
        await using var world = await GcpWorld.StartAsync();
        var key = (await world.EnsureKeysAsync())[0];
        await world.Administrator.DeleteAccountAsync(key.AuthPrincipal);

        var checks = await CheckAsync(world, key with { KeyUri = key.KeyUri + "x" });

        Assert.Equal([("KeyUsable", "KeyNotFound"), ("RoleTrust", "ServiceAccountNotFound")], Failed(checks));
        Assert.Equal(
            ["KeyLocation", "OrganizationPolicy"],
            checks.Where(c => c.Status != CmekCheckStatus.Fail).Select(c => c.Check)
        );
    }

    [Fact]
    public async Task A_check_that_lacks_permission_is_unknown_and_its_remedy_names_the_permission()
    {
        await using var world = await GcpWorld.StartAsync();
        var key = (await world.EnsureKeysAsync())[0];
        var provider = world.ProviderWith("iam.serviceAccounts.get", "iam.serviceAccounts.getIamPolicy");

        var checks = await provider.CheckKeyAsync(world.CheckRequest(key), world.Context);

        Assert.Equal(
            [
                ("KeyUsable", CmekCheckStatus.Unknown),
                ("KeyLocation", CmekCheckStatus.Pass),
                ("KeyGranted", CmekCheckStatus.Unknown),
                ("KeyPolicyNarrow", CmekCheckStatus.Unknown),
                ("KeyPolicyCurrent", CmekCheckStatus.Unknown),
                ("SeparationOfDuties", CmekCheckStatus.Unknown),
                ("OrganizationPolicy", CmekCheckStatus.Unknown),
                ("RoleTrust", CmekCheckStatus.Unknown),
            ],
            checks.Select(c => (c.Check, c.Status))
        );
        Assert.Contains("cloudkms.cryptoKeys.get", checks[0].Remedy, StringComparison.Ordinal);
        Assert.Contains("needs cloudkms.cryptoKeys.getIamPolicy", checks[2].Detail, StringComparison.Ordinal);
        Assert.StartsWith("gcloud kms keys get-iam-policy", checks[2].Remedy, StringComparison.Ordinal);
        Assert.Equal("GcpPermissionDenied", checks[0].ErrorId);
    }

    [Fact]
    public async Task A_policy_that_cannot_be_read_hides_no_other_check()
    {
        await using var world = await GcpWorld.StartAsync();
        var key = (await world.EnsureKeysAsync())[0];
        var provider = world.ProviderWith("cloudkms.cryptoKeys.get", "cloudkms.cryptoKeyVersions.list");

        var checks = await provider.CheckKeyAsync(world.CheckRequest(key), world.Context);

        Assert.Equal(
            [
                ("KeyUsable", CmekCheckStatus.Pass),
                ("KeyLocation", CmekCheckStatus.Pass),
                ("KeyGranted", CmekCheckStatus.Unknown),
                ("KeyPolicyNarrow", CmekCheckStatus.Unknown),
                ("KeyPolicyCurrent", CmekCheckStatus.Unknown),
                ("SeparationOfDuties", CmekCheckStatus.Unknown),
                ("KeyOrigin", CmekCheckStatus.Pass),
                ("VersionInUse", CmekCheckStatus.Pass),
                ("KeyProtectionLevel", CmekCheckStatus.Pass),
                ("KeyDeletionWindow", CmekCheckStatus.Pass),
                ("OrganizationPolicy", CmekCheckStatus.Unknown),
                ("RoleTrust", CmekCheckStatus.Unknown),
            ],
            checks.Select(c => (c.Check, c.Status))
        );
    }

    [Fact]
    public async Task Regions_that_are_checked_in_one_run_share_what_is_read_of_their_service_account()
    {
        await using var world = await GcpWorld.StartAsync("gcp-eu");
        var keys = await world.EnsureKeysAsync();
        var before = world.LastRequest;
        var context = world.Context;

        await Task.WhenAll(keys.Select(k => world.Provider.CheckKeyAsync(world.CheckRequest(k), context)));
        var paths = world.Server.Exchanges.Where(e => e.Request.Index > before).Select(e => e.Request.Path).ToList();

        Assert.Single(paths, p => p.EndsWith(":getEffectiveOrgPolicy", StringComparison.Ordinal));
        Assert.Single(paths, p => p.EndsWith(keys[0].AuthPrincipal, StringComparison.Ordinal));
        Assert.Single(paths, p => p.EndsWith($"{keys[0].AuthPrincipal}:getIamPolicy", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Of_a_past_key_the_version_of_its_time_has_to_be_enabled()
    {
        await using var world = await GcpWorld.StartAsync();
        var key = (await world.EnsureKeysAsync())[0];
        var past = world.CheckRequest(key) with { IsPast = true };
        await world.Provider.RotateKeysAsync(world.RotationRequest([key]), world.Context);

        var usable = Assert.Single(await world.Provider.CheckKeyAsync(past, world.Context));
        await world.Administrator.DestroyVersionAsync(key.KeyUri);
        var destroyed = Assert.Single(await world.Provider.CheckKeyAsync(past, world.Context));

        Assert.Equal(("PastKeyUsable", CmekCheckStatus.Pass), (usable.Check, usable.Status));
        Assert.Equal(("PastKeyUsable", CmekCheckStatus.Fail), (destroyed.Check, destroyed.Status));
        Assert.Equal("KeyPendingDeletion", destroyed.ErrorId);
        Assert.Contains("gcloud kms keys versions restore 1", destroyed.Remedy, StringComparison.Ordinal);
    }

    private static Task<IReadOnlyList<CmekCheck>> CheckAsync(GcpWorld world, CmekKey key) =>
        world.Provider.CheckKeyAsync(world.CheckRequest(key), world.Context);

    private static IEnumerable<(string Check, string ErrorId)> Failed(IEnumerable<CmekCheck> checks) =>
        checks.Where(c => c.Status == CmekCheckStatus.Fail).Select(c => (c.Check, c.ErrorId));
}
