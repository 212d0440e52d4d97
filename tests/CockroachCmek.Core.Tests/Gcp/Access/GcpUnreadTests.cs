using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Gcp;
using static CockroachCmek.Core.Tests.Gcp.Access.GcpPolicyCloud;
using static CockroachCmek.Core.Tests.Gcp.GcpAdministrator;

namespace CockroachCmek.Core.Tests.Gcp.Access;

/// <summary>Each read permission is taken away in turn: no check of access passes what it has not seen.</summary>
public sealed class GcpUnreadTests
{
    private static readonly string[] AccessChecks =
    [
        CmekCheckName.KeyGranted,
        CmekCheckName.KeyPolicyNarrow,
        CmekCheckName.KeyPolicyCurrent,
        CmekCheckName.RoleTrust,
    ];

    [Fact]
    public async Task With_every_permission_all_of_them_pass()
    {
        using var cloud = Healthy();

        var checks = await CheckAsync(cloud);

        Assert.All(AccessChecks, name =>
            Assert.Equal(CmekCheckStatus.Pass, checks.Single(c => c.Check == name).Status)
        );
    }

    [Theory]
    [InlineData("cloudkms.cryptoKeys.getIamPolicy", "KeyGranted,KeyPolicyNarrow,KeyPolicyCurrent")]
    [InlineData("cloudkms.keyRings.getIamPolicy", "KeyPolicyNarrow")]
    [InlineData("resourcemanager.projects.getIamPolicy", "KeyPolicyNarrow,RoleTrust")]
    [InlineData("resourcemanager.folders.getIamPolicy", "KeyPolicyNarrow,RoleTrust")]
    [InlineData("resourcemanager.organizations.getIamPolicy", "KeyPolicyNarrow,RoleTrust")]
    [InlineData("resourcemanager.projects.get", "KeyGranted,KeyPolicyNarrow,RoleTrust")]
    [InlineData("iam.denypolicies.list", "KeyGranted,KeyPolicyNarrow,RoleTrust")]
    [InlineData("iam.denypolicies.get", "KeyGranted,KeyPolicyNarrow,RoleTrust")]
    [InlineData(AnyRole, "KeyPolicyNarrow,RoleTrust")]
    [InlineData("iam.serviceAccounts.getIamPolicy", "RoleTrust")]
    [InlineData("iam.serviceAccounts.get", "RoleTrust")]
    public async Task What_one_missing_permission_hides_is_unknown_and_the_rest_is_seen(
        string permission,
        string hidden
    )
    {
        using var cloud = Healthy();
        cloud.Withheld.Add(permission);

        var checks = await CheckAsync(cloud);

        Assert.Equal(
            hidden.Split(','),
            checks.Where(c => AccessChecks.Contains(c.Check) && c.Status != CmekCheckStatus.Pass).Select(c => c.Check)
        );
        Assert.All(checks.Where(c => hidden.Split(',').Contains(c.Check)), c =>
        {
            Assert.Equal(CmekCheckStatus.Unknown, c.Status);
            Assert.Contains(permission, $"{c.Detail} {c.Remedy}", StringComparison.Ordinal);
            Assert.NotEmpty(c.Remedy);
        });
    }

    [Fact]
    public async Task A_key_that_cannot_be_read_hides_none_of_the_policies()
    {
        using var cloud = Healthy();
        cloud.Withheld.UnionWith([
            "cloudkms.cryptoKeys.get",
            "cloudkms.cryptoKeyVersions.list",
            "orgpolicy.policy.get",
        ]);

        var checks = await CheckAsync(cloud);

        Assert.Equal(CmekCheckStatus.Unknown, checks.Single(c => c.Check == CmekCheckName.KeyUsable).Status);
        Assert.All(AccessChecks, name =>
            Assert.Equal(CmekCheckStatus.Pass, checks.Single(c => c.Check == name).Status)
        );
    }

    [Fact]
    public async Task Without_any_permission_nothing_passes_but_the_location()
    {
        using var cloud = Healthy();
        cloud.Withheld.UnionWith([
            "cloudkms.cryptoKeys.get",
            "cloudkms.cryptoKeyVersions.list",
            "cloudkms.cryptoKeys.getIamPolicy",
            "cloudkms.keyRings.getIamPolicy",
            "resourcemanager.projects.getIamPolicy",
            "resourcemanager.projects.get",
            "iam.denypolicies.list",
            "iam.serviceAccounts.get",
            "iam.serviceAccounts.getIamPolicy",
            "orgpolicy.policy.get",
        ]);

        var checks = await CheckAsync(cloud);

        Assert.Equal(
            [CmekCheckName.KeyLocation],
            checks.Where(c => c.Status == CmekCheckStatus.Pass).Select(c => c.Check)
        );
        Assert.DoesNotContain(checks, c => c.Status == CmekCheckStatus.Fail);
    }

    /// <summary>A key as the module leaves it, in an organization whose auditors have a custom role.</summary>
    private static GcpPolicyCloud Healthy()
    {
        var cloud = new GcpPolicyCloud()
            .Bind(Key, Binding(GcpNames.UseRole, Member))
            .Bind(AccountResource, Binding(GcpNames.TrustRole, KmsUser))
            .Bind(ProjectResource, Binding("roles/owner", "user:owner@example.com"))
            .Bind(Organization, Binding("organizations/222/roles/auditor", "group:auditors@example.com"))
            .Deny(
                ProjectResource,
                """
                {"deniedPrincipals":["principalSet://goog/public:all"],
                "deniedPermissions":["cloudresourcemanager.googleapis.com/projects.delete"]}
                """
            );
        cloud.Roles["organizations/222/roles/auditor"] =
        [
            "cloudkms.cryptoKeys.get",
            "cloudkms.cryptoKeys.getIamPolicy",
        ];
        return cloud;
    }

    private static async Task<IReadOnlyList<CmekCheck>> CheckAsync(GcpPolicyCloud cloud)
    {
        using var provider = cloud.Connect();
        return await provider.CheckKeyAsync(new KeyCheckRequest { Cluster = Cluster, Spec = Spec }, cloud.Context);
    }
}
