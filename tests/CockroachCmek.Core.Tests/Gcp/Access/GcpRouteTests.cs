using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Gcp;
using static CockroachCmek.Core.Tests.Gcp.Access.GcpPolicyCloud;
using static CockroachCmek.Core.Tests.Gcp.GcpAdministrator;

namespace CockroachCmek.Core.Tests.Gcp.Access;

/// <summary>Import, -Grant, revocation and the access review follow the one reading of access.</summary>
public sealed class GcpRouteTests
{
    private const string CorpNetwork = """{"title":"corp","expression":"'corp' in request.auth.access_levels"}""";

    [Theory]
    [InlineData("project")]
    [InlineData("folder")]
    [InlineData("organization")]
    public async Task A_key_that_is_granted_above_its_ring_is_accepted(string level)
    {
        using var cloud = new GcpPolicyCloud().Bind(
            level switch
            {
                "project" => ProjectResource,
                "folder" => Folder,
                _ => Organization,
            },
            Binding(GcpNames.UseRole, Member)
        );

        Assert.Equal(CmekOutcome.Existing, await ImportAsync(cloud, grant: false));
        Assert.Equal(CmekOutcome.Existing, await ImportAsync(cloud, grant: true));
        Assert.Empty(cloud.Log.Warnings);
    }

