using CockroachCmek.Core.Keys.Azure;
using CockroachCmek.Core.Keys.Azure.Access;

namespace CockroachCmek.Core.Tests.Azure.Access;

/// <summary>The lines of an access review.</summary>
public sealed class AzureReviewTests
{
    private const string User = "33330000-0000-0000-0000-000000000001";

    [Fact]
    public async Task Everybody_with_a_right_is_a_line_with_place_role_and_date()
    {
        var scene = new AccessScene()
            .Assign(AccessScene.Narrow)
            .Assign("Owner", User, AccessScene.Subscription, "User")
            .Define("Owner", new RolePermissions(["*"], [], [], []))
            .Assign("Reader", User, AccessScene.Subscription, "User")
            .Define("Reader", new RolePermissions(["*/read"], [], [], []))
            .Assign(AccessScene.Officer, User, type: "User", condition: "@Environment[UtcNow]");
        var lines = await LinesAsync(scene);
        Assert.Equal(
            [
                (AccessScene.Application, "Use", "Granted", "Key Vault kv-crdb", true, ""),
                (
                    User,
                    "Administer, Delete, Grant",
                    "Granted",
                    $"subscription {AccessScene.Subscription.Split('/')[2]}",
                    false,
                    ""
                ),
                (User, "Use, Administer, Delete", "Conditional", "Key Vault kv-crdb", false, "the use of the key"),
            ],
            lines.Select(l =>
                (
                    l.Principal,
                    l.Rights.ToString(),
                    l.Verdict.ToString(),
                    l.Place,
                    l.IsExpected,
                    string.Join(", ", l.Excess)
                )
            )
        );
        Assert.All(lines, l => Assert.Equal(2026, l.Since?.Year));
        Assert.Equal("Key Vault Crypto Officer (User)", lines[2].Through);
    }

    [Fact]
    public async Task A_wide_role_of_the_application_is_more_than_needed()
    {
        var line = Assert.Single(await LinesAsync(new AccessScene().Assign(AccessScene.Officer)));
        Assert.True(line.IsExpected);
        Assert.True(line.IsMoreThanNeeded);
    }

    [Fact]
    public async Task A_place_that_could_not_be_read_is_a_line_of_its_own()
    {
        var scene = new AccessScene().Assign(AccessScene.Narrow);
        scene.Arm.Refused.Add("roleAssignments");
        var line = Assert.Single(await LinesAsync(scene));
        Assert.Equal((CmekAccessVerdict.Unknown, ""), (line.Verdict, line.Principal));
        Assert.Equal("needs Microsoft.Authorization/roleAssignments/read", line.Condition);
        Assert.Contains("role assignments on Key Vault kv-crdb", line.Place, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_deny_assignment_takes_the_use_away()
    {
        var scene = new AccessScene()
            .Assign(AccessScene.Officer, User, type: "User")
            .Deny("Microsoft.KeyVault/vaults/keys/*wrap/action", AccessScene.Everybody)
            .Deny("Microsoft.KeyVault/vaults/keys/*crypt/action", AccessScene.Everybody);
        Assert.Equal(
            CmekAccessRights.Administer | CmekAccessRights.Delete,
            Assert.Single(await LinesAsync(scene)).Rights
        );
    }

    [Fact]
    public async Task Who_may_write_a_Key_Vault_with_access_policies_can_grant_himself_its_keys()
    {
        var scene = new AccessScene { UsesRoles = false }
            .Assign("Contributor", User, AccessScene.ResourceGroup, "User")
            .Define(
                "Contributor",
                new RolePermissions(
                    ["*"],
                    ["Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write"],
                    [],
                    []
                )
            );
        Assert.Equal(
            CmekAccessRights.Administer | CmekAccessRights.Delete | CmekAccessRights.Grant,
            Assert.Single(await LinesAsync(scene)).Rights
        );
    }

    private static async Task<IReadOnlyList<CmekAccess>> LinesAsync(AccessScene scene) =>
        AzureAccessReview.Lines(await scene.ReadAsync(ofEverybody: true), null);
}
