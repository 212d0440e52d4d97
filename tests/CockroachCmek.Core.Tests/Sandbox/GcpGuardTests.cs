using System.Text.Json.Nodes;
using static CockroachCmek.Core.Tests.Sandbox.GcpTestBed;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Organization policies, perimeters and APIs that are not enabled.</summary>
public sealed class GcpGuardTests : IAsyncDisposable
{
    private readonly GcpTestBed _gcp = new();

    public ValueTask DisposeAsync() => _gcp.DisposeAsync();

    [Theory]
    [InlineData("gcp.resourceLocations", "in:us-locations")]
    [InlineData("cloudkms.allowedProtectionLevels", "HSM")]
    [InlineData("cloudkms.minimumDestroyScheduledDuration", "in:60d")]
    public async Task A_key_against_a_constraint_is_refused_with_the_constraint(string constraint, string allowed)
    {
        await _gcp.OkAsync("POST", Location + "/keyRings?keyRingId=ring", "{}");
        _gcp.Sandbox.Enforce(constraint, allowed);
        var response = await _gcp.SendAsync("POST", Ring + "/cryptoKeys?cryptoKeyId=key", SymmetricKey);
        AssertViolates(constraint, response);
        _gcp.Sandbox.StopEnforcing(constraint);
        await _gcp.OkAsync("POST", Ring + "/cryptoKeys?cryptoKeyId=key", SymmetricKey);
    }

    [Fact]
    public async Task Accounts_their_keys_and_destruction_can_be_refused()
    {
        await _gcp.CreateKeyAsync();
        var email = await _gcp.CreateServiceAccountAsync("cmek-user");
        _gcp.Sandbox.Enforce("iam.disableServiceAccountCreation");
        _gcp.Sandbox.Enforce("iam.disableServiceAccountKeyCreation");
        _gcp.Sandbox.Enforce("cloudkms.disableBeforeDestroy");
        AssertViolates(
            "iam.disableServiceAccountCreation",
            await _gcp.SendAsync("POST", Project + "/serviceAccounts", """{"accountId":"another"}""")
        );
        AssertViolates(
            "iam.disableServiceAccountKeyCreation",
            await _gcp.SendAsync("POST", $"{Project}/serviceAccounts/{email}/keys", "{}")
        );
        const string First = Key + "/cryptoKeyVersions/1";
        AssertViolates("cloudkms.disableBeforeDestroy", await _gcp.SendAsync("POST", First + ":destroy", "{}"));
        await _gcp.OkAsync("PATCH", First + "?updateMask=state", """{"state":"DISABLED"}""");
        await _gcp.OkAsync("POST", First + ":destroy", "{}");
    }

    [Fact]
    public async Task A_managed_constraint_has_another_shape_and_only_version_2_shows_it()
    {
        var email = await _gcp.CreateServiceAccountAsync("cmek-user");
        _gcp.Sandbox.Enforce("iam.managed.allowedPolicyMembers");
        var response = await _gcp.SendAsync(
            "POST",
            $"{Project}/serviceAccounts/{email}:setIamPolicy",
            Policy(TokenCreator, "serviceAccount:" + ClusterAccount)
        );
        Assert.Equal("400 FAILED_PRECONDITION", response.Refusal);
        var info = response.Body["error"]!["details"]!.AsArray().Single()!;
        Assert.Equal("CUSTOM_ORG_POLICY_VIOLATION", (string)info["reason"]!);
        Assert.Equal("constraints/iam.managed.allowedPolicyMembers", (string)info["metadata"]!["customConstraints"]!);

        const string Constraint = """{"constraint":"constraints/iam.managed.allowedPolicyMembers"}""";
        var old = await _gcp.SendAsync("POST", Project + ":getEffectiveOrgPolicy", Constraint);
        Assert.Contains("only supported with Org Policy V2 API", old.ErrorMessage, StringComparison.Ordinal);
        const string Path = "v2/projects/sandbox-customer/policies/iam.managed.allowedPolicyMembers";
        _gcp.Sandbox.DisableService("orgpolicy.googleapis.com");
        Assert.Equal("PERMISSION_DENIED", (await _gcp.SendAsync("GET", Path + ":getEffectivePolicy")).Error);
        _gcp.Sandbox.EnableService("orgpolicy.googleapis.com");
        var policy = await _gcp.OkAsync("GET", Path + ":getEffectivePolicy");
        Assert.True((bool)policy["spec"]!["rules"]![0]!["enforce"]!);
        Assert.Single((await _gcp.OkAsync("GET", "v2/projects/sandbox-customer/policies"))["policies"]!.AsArray());
    }

    [Fact]
    public async Task A_perimeter_refuses_reads_too_and_names_neither_itself_nor_the_reason()
    {
        await _gcp.CreateKeyAsync();
        _gcp.Sandbox.SetPerimeter(["cloudkms.googleapis.com"], "user:inside@example.com");
        var response = await _gcp.SendAsync("GET", Key);
        Assert.Equal("403 PERMISSION_DENIED", response.Refusal);
        var details = response.Body["error"]!["details"]!.AsArray();
        var info = details.Single(d => (string?)d!["reason"] == "SECURITY_POLICY_VIOLATED")!;
        Assert.Equal(
            "Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: "
                + (string)info["metadata"]!["uid"]!,
            response.ErrorMessage
        );
        Assert.Equal(64, ((string)info["metadata"]!["uid"]!).Length);
        var inside = _gcp.Sandbox.AddPrincipal("inside@example.com", "cloudkms.cryptoKeys.get");
        Assert.Equal(200, (await _gcp.SendAsync("GET", Key, token: inside)).Status);
        await _gcp.OkAsync("GET", Project + "/serviceAccounts");
        _gcp.Sandbox.SetPerimeter([]);
        await _gcp.OkAsync("GET", Key);
    }

    [Fact]
    public async Task A_role_that_is_disabled_grants_nothing_and_an_organizations_role_works_everywhere()
    {
        await _gcp.CreateKeyAsync();
        var token = _gcp.Sandbox.AddPrincipal("user@example.com");
        foreach (var (id, stage) in new[] { ("offRole", "DISABLED"), ("onRole", "GA") })
        {
            var role = await _gcp.OkAsync(
                "POST",
                "v1/organizations/200000000010/roles",
                new JsonObject
                {
                    ["roleId"] = id,
                    ["role"] = new JsonObject
                    {
                        ["stage"] = stage,
                        ["includedPermissions"] = new JsonArray("cloudkms.cryptoKeys.get"),
                    },
                }.ToJsonString()
            );
            await _gcp.BindAsync(Key, (string)role["name"]!, "user:user@example.com");
            _gcp.Advance(_gcp.Sandbox.PropagationDelay);
            Assert.Equal(stage == "GA" ? 200 : 403, (await _gcp.SendAsync("GET", Key, token: token)).Status);
        }
    }

    private static void AssertViolates(string constraint, TestResponse response)
    {
        Assert.Equal("400 FAILED_PRECONDITION", response.Refusal);
        Assert.Equal(
            "constraints/" + constraint,
            (string)response.Body["error"]!["details"]![0]!["violations"]![0]!["type"]!
        );
    }
}
