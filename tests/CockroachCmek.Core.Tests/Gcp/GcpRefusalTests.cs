using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Gcp;
using CockroachCmek.Sandbox;

namespace CockroachCmek.Core.Tests.Gcp;

/// <summary>Wrong input on Google Cloud: its own error id, the next command, and nothing half-made.</summary>
public sealed class GcpRefusalTests
{
    [Fact]
    public async Task A_project_without_the_API_is_told_to_enable_it_and_the_command_names_both()
    {
        await using var world = new GcpWorld();
        var cluster = await world.ClusterAsync("gcp-us");
        var role = await world.RoleAsync(cluster);
        var fault = await RefusedAsync(world, "GcpApiDisabled", () =>
            world.Provider.EnsureKeysAsync(
                GcpWorld.Request(cluster, role.AuthPrincipal, new GcpKeyOptions { Project = "no-kms-project" }),
                world.Context
            )
        );
        Assert.Matches(@"^gcloud services enable cloudkms\.googleapis\.com --project \d+", fault.RecommendedAction); // Google names the project by its number
    }

    [Fact]
    public async Task Missing_permissions_are_named_and_nothing_is_made()
    {
        await using var world = new GcpWorld();
        var cluster = await world.ClusterAsync("gcp-us");
        var weak = world.As(
            world.Server.Gcp.AddPrincipal(
                "weak@example.com",
                "iam.serviceAccounts.get",
                "cloudkms.cryptoKeys.get",
                "cloudkms.keyRings.get",
                "cloudkms.locations.get"
            )
        );
        var fault = await RefusedAsync(world, "GcpPermissionDenied", () =>
            weak.EnsureRoleAsync(new RoleRequest { Cluster = cluster, OrganizationId = "" }, world.Context)
        );
        Assert.Contains("iam.serviceAccounts.create", fault.Message, StringComparison.Ordinal);
        var role = await world.RoleAsync(cluster);
        fault = await RefusedAsync(world, "GcpPermissionDenied", () =>
            weak.EnsureKeysAsync(GcpWorld.Request(cluster, role.AuthPrincipal), world.Context)
        );
        Assert.Contains("cloudkms.keyRings.create", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_Google_does_not_know_is_refused()
    {
        await using var world = new GcpWorld();
        var cluster = await world.ClusterAsync("gcp-us");
        await RefusedAsync(world, "GcpCredentialsRefused", () =>
            world
                .As("not-a-token")
                .EnsureRoleAsync(new RoleRequest { Cluster = cluster, OrganizationId = "" }, world.Context)
        );
    }

    [Fact]
    public async Task An_organization_policy_is_explained_with_its_constraint_and_not_tried_again()
    {
        await using var world = new GcpWorld();
        var cluster = await world.ClusterAsync("gcp-us");
        world.Server.Gcp.RestrictMembers = true;
        var fault = await Assert.ThrowsAsync<CmekException>(() => world.RoleAsync(cluster));
        Assert.Equal("OrganizationPolicyForbids", fault.ErrorId);
        Assert.Contains("constraints/iam.allowedPolicyMemberDomains", fault.Message, StringComparison.Ordinal);
        Assert.Single(world.Server.Exchanges, e => e.Request.Path.EndsWith(":setIamPolicy", StringComparison.Ordinal));
        // The account is there, and once the organization makes an exception the next run only has to bind it.
        world.Server.Gcp.RestrictMembers = false;
        Assert.Equal(CmekOutcome.Updated, (await world.RoleAsync(cluster)).Outcome);
    }

    [Theory]
    [InlineData("mars-central1", null, "LocationUnknown")]
    [InlineData("europe", "projects/sandbox-customer/locations/us/keyRings/mine", "KeyRingElsewhere")]
    [InlineData(null, "my.ring", "NameMalformed")]
    public async Task A_wrong_place_is_refused_before_a_ring_is_made(string? location, string? ring, string errorId)
    {
        await using var world = new GcpWorld();
        var cluster = await world.ClusterAsync("gcp-us");
        var role = await world.RoleAsync(cluster);
        await RefusedAsync(world, errorId, () =>
            world.Provider.EnsureKeysAsync(
                GcpWorld.Request(
                    cluster,
                    role.AuthPrincipal,
                    new GcpKeyOptions { Location = location, KeyRing = ring }
                ),
                world.Context
            )
        );
    }

    [Theory]
    [InlineData("somebody", "ServiceAccountMalformed")]
    [InlineData("crl-kms-user-0123456789ab@crl-sandbox-gcp-us.iam.gserviceaccount.com", "ServiceAccountNotYours")]
    [InlineData("crdb-cmek@another-project.iam.gserviceaccount.com", "ServiceAccountElsewhere")]
    [InlineData("not-there@sandbox-customer.iam.gserviceaccount.com", "ServiceAccountNotFound")]
    public async Task An_account_that_cannot_be_the_one_is_refused(string principal, string errorId)
    {
        await using var world = new GcpWorld();
        var cluster = await world.ClusterAsync("gcp-us");
        await RefusedAsync(world, errorId, () =>
            world.Provider.EnsureKeysAsync(GcpWorld.Request(cluster, principal), world.Context)
        );
    }

    [Fact]
    public async Task A_disabled_account_is_refused_for_keys_and_enabled_on_request()
    {
        await using var world = new GcpWorld();
        var cluster = await world.ClusterAsync("gcp-us");
        var role = await world.RoleAsync(cluster);
        await world.SendAsync(
            HttpMethod.Post,
            $"projects/sandbox-customer/serviceAccounts/{role.AuthPrincipal}:disable",
            "{}"
        );
        await RefusedAsync(world, "ServiceAccountDisabled", () =>
            world.Provider.EnsureKeysAsync(GcpWorld.Request(cluster, role.AuthPrincipal), world.Context)
        );
        await RefusedAsync(world, "RoleDiffers", () => world.RoleAsync(cluster));
        var updated = await world.Provider.EnsureRoleAsync(
            new RoleRequest
            {
                Cluster = cluster,
                OrganizationId = "",
                Update = true,
            },
            world.Context
        );
        Assert.Equal(CmekOutcome.Updated, updated.Outcome);
        Assert.Equal(CmekOutcome.Existing, (await world.RoleAsync(cluster)).Outcome);
    }

    [Fact]
    public async Task An_account_that_serves_another_cluster_is_left_alone_until_it_may_be_updated()
    {
        await using var world = new GcpWorld();
        var (one, other) = (await world.ClusterAsync("gcp-us"), await world.ClusterAsync("gcp-eu"));
        var request = new RoleRequest
        {
            Cluster = one,
            OrganizationId = "",
            Name = "shared-account",
        };
        await world.Provider.EnsureRoleAsync(request, world.Context);
        var fault = await RefusedAsync(world, "RoleDiffers", () =>
            world.Provider.EnsureRoleAsync(request with { Cluster = other }, world.Context)
        );
        Assert.Contains($"crl-kms-user-{one.Id[^12..]}", fault.Message, StringComparison.Ordinal);
        Assert.Equal(
            CmekOutcome.Updated,
            (
                await world.Provider.EnsureRoleAsync(request with { Cluster = other, Update = true }, world.Context)
            ).Outcome
        );
        Assert.Equal(
            CmekOutcome.Existing,
            (await world.Provider.EnsureRoleAsync(request with { Cluster = other }, world.Context)).Outcome
        );
        await RefusedAsync(world, "RoleDiffers", () => world.Provider.EnsureRoleAsync(request, world.Context));
    }

    [Theory]
    [InlineData(
        """{"purpose":"ASYMMETRIC_DECRYPT","versionTemplate":{"algorithm":"RSA_DECRYPT_OAEP_2048_SHA256"}}""",
        null,
        "KeyNotSymmetric"
    )]
    [InlineData(
        """{"purpose":"RAW_ENCRYPT_DECRYPT","versionTemplate":{"algorithm":"AES_256_GCM","protectionLevel":"HSM"}}""",
        null,
        "KeyNotSymmetric"
    )]
    [InlineData("""{"purpose":"ENCRYPT_DECRYPT"}""", "DISABLED", "KeyDisabled")]
    [InlineData("""{"purpose":"ENCRYPT_DECRYPT"}""", "DESTROY_SCHEDULED", "KeyPendingDeletion")]
    [InlineData("""{"purpose":"ENCRYPT_DECRYPT"}""", null, "KeyNotGranted")]
    public async Task An_existing_key_that_is_not_fit_is_refused(string key, string? state, string errorId)
    {
        await using var world = new GcpWorld();
        var cluster = await world.ClusterAsync("gcp-us");
        var role = await world.RoleAsync(cluster);
        var uri = await MadeAsync(world, "theirs", key);
        if (state == "DISABLED")
            await world.SendAsync(
                HttpMethod.Patch,
                $"{uri}/cryptoKeyVersions/1?updateMask=state",
                """{"state":"DISABLED"}"""
            );
        if (state == "DESTROY_SCHEDULED")
            await world.SendAsync(HttpMethod.Post, $"{uri}/cryptoKeyVersions/1:destroy", "{}");
        var request = GcpWorld.Request(cluster, role.AuthPrincipal) with
        {
            KeyUris = [uri],
            Grant = errorId != "KeyNotGranted",
        };
        await RefusedAsync(world, errorId, () => world.Provider.EnsureKeysAsync(request, world.Context));
    }

    [Fact]
    public async Task A_key_of_somebody_else_under_the_name_is_left_alone_and_one_that_is_different_too()
    {
        await using var world = new GcpWorld();
        var (cluster, other) = (await world.ClusterAsync("gcp-us"), await world.ClusterAsync("gcp-eu"));
        var (role, second) = (await world.RoleAsync(cluster), await world.RoleAsync(other));
        var request = GcpWorld.Request(cluster, role.AuthPrincipal, new GcpKeyOptions { Location = "global" }) with
        {
            Name = "shared",
        };
        await world.Provider.EnsureKeysAsync(request, world.Context);
        await RefusedAsync(world, "KeyNameTaken", () =>
            world.Provider.EnsureKeysAsync(
                GcpWorld.Request(other, second.AuthPrincipal, new GcpKeyOptions { Location = "global" }) with
                {
                    Name = "shared",
                },
                world.Context
            )
        );
        await RefusedAsync(world, "KeyDiffers", () => world.Provider.EnsureKeysAsync(
                request with
                {
                    Gcp = new GcpKeyOptions { Location = "global", ProtectionLevel = CmekProtectionLevel.Hsm },
                },
                world.Context
            ));
    }

    [Fact]
    public async Task The_name_of_a_deleted_key_is_recognised_as_gone_for_ever()
    {
        await using var world = new GcpWorld(scale: 5_000_000); // a version is destroyed after 30 days
        var cluster = await world.ClusterAsync("gcp-us");
        var key = (await world.KeysAsync(cluster))[0];
        await world.SendAsync(HttpMethod.Post, $"{key.KeyUri}/cryptoKeyVersions/1:destroy", "{}");
        while (
            (await world.GetAsync($"{key.KeyUri}/cryptoKeyVersions/1")).GetProperty("state").GetString() != "DESTROYED"
        )
            await world.Context.Time.Delay(TimeSpan.FromHours(6), CancellationToken.None);
        await world.SendAsync(HttpMethod.Delete, $"{key.KeyUri}/cryptoKeyVersions/1");
        await world.SendAsync(HttpMethod.Delete, key.KeyUri);
        var fault = await Assert.ThrowsAsync<CmekException>(() => world.KeysAsync(cluster));
        Assert.Equal("KeyNameRetired", fault.ErrorId);
    }

    [Fact]
    public async Task Labels_that_Google_does_not_take_are_named_before_anything_is_made()
    {
        await using var world = new GcpWorld();
        var cluster = await world.ClusterAsync("gcp-us");
        var role = await world.RoleAsync(cluster);
        var fault = await RefusedAsync(world, "LabelMalformed", () =>
            world.Provider.EnsureKeysAsync(
                GcpWorld.Request(cluster, role.AuthPrincipal) with
                {
                    Tags = new Dictionary<string, string> { ["Team"] = "DB" },
                },
                world.Context
            )
        );
        Assert.Contains("Team=DB", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_fault_of_every_region_is_named_at_once()
    {
        await using var world = new GcpWorld();
        var cluster = await world.ClusterAsync("gcp-eu");
        var keys = await world.KeysAsync(cluster);
        foreach (var key in keys)
            await world.SendAsync(
                HttpMethod.Patch,
                $"{key.KeyUri}/cryptoKeyVersions/1?updateMask=state",
                """{"state":"DISABLED"}"""
            );
        var fault = await Assert.ThrowsAsync<CmekException>(() => world.KeysAsync(cluster));
        Assert.Equal("KeyDisabled", fault.ErrorId);
        Assert.All(keys, k => Assert.Contains(k.KeyUri, fault.Message, StringComparison.Ordinal));
    }

    internal static async Task<string> MadeAsync(GcpWorld world, string id, string key, string location = "us-east4")
    {
        await world.SendAsync(
            HttpMethod.Post,
            $"projects/sandbox-customer/locations/{location}/keyRings?keyRingId=theirs",
            "{}"
        );
        await world.SendAsync(
            HttpMethod.Post,
            $"projects/sandbox-customer/locations/{location}/keyRings/theirs/cryptoKeys?cryptoKeyId={id}",
            key
        );
        return $"projects/sandbox-customer/locations/{location}/keyRings/theirs/cryptoKeys/{id}";
    }

    /// <summary>Refused in these terms, and nothing was changed.</summary>
    private static async Task<CmekException> RefusedAsync(GcpWorld world, string errorId, Func<Task> work)
    {
        var before = world.Now;
        var fault = await Assert.ThrowsAsync<CmekException>(work);
        Assert.Equal(errorId, fault.ErrorId);
        Assert.NotEmpty(fault.RecommendedAction);
        Assert.DoesNotContain(world.Server.Exchanges, e =>
            e.Request.Index > before
            && e.Response?.Status == 200
            && e.Request.Method != "GET"
            && !e.Request.Path.EndsWith(":getIamPolicy", StringComparison.Ordinal)
        );
        world.Conforms();
        return fault;
    }
}