    [Fact]
    public async Task A_key_that_a_group_may_grant_is_accepted_with_one_warning_and_the_command_that_finds_out()
    {
        using var cloud = new GcpPolicyCloud().Bind(Key, Binding(GcpNames.UseRole, "group:cmek@example.com"));

        Assert.Equal(CmekOutcome.Existing, await ImportAsync(cloud, grant: false));

        var warning = Assert.Single(cloud.Log.Warnings);
        Assert.Contains("the members of group:cmek@example.com", warning, StringComparison.Ordinal);
        Assert.Contains("gcloud policy-troubleshoot iam", warning, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_grant_that_somebody_narrowed_is_used_with_a_warning_and_never_widened()
    {
        using var cloud = new GcpPolicyCloud().Bind(Key, Binding(GcpNames.UseRole, Member, CorpNetwork));

        Assert.Equal(CmekOutcome.Existing, await ImportAsync(cloud, grant: false));
        Assert.Contains(
            "corp: 'corp' in request.auth.access_levels",
            Assert.Single(cloud.Log.Warnings),
            StringComparison.Ordinal
        );

        var error = await Assert.ThrowsAsync<CmekException>(() => ImportAsync(cloud, grant: true));
        Assert.Equal("KeyGrantNarrowed", error.ErrorId);
        Assert.Contains($"New-CrdbCmekKey -KeyUri {Key}", error.RecommendedAction, StringComparison.Ordinal);
        Assert.DoesNotContain(cloud.Requests, r => r.EndsWith(":setIamPolicy", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_key_that_a_deny_policy_closes_is_refused_and_a_grant_would_not_help(bool grant)
    {
        using var cloud = new GcpPolicyCloud()
            .Bind(Key, Binding(GcpNames.UseRole, Member))
            .Deny(
                Organization,
                """
                {"deniedPrincipals":["principalSet://goog/public:all"],
                "deniedPermissions":["cloudkms.googleapis.com/cryptoKeyVersions.useToDecrypt"]}
                """
            );

        var error = await Assert.ThrowsAsync<CmekException>(() => ImportAsync(cloud, grant));

        Assert.Equal("KeyUseDenied", error.ErrorId);
        Assert.Contains("organization 222", error.Message, StringComparison.Ordinal);
        Assert.Contains("googleapis.com/organizations/222", error.RecommendedAction, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ProjectResource, "gcloud projects remove-iam-policy-binding crdb-prod")]
    [InlineData(Organization, "gcloud organizations remove-iam-policy-binding 222")]
    public async Task A_grant_that_would_remain_is_an_error_before_anything_is_written(string resource, string command)
    {
        using var cloud = new GcpPolicyCloud()
            .Bind(Key, Binding(GcpNames.UseRole, Member))
            .Bind(resource, Binding("roles/owner", Member));

        var error = await Assert.ThrowsAsync<CmekException>(() => PlanAsync(cloud));

        Assert.Equal("GrantNotRemovable", error.ErrorId);
        Assert.Contains($"{Member} has roles/owner on", error.Message, StringComparison.Ordinal);
        Assert.Contains(command, error.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_group_stands_in_the_way_only_when_the_account_has_no_binding_of_its_own()
    {
        using var cloud = new GcpPolicyCloud().Bind(
            Key,
            Binding(GcpNames.UseRole, Member),
            Binding(GcpNames.UseRole, "group:cmek@example.com")
        );

        Assert.Single(await PlanAsync(cloud));
        Assert.Contains("group:cmek@example.com", Assert.Single(cloud.Log.Warnings), StringComparison.Ordinal);

        cloud.Bind(Key, Binding(GcpNames.UseRole, "group:cmek@example.com"));
        var error = await Assert.ThrowsAsync<CmekException>(() => PlanAsync(cloud));
        Assert.Equal("GrantNotRemovable", error.ErrorId);
        Assert.Contains("may have access", error.Message, StringComparison.Ordinal);
        Assert.Contains("is one of its members is not known", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_place_that_cannot_be_read_does_not_stop_a_revocation_and_is_named()
    {
        using var cloud = new GcpPolicyCloud().Bind(Key, Binding(GcpNames.UseRole, Member));
        cloud.Withheld.Add("resourcemanager.projects.getIamPolicy");

        Assert.Single(await PlanAsync(cloud));

        Assert.Contains(
            "the IAM policy of project crdb-prod",
            Assert.Single(cloud.Log.Warnings),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_trust_that_would_remain_above_the_account_is_an_error()
    {
        using var cloud = new GcpPolicyCloud()
            .Bind(AccountResource, Binding(GcpNames.TrustRole, KmsUser))
            .Bind(ProjectResource, Binding(GcpNames.TrustRole, KmsUser));

        var error = await Assert.ThrowsAsync<CmekException>(() => PlanAsync(cloud, CmekRevocationMethod.RemoveTrust));

        Assert.Equal("GrantNotRemovable", error.ErrorId);
    }

    [Fact]
    public async Task The_review_lists_everybody_by_place_and_names_what_was_not_read()
    {
        using var cloud = new GcpPolicyCloud()
            .Bind(
                Key,
                Binding(GcpNames.UseRole, Member),
                Binding("roles/cloudkms.admin", "user:admin@example.com"),
                Binding("roles/cloudkms.viewer", "user:auditor@example.com"),
                Binding(GcpNames.UseRole, "user:old@example.com", Until("2001-01-01"))
            )
            .Bind(Ring, Binding(GcpNames.UseRole, Member))
            .Bind(ProjectResource, Binding("roles/owner", "user:owner@example.com"))
            .Bind(
                AccountResource,
                Binding(GcpNames.TrustRole, KmsUser),
                Binding(GcpNames.TrustRole, "user:eve@example.com")
            );
        cloud.Withheld.Add("resourcemanager.folders.getIamPolicy");

        var lines = await ReviewAsync(cloud);

        Assert.Equal(
            [
                $"{Member}: Use, the key, expected, ",
                "user:admin@example.com: Administer, Delete, Grant, the key, unexpected, " + "Administer+Delete+Grant",
                $"{Member}: Use, key ring crdb-cmek, expected, the use of every key in key ring crdb-cmek by "
                    + $"{GcpNames.UseRole}",
                "user:owner@example.com: Use, Administer, Delete, Grant, project crdb-prod, unexpected, "
                    + "Use+Administer+Delete+Grant",
                $"{KmsUser}: Use, service account {GcpPolicyCloud.Account}, expected, ",
                $"user:eve@example.com: Use, service account {GcpPolicyCloud.Account}, unexpected, Use",
                "user:owner@example.com: Use, Grant, project crdb-prod, unexpected, Use+Grant",
                ": None, the IAM policy of folder 111, unexpected, ",
            ],
            lines.Select(l =>
                $"{l.Principal}: {l.Rights}, {l.Place}, {(l.IsExpected ? "expected" : "unexpected")}, "
                + string.Join('+', l.Excess)
            )
        );
        Assert.All(lines.SkipLast(1), l => Assert.Equal(CmekAccessVerdict.Granted, l.Verdict));
        Assert.Equal(
            (CmekAccessVerdict.Unknown, "needs resourcemanager.folders.getIamPolicy"),
            (lines[^1].Verdict, lines[^1].Condition)
        );
    }

    private static async Task<IReadOnlyList<CmekAccess>> ReviewAsync(GcpPolicyCloud cloud)
    {
        using var provider = cloud.Connect();
        return await provider.ReviewAccessAsync(new KeyAccessRequest { Cluster = Cluster, Spec = Spec }, cloud.Context);
    }

    private static async Task<CmekOutcome> ImportAsync(GcpPolicyCloud cloud, bool grant)
    {
        using var provider = cloud.Connect();
        var request = new KeyRequest
        {
            Cluster = Cluster,
            AuthPrincipal = GcpPolicyCloud.Account,
            Regions = ["europe-west1"],
            KeyUris = [Key],
            Grant = grant,
            Options = CloudOptions.None,
        };
        return (await provider.EnsureKeysAsync(request, cloud.Context))[0].Outcome;
    }

    private static async Task<IReadOnlyList<CmekAccessChange>> PlanAsync(
        GcpPolicyCloud cloud,
        CmekRevocationMethod method = CmekRevocationMethod.RemoveGrant
    )
    {
        using var provider = cloud.Connect();
        return await provider.PlanRevocationAsync(
            new RevocationRequest
            {
                Cluster = Cluster,
                Keys = [Spec],
                Method = method,
            },
            cloud.Context
        );
    }
}
