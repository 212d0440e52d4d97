using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Gcp;
using static CockroachCmek.Core.Tests.Gcp.Access.GcpPolicyCloud;
using static CockroachCmek.Core.Tests.Gcp.GcpAdministrator;

namespace CockroachCmek.Core.Tests.Gcp.Access;

/// <summary>
/// Verdicts on a key beyond the table of facts: deny policies, groups, Policy Troubleshooter, others.
/// </summary>
public sealed class GcpVerdictTests
{
    private const string DecryptPermission = "cloudkms.cryptoKeyVersions.useToDecrypt";
    private const string EncryptPermission = "cloudkms.cryptoKeyVersions.useToEncrypt";
    private const string AccountPrincipal =
        $"principal://iam.googleapis.com/projects/-/serviceAccounts/{GcpPolicyCloud.Account}";

    [Theory]
    [InlineData(AccountPrincipal, "cloudkms.googleapis.com/cryptoKeyVersions.useToDecrypt", CmekAccessVerdict.Denied)]
    [InlineData("principalSet://goog/public:all", "cloudkms.googleapis.com/*", CmekAccessVerdict.Denied)]
    [InlineData(
        "principalSet://goog/public:all",
        "cloudkms.googleapis.com/cryptoKeyVersions.*",
        CmekAccessVerdict.Denied
    )]
    [InlineData(
        "principalSet://goog/public:all",
        "cloudkms.googleapis.com/cryptoKeys.update",
        CmekAccessVerdict.Granted
    )]
    [InlineData("principalSet://goog/group/all@example.com", "cloudkms.googleapis.com/*", CmekAccessVerdict.Unknown)]
    [InlineData("principal://goog/subject/a@example.com", "cloudkms.googleapis.com/*", CmekAccessVerdict.Granted)]
    [InlineData(
        "principalSet://cloudresourcemanager.googleapis.com/organizations/222/type/ServiceAccount",
        "cloudkms.googleapis.com/*",
        CmekAccessVerdict.Unknown
    )]
    public async Task A_deny_policy_denies_whom_it_names_whatever_grants_it(
        string principal,
        string permission,
        CmekAccessVerdict verdict
    )
    {
        using var cloud = Granted()
            .Deny(Folder, $$"""{"deniedPrincipals":["{{principal}}"],"deniedPermissions":["{{permission}}"]}""");

        var access = await ReadAsync(cloud);

        Assert.Equal(verdict, access.Verdict);
        if (verdict == CmekAccessVerdict.Denied)
        {
            Assert.Contains(DecryptPermission, access.Missing);
            Assert.Contains("deny policy guardrail 0 of folder 111", access.Denials[0], StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData($"""["{AccountPrincipal}"]""", "[]", CmekAccessVerdict.Granted)]
    [InlineData("""["principalSet://goog/group/exempt@example.com"]""", "[]", CmekAccessVerdict.Unknown)]
    [InlineData("[]", """["cloudkms.googleapis.com/cryptoKeyVersions.*"]""", CmekAccessVerdict.Granted)]
    [InlineData("""["principal://goog/subject/a@example.com"]""", "[]", CmekAccessVerdict.Denied)]
    public async Task An_exception_of_a_deny_policy_counts(
        string principals,
        string permissions,
        CmekAccessVerdict verdict
    )
    {
        using var cloud = Granted()
            .Deny(
                Organization,
                $$"""
                {"deniedPrincipals":["principalSet://goog/public:all"],
                "deniedPermissions":["cloudkms.googleapis.com/*"],
                "exceptionPrincipals":{{principals}},"exceptionPermissions":{{permissions}}}
                """
            );

        Assert.Equal(verdict, (await ReadAsync(cloud)).Verdict);
    }

    [Fact]
    public async Task A_deny_policy_under_a_condition_makes_the_grant_conditional()
    {
        using var cloud = Granted()
            .Deny(
                ProjectResource,
                """
                {"deniedPrincipals":["principalSet://goog/public:all"],
                "deniedPermissions":["cloudkms.googleapis.com/*"],
                "denialCondition":{"expression":"!resource.matchTag('1/env', 'prod')"}}
                """
            );

        var access = await ReadAsync(cloud);

        Assert.Equal(CmekAccessVerdict.Conditional, access.Verdict);
        Assert.Equal(["resource.matchTag"], access.Conditions);
    }

    [Theory]
    [InlineData("CAN_ACCESS", "CAN_ACCESS", CmekAccessVerdict.Granted, "")]
    [InlineData("CAN_ACCESS", "CANNOT_ACCESS", CmekAccessVerdict.NotGranted, DecryptPermission)]
    [InlineData(
        "CANNOT_ACCESS DENIED",
        "CANNOT_ACCESS DENIED",
        CmekAccessVerdict.Denied,
        $"{EncryptPermission},{DecryptPermission}"
    )]
    [InlineData("CAN_ACCESS", "UNKNOWN_INFO", CmekAccessVerdict.Unknown, "")]
    [InlineData("UNKNOWN_CONDITIONAL", "CAN_ACCESS", CmekAccessVerdict.Unknown, "")]
    public async Task Policy_Troubleshooter_decides_what_could_not_be_read(
        string encrypt,
        string decrypt,
        CmekAccessVerdict verdict,
        string missing
    )
    {
        using var cloud = new GcpPolicyCloud();
        cloud.Withheld.Add("resourcemanager.projects.getIamPolicy");
        cloud.Troubleshooter[EncryptPermission] = encrypt;
        cloud.Troubleshooter[DecryptPermission] = decrypt;

        var access = await ReadAsync(cloud);

        Assert.Equal(verdict, access.Verdict);
        Assert.Equal(missing, string.Join(',', access.Missing));
    }

    [Fact]
    public async Task Policy_Troubleshooter_is_not_asked_when_the_policies_decide()
    {
        using var cloud = Granted();

        await ReadAsync(cloud);

        Assert.DoesNotContain(cloud.Requests, r => r.EndsWith("iam:troubleshoot", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_role_of_any_name_is_read_and_a_deleted_custom_role_grants_nothing()
    {
        using var cloud = new GcpPolicyCloud().Bind(Key, Binding("roles/cloudkms.newRole", Member));
        cloud.Roles["roles/cloudkms.newRole"] = [EncryptPermission, DecryptPermission];

        Assert.Equal(CmekAccessVerdict.Granted, (await ReadAsync(cloud)).Verdict);
    }

    [Fact]
    public async Task Access_of_others_is_wide_and_the_administration_of_the_project_is_not()
    {
        using var cloud = Granted(
                Binding(GcpNames.UseRole, "user:eve@example.com"),
                Binding("roles/cloudkms.admin", "user:key-admin@example.com"),
                Binding("roles/cloudkms.viewer", "allUsers"),
                Binding(GcpNames.UseRole, "deleted:user:gone@example.com?uid=1")
            )
            .Bind(ProjectResource, Binding("roles/owner", "user:owner@example.com"))
            .Bind(Organization, Binding(GcpNames.UseRole, "group:everybody@example.com", Until("2100-01-01")));

        var access = await ReadAsync(cloud);

        Assert.Equal(
            [
                "anybody (allUsers): roles/cloudkms.viewer (the key)",
                "group:everybody@example.com: the use of every key in organization 222 by "
                    + $"{GcpNames.UseRole} (organization 222, under a condition)",
                $"user:eve@example.com: the use of the key by {GcpNames.UseRole} (the key)",
            ],
            access.Wider.Select(w => w.ToString()).Order(StringComparer.Ordinal)
        );
        Assert.Equal(["deleted:user:gone@example.com?uid=1"], access.Stale);
    }

    [Fact]
    public async Task Every_grant_names_its_place_and_the_command_that_removes_it()
    {
        using var cloud = Granted().Bind(Folder, Binding(GcpNames.UseRole, Member, Until("2100-01-01")));

        var access = await ReadAsync(cloud);

        Assert.Equal(
            [
                ("the key", true, true, ""),
                (
                    "folder 111",
                    false,
                    false,
                    $"gcloud resource-manager folders remove-iam-policy-binding 111 --member {Member} "
                        + $"--role {GcpNames.UseRole} --all"
                ),
            ],
            access.Grants.Select(g => (g.Place, g.IsOnKey, g.IsRemovable, g.RemoveCommand))
        );
        Assert.StartsWith("for now: request.time", access.Grants[1].Condition, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_does_not_exist_is_an_error()
    {
        using var cloud = Granted();
        using var provider = cloud.Connect();
        var spec = CmekRegionSpec.Create(
            "europe-west1",
            "GCP_CLOUD_KMS",
            $"{Ring}/cryptoKeys/other",
            GcpPolicyCloud.Account
        );

        var error = await Assert.ThrowsAsync<CmekException>(() =>
            provider.ReadAccessAsync(new KeyAccessRequest { Cluster = Cluster, Spec = spec }, cloud.Context)
        );

        Assert.Equal("KeyNotFound", error.ErrorId);
    }

    private static GcpPolicyCloud Granted(params string[] more) =>
        new GcpPolicyCloud().Bind(Key, [Binding(GcpNames.UseRole, Member), .. more]);

    private static async Task<KeyAccess> ReadAsync(GcpPolicyCloud cloud)
    {
        using var provider = cloud.Connect();
        return await provider.ReadAccessAsync(new KeyAccessRequest { Cluster = Cluster, Spec = Spec }, cloud.Context);
    }
}
