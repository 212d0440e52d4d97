using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Gcp;
using static CockroachCmek.Core.Tests.Gcp.Access.GcpPolicyCloud;
using static CockroachCmek.Core.Tests.Gcp.GcpAdministrator;

namespace CockroachCmek.Core.Tests.Gcp.Access;

/// <summary>The access review never calls granted what something else takes away.</summary>
public sealed class GcpReviewTests
{
    private const string NoDecryption = """
        {"deniedPrincipals":["principalSet://goog/public:all"],
        "deniedPermissions":["cloudkms.googleapis.com/cryptoKeyVersions.useToDecrypt"]}
        """;

    [Fact]
    public async Task One_permission_that_is_denied_ends_the_use_of_everybody_owners_included()
    {
        using var cloud = Healthy()
            .Bind(ProjectResource, Binding("roles/owner", "user:owner@example.com"))
            .Deny(Organization, NoDecryption);

        var lines = await ReviewAsync(cloud);

        Assert.Equal(
            [
                $"{Member}: Use Denied",
                "user:owner@example.com: Use Denied",
                "user:owner@example.com: Administer, Delete, Grant Granted",
                $"{KmsUser}: Use Denied",
                "user:owner@example.com: Use Denied",
                "user:owner@example.com: Grant Granted",
            ],
            lines.Select(l => $"{l.Principal}: {l.Rights} {l.Verdict}")
        );
        Assert.Contains("of organization 222 denies", lines[0].Condition, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deny_policies_that_cannot_be_read_leave_owners_unknown_too()
    {
        using var cloud = Healthy().Bind(ProjectResource, Binding("roles/owner", "user:owner@example.com"));
        cloud.Withheld.Add("iam.denypolicies.list");

        Assert.All(await ReviewAsync(cloud), l => Assert.Equal(CmekAccessVerdict.Unknown, l.Verdict));
    }

    [Theory]
    [InlineData("nothing", CmekAccessVerdict.NotGranted, "may not use the key")]
    [InlineData("condition", CmekAccessVerdict.Conditional, "depends on")]
    [InlineData("group", CmekAccessVerdict.Unknown, "is not known")]
    [InlineData("disabled", CmekAccessVerdict.NotGranted, "is disabled")]
    [InlineData("unread", CmekAccessVerdict.Unknown, "iam.serviceAccounts.get")]
    public async Task Whoever_acts_as_the_account_can_do_no_more_than_the_account(
        string own,
        CmekAccessVerdict verdict,
        string reason
    )
    {
        const string Corp = """{"title":"corp","expression":"'corp' in request.auth.access_levels"}""";
        using var cloud = new GcpPolicyCloud { IsDisabled = own == "disabled" }.Bind(
            AccountResource,
            Binding(GcpNames.TrustRole, KmsUser)
        );
        if (own == "unread")
            cloud.Withheld.Add("iam.serviceAccounts.get");
        if (own != "nothing")
            cloud.Bind(
                Key,
                own switch
                {
                    "condition" => Binding(GcpNames.UseRole, Member, Corp),
                    "group" => Binding(GcpNames.UseRole, "group:cmek@example.com"),
                    _ => Binding(GcpNames.UseRole, Member),
                }
            );

        var line = Assert.Single(await ReviewAsync(cloud), l => l.Principal == KmsUser);

        Assert.Equal((CmekAccessRights.Use, verdict), (line.Rights, line.Verdict));
        Assert.Contains(reason, line.Condition, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_member_that_was_deleted_has_a_line()
    {
        using var cloud = Healthy().Bind(Key, Binding(GcpNames.UseRole, $"deleted:{Member}?uid=1"));

        var line = Assert.Single(await ReviewAsync(cloud), l => l.Principal == $"deleted:{Member}?uid=1");

        Assert.Equal(
            (CmekAccessRights.Use, CmekAccessVerdict.NotGranted, "deleted", false),
            (line.Rights, line.Verdict, line.Condition, line.IsExpected)
        );
    }

    private static GcpPolicyCloud Healthy() =>
        new GcpPolicyCloud()
            .Bind(Key, Binding(GcpNames.UseRole, Member))
            .Bind(AccountResource, Binding(GcpNames.TrustRole, KmsUser));

    private static async Task<IReadOnlyList<CmekAccess>> ReviewAsync(GcpPolicyCloud cloud)
    {
        using var provider = cloud.Connect();
        return await provider.ReviewAccessAsync(new KeyAccessRequest { Cluster = Cluster, Spec = Spec }, cloud.Context);
    }
}
