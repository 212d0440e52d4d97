using System.Text.Json.Nodes;
using CockroachCmek.Core.Access;
using CockroachCmek.Core.Checks;
using CockroachCmek.Core.Keys.Azure;
using CockroachCmek.Core.Keys.Azure.Access;

namespace CockroachCmek.Core.Tests.Azure.Access;

/// <summary>What is read, what is concluded from it, and what is said when something could not be read.</summary>
public sealed class AzureReadingTests
{
    private const string Everything = "Microsoft.KeyVault/vaults/keys/*";

    [Theory]
    [InlineData("roleAssignments", "Microsoft.Authorization/roleAssignments/read")]
    [InlineData("denyAssignments", "Microsoft.Authorization/denyAssignments/read")]
    [InlineData("roleDefinitions", "Microsoft.Authorization/roleDefinitions/read")]
    [InlineData("groups", "GroupMember.Read.All (Microsoft Graph)")]
    public async Task Without_a_permission_to_read_no_check_passes(string refused, string permission)
    {
        var scene = new AccessScene()
            .Assign("custom", AccessScene.Group, type: "Group")
            .Define("custom", new RolePermissions([], [], [.. KeyVaultRoles.Needed], []));
        scene.Arm.Members[AccessScene.Group] = [AccessScene.Application];
        Assert.Equal([CmekCheckStatus.Pass, CmekCheckStatus.Pass], await StatusesAsync(scene));

        scene.Arm.Refused.Add(refused);
        if (refused == "groups")
            scene.Arm.Refused.Add("assignedTo");
        Assert.Equal([CmekCheckStatus.Unknown, CmekCheckStatus.Unknown], await StatusesAsync(scene));
        var access = await scene.EvaluateAsync();
        Assert.Equal(CmekAccessVerdict.Unknown, access.Verdict);
        Assert.Equal([permission], access.Answer.Unread.Select(u => u.Permission));
        Assert.All(access.Answer.Unread, u => Assert.StartsWith("az ", u.Command, StringComparison.Ordinal));
        Assert.Contains(permission, access.Doubt, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Groups_are_read_from_Graph_where_Resource_Manager_does_not_resolve_them()
    {
        var scene = new AccessScene().Assign(AccessScene.Narrow, AccessScene.Group, type: "Group");
        scene.Arm.Members[AccessScene.Group] = ["inner"];
        scene.Arm.Members["inner"] = [AccessScene.Application];
        scene.Arm.Refused.Add("assignedTo");
        var access = await scene.EvaluateAsync();
        Assert.Equal(CmekAccessVerdict.Granted, access.Verdict);
        var grant = Assert.Single(access.Answer.Grants);
        Assert.Equal(($"group {AccessScene.Group}", false), (grant.Principal, grant.IsRemovable));
        Assert.Contains("az ad group member remove", grant.RemoveCommand, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Graph_is_not_asked_where_its_answer_does_not_matter()
    {
        var scene = new AccessScene()
            .Assign(AccessScene.Narrow)
            .Deny("Microsoft.KeyVault/vaults/secrets/*", new DenyPrincipal(AccessScene.Group, "Group"));
        Assert.Equal(CmekAccessVerdict.Granted, (await scene.EvaluateAsync()).Verdict);
        Assert.DoesNotContain("groups", scene.Arm.Calls);
    }

    [Fact]
    public async Task Ids_and_scopes_are_compared_without_case()
    {
        var scene = new AccessScene().Assign(
            AccessScene.Narrow.ToUpperInvariant(),
            AccessScene.Application.ToUpperInvariant(),
            AccessScene.KeyVaultId.ToUpperInvariant()
        );
        Assert.Equal(CmekAccessVerdict.Granted, (await scene.EvaluateAsync()).Verdict);
    }

    [Fact]
    public async Task Roles_add_up_and_an_exclusion_in_one_does_not_deny_what_another_allows()
    {
        var scene = new AccessScene()
            .Assign("most", scope: AccessScene.ResourceGroup)
            .Define("most", new RolePermissions([], [], [Everything], [KeyVaultRoles.Unwrap]))
            .Assign("rest")
            .Define("rest", new RolePermissions([], [], [KeyVaultRoles.Unwrap], []));
        Assert.Equal(CmekAccessVerdict.Granted, (await scene.EvaluateAsync()).Verdict);
    }

    [Theory]
    [InlineData("User", "ServicePrincipal", "Denied")] // excludes somebody else
    [InlineData("Application", "ServicePrincipal", "Granted")]
    [InlineData("Group", "Group", "Granted")]
    public async Task A_deny_assignment_spares_whom_it_excludes(string excluded, string type, string verdict)
    {
        var id = excluded switch
        {
            "Application" => AccessScene.Application,
            "Group" => AccessScene.Group,
            _ => "22220000-0000-0000-0000-000000000001",
        };
        var scene = new AccessScene()
            .Assign(AccessScene.Narrow)
            .Deny(Everything, AccessScene.Everybody, AccessScene.ResourceGroup, new DenyPrincipal(id, type));
        scene.Arm.Members[AccessScene.Group] = [AccessScene.Application];
        Assert.Equal(verdict, (await scene.EvaluateAsync()).Verdict.ToString());
    }

    [Fact]
    public async Task Whether_a_deny_assignment_of_a_group_applies_is_Unknown_without_Graph()
    {
        var scene = new AccessScene()
            .Assign(AccessScene.Narrow)
            .Deny(Everything, new DenyPrincipal(AccessScene.Group, "Group"));
        Assert.Equal(CmekAccessVerdict.Granted, (await scene.EvaluateAsync()).Verdict);
        scene.Arm.Refused.Add("groups");
        var access = await scene.EvaluateAsync();
        Assert.Equal(CmekAccessVerdict.Unknown, access.Verdict);
        // Nothing is missing, so that no grant would be added for it.
        Assert.False(access.NeedsGrant);
    }

    [Fact]
    public async Task A_condition_is_named_and_is_not_widened()
    {
        var scene = new AccessScene().Assign(
            AccessScene.Narrow,
            condition: "@Environment[UtcNow] DateTimeLessThan '2030'"
        );
        var access = await scene.EvaluateAsync();
        Assert.Equal(CmekAccessVerdict.Conditional, access.Verdict);
        Assert.Equal(
            ["the condition of the assignment of Key Vault Crypto Service Encryption User on Key Vault kv-crdb"],
            access.Answer.Conditions
        );
        var key = new AzureKeyId(new Uri("https://kv-crdb.vault.azure.net/"), AccessScene.KeyName, null);
        Assert.Equal("KeyGrantNarrowed", access.Problem(key, grants: true)?.ErrorId);
        Assert.Null(access.Problem(key, grants: false));
        Assert.False(access.NeedsGrant);

        scene.Assign(AccessScene.Narrow, scope: AccessScene.ManagementGroup);
        Assert.Equal(CmekAccessVerdict.Granted, (await scene.EvaluateAsync()).Verdict);
    }

    [Fact]
    public async Task A_deny_assignment_under_a_condition_makes_it_depend_without_narrowing_a_grant()
    {
        var scene = new AccessScene().Assign(AccessScene.Narrow).Deny(Everything, AccessScene.Everybody);
        var denial = scene.Arm.Denials[0];
        scene.Arm.Denials[0] = denial with { Properties = denial.Properties with { Condition = "@Resource[x]" } };
        var access = await scene.EvaluateAsync();
        Assert.Equal((CmekAccessVerdict.Conditional, false), (access.Verdict, access.IsNarrowed));
        Assert.Equal(
            ["the condition of the deny assignment 'managed' on resource group crdb(prod)"],
            access.Answer.Conditions
        );
    }

    [Theory]
    [InlineData("""{"objectId":"{0}","permissions":{"keys":["all"]}}""", "Granted")]
    [InlineData("""{"objectId":"{0}","permissions":{"keys":["Get","WrapKey","UnwrapKey"]}}""", "Granted")]
    [InlineData("""{"objectId":"{0}","applicationId":"a","permissions":{"keys":["all"]}}""", "NotGranted")]
    [InlineData("""{"objectId":"{1}","permissions":{"keys":["get","wrapKey","unwrapKey"]}}""", "Granted")]
    [InlineData("""{"objectId":"somebody","permissions":{"keys":["all"]}}""", "NotGranted")]
    public async Task Access_policies_count_for_the_application_and_its_groups(string entry, string verdict)
    {
        var scene = PolicyScene(entry);
        scene.Arm.Members[AccessScene.Group] = [AccessScene.Application];
        Assert.Equal(verdict, (await scene.EvaluateAsync()).Verdict.ToString());
    }

    [Fact]
    public async Task Whether_an_access_policy_is_of_a_group_is_Unknown_without_Graph()
    {
        var scene = PolicyScene("""{"objectId":"somebody","permissions":{"keys":["all"]}}""");
        scene.Arm.Refused.Add("groups");
        var access = await scene.EvaluateAsync();
        Assert.Equal(CmekAccessVerdict.Unknown, access.Verdict);
        Assert.Equal(["get", "wrapKey", "unwrapKey"], access.Answer.Missing);
    }

    [Fact]
    public async Task Use_by_others_through_the_key_or_its_Key_Vault_is_wider_than_needed()
    {
        const string User = "33330000-0000-0000-0000-000000000001";
        const string Principal = "55550000-0000-0000-0000-000000000001";
        const string Denied = "66660000-0000-0000-0000-000000000001";
        var scene = new AccessScene()
            .Assign(AccessScene.Narrow)
            .Assign(AccessScene.Narrow, Principal)
            .Assign(AccessScene.Officer, User, $"{AccessScene.KeyVaultId}/keys/{AccessScene.KeyName}", "User")
            .Assign(AccessScene.Narrow, AccessScene.Group, type: "Group")
            // Another key, a role above the Key Vault, one without use, and one whose use is denied.
            .Assign(AccessScene.Officer, User, $"{AccessScene.KeyVaultId}/keys/other", "User")
            .Assign(AccessScene.Officer, User, AccessScene.ResourceGroup, "User")
            .Assign("Owner", User, type: "User")
            .Define("Owner", new RolePermissions(["*"], [], [], []))
            .Assign(AccessScene.Narrow, Denied)
            .Deny(Everything, new DenyPrincipal(Denied, "ServicePrincipal"))
            .Assign(AccessScene.Officer, "44440000-0000-0000-0000-000000000001", type: "ForeignGroup");
        Assert.Equal(
            [
                $"{Principal} (ServicePrincipal): Key Vault Crypto Service Encryption User (Key Vault kv-crdb)",
                $"{User} (User): Key Vault Crypto Officer (key crdb-cmek of Key Vault kv-crdb)",
                $"{AccessScene.Group} (Group): Key Vault Crypto Service Encryption User (Key Vault kv-crdb)",
                "the group 44440000-0000-0000-0000-000000000001 of another tenant: "
                    + "Key Vault Crypto Officer (Key Vault kv-crdb)",
            ],
            (await scene.EvaluateAsync()).Answer.Wider.Select(w => w.ToString())
        );

        // Whether the group is the application's is not known without the directory.
        scene.Arm.Refused.UnionWith(["assignedTo", "groups"]);
        var access = (await scene.EvaluateAsync()).Answer;
        Assert.DoesNotContain(access.Wider, w => w.Who.Contains(AccessScene.Group, StringComparison.Ordinal));
        Assert.Contains(access.Unread, u => u.Place.Contains(AccessScene.Group, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Use_by_others_through_an_access_policy_is_wider_than_needed()
    {
        var scene = PolicyScene("""{"objectId":"somebody","tenantId":"{2}","permissions":{"keys":["wrapKey"]}}""");
        var wider = Assert.Single((await scene.EvaluateAsync()).Answer.Wider);
        Assert.Equal("somebody: keys wrapKey (the access policies of Key Vault kv-crdb)", wider.ToString());
        scene = PolicyScene("""{"objectId":"somebody","tenantId":"{2}","permissions":{"keys":["list"]}}""");
        Assert.Empty((await scene.EvaluateAsync()).Answer.Wider);
    }

    [Fact]
    public async Task Data_is_in_reach_as_long_as_something_allows_to_unwrap()
    {
        var scene = new AccessScene()
            .Assign(AccessScene.Officer)
            .Assign("unwrap", AccessScene.Group, type: "Group")
            .Define("unwrap", new RolePermissions([], [], [KeyVaultRoles.Unwrap], []));
        scene.Arm.Members[AccessScene.Group] = [AccessScene.Application];
        var reading = await scene.ReadAsync();
        var after = AzureAccessEvaluator.Evaluate(reading.Without([.. reading.OwnDataRoles]), "x");
        Assert.Equal((CmekAccessVerdict.NotGranted, Truth.Yes), (after.Verdict, after.ReachesData.Least));
    }

    [Fact]
    public async Task Locks_above_a_scope_are_found_and_unreadable_ones_named()
    {
        var scene = new AccessScene();
        foreach (
            var (scope, name) in new[]
            {
                (AccessScene.ResourceGroup, "group"),
                ($"{AccessScene.Subscription}/resourceGroups/other", "other"),
            }
        )
            scene.Arm.Locks.Add(
                new AzureLock(
                    $"{scope}/providers/Microsoft.Authorization/locks/{name}",
                    name,
                    new AzureLockProperties("CanNotDelete", null)
                )
            );
        var (locks, unread) = await new AzureLocks(scene.Arm, scene.Calls).ReadAsync(AccessScene.KeyVaultId);
        Assert.Equal(["group"], locks.Select(l => l.Name));
        Assert.Empty(unread);
        scene.Arm.Refused.Add("locks");
        (locks, unread) = await new AzureLocks(scene.Arm, scene.Calls).ReadAsync(AccessScene.KeyVaultId);
        Assert.Empty(locks);
        Assert.Equal(3, unread.Count);
    }

    private static AccessScene PolicyScene(string entry) =>
        new()
        {
            UsesRoles = false,
            AccessPolicies =
            [
                JsonNode.Parse(
                    entry
                        .Replace("{0}", AccessScene.Application, StringComparison.Ordinal)
                        .Replace("{1}", AccessScene.Group, StringComparison.Ordinal)
                        .Replace("{2}", AccessScene.Tenant, StringComparison.Ordinal)
                ),
            ],
        };

    private static async Task<IEnumerable<CmekCheckStatus>> StatusesAsync(AccessScene scene)
    {
        var access = await scene.EvaluateAsync();
        var checks = new KeyChecks(new CrdbCluster { Id = "c", Name = "c" }, "westeurope", _ => null);
        checks.Report(
            access.Answer,
            new AccessAdvice(
                answer =>
                    AzureErrors.KeyNotGranted(
                        new AzureKeyId(new Uri("https://kv.vault.azure.net/"), "k", null),
                        answer
                    ),
                access.VerifyCommand,
                "narrow",
                ""
            )
        );
        Assert.Equal(["KeyGranted", "KeyPolicyNarrow"], checks.All.Select(c => c.Check));
        return checks.All.Select(c => c.Status);
    }
}
