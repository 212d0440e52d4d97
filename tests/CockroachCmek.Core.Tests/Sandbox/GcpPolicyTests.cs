using static CockroachCmek.Core.Tests.Sandbox.GcpTestBed;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>IAM policies: bindings, etags, conditions and the organization's policy.</summary>
public sealed class GcpPolicyTests : IAsyncDisposable
{
    private const string SetPolicy = Key + ":setIamPolicy";
    private const string GetPolicy = Key + ":getIamPolicy";
    private const string GetPolicyVersion3 = GetPolicy + "?options.requestedPolicyVersion=3";
    private readonly GcpTestBed _gcp = new();

    public ValueTask DisposeAsync() => _gcp.DisposeAsync();

    [Theory]
    [InlineData("roles/cloudkms.cryptoKeyEncrypterDecryptor", "serviceAccount:" + ClusterAccount, "not supported")]
    [InlineData(TokenCreator, "serviceAccount:" + ClusterAccount, "not supported")]
    [InlineData("projects/sandbox-customer/roles/none", "serviceAccount:" + ClusterAccount, "not found")]
    [InlineData(
        EncrypterDecrypter,
        "serviceAccount:crl-kms-user-" + ClusterId + "@crl-sandbox.iam.gserviceaccount.com",
        "does not exist"
    )]
    [InlineData(EncrypterDecrypter, ClusterAccount, "of the form")]
    [InlineData(EncrypterDecrypter + "_withcond_0123", "user:someone@example.com", "does not exist")]
    public async Task A_binding_with_an_unknown_role_or_member_is_refused(string role, string member, string says)
    {
        await _gcp.CreateKeyAsync();
        var response = await _gcp.SendAsync("POST", SetPolicy, Policy(role, member));
        Assert.Equal("INVALID_ARGUMENT", response.Error);
        Assert.Contains(says, response.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stale_etag_is_ABORTED_and_without_an_etag_the_last_writer_wins()
    {
        await _gcp.CreateKeyAsync();
        var first = (string)(await _gcp.OkAsync("GET", GetPolicyVersion3))["etag"]!;
        Assert.Equal("ACAB", first);
        string By(string user, string? etag = null) => Policy(EncrypterDecrypter, $"user:{user}", etag: etag);
        await _gcp.OkAsync("POST", SetPolicy, By("a@example.com", first));
        Assert.Equal("409 ABORTED", (await _gcp.SendAsync("POST", SetPolicy, By("b@example.com", first))).Refusal);
        await _gcp.OkAsync("POST", SetPolicy, By("c@example.com"));
        Assert.Equal(
            "user:c@example.com",
            (string)(await _gcp.OkAsync("GET", GetPolicy))["bindings"]![0]!["members"]![0]!
        );
    }

    [Fact]
    public async Task An_etag_is_accepted_in_either_base64_alphabet()
    {
        await _gcp.CreateKeyAsync();
        var written = await _gcp.BindAsync(Key, EncrypterDecrypter, "user:a@example.com");
        var etag = (string)written["etag"]!;
        var urlSafe = etag.Replace('+', '-').Replace('/', '_');
        Assert.NotEqual(etag, urlSafe);
        await _gcp.OkAsync("POST", SetPolicy, Policy(EncrypterDecrypter, "user:b@example.com", etag: urlSafe));
    }

    [Fact]
    public async Task Conditions_are_read_and_written_only_in_policy_version_3()
    {
        const string Member = "user:a@example.com";
        await _gcp.CreateKeyAsync();
        Assert.Equal(
            "INVALID_ARGUMENT",
            (await _gcp.SendAsync("POST", SetPolicy, Policy(EncrypterDecrypter, Member, "true"))).Error
        );
        await _gcp.OkAsync("POST", SetPolicy, Policy(EncrypterDecrypter, Member, "true", version: 3));
        var complete = await _gcp.OkAsync("GET", GetPolicyVersion3);
        Assert.Equal(
            (3, "true"),
            ((int)complete["version"]!, (string)complete["bindings"]![0]!["condition"]!["expression"]!)
        );
        var version1 = await _gcp.OkAsync("GET", GetPolicy);
        Assert.Equal(1, (int)version1["version"]!);
        Assert.StartsWith(
            EncrypterDecrypter + "_withcond_",
            (string)version1["bindings"]![0]!["role"]!,
            StringComparison.Ordinal
        );
        Assert.Equal(
            "INVALID_ARGUMENT",
            (await _gcp.SendAsync("GET", GetPolicy + "?options.requestedPolicyVersion=2")).Error
        );
        var withEtag = Policy(EncrypterDecrypter, Member, etag: (string)complete["etag"]!);
        Assert.Equal("INVALID_ARGUMENT", (await _gcp.SendAsync("POST", SetPolicy, withEtag)).Error);
    }

    [Fact]
    public async Task Writing_without_an_etag_loses_conditions()
    {
        await _gcp.CreateKeyAsync();
        var conditional = Policy(EncrypterDecrypter, "user:a@example.com", "true", version: 3);
        await _gcp.OkAsync("POST", SetPolicy, conditional);
        await _gcp.BindAsync(Key, EncrypterDecrypter, "user:a@example.com");
        Assert.Null((await _gcp.OkAsync("GET", GetPolicyVersion3))["bindings"]![0]!["condition"]);
    }

    [Fact]
    public async Task An_organization_that_restricts_members_refuses_the_account_of_CockroachDB()
    {
        var email = await _gcp.CreateServiceAccountAsync("cmek-user");
        _gcp.Sandbox.RestrictMembers = true;
        var response = await _gcp.SendAsync(
            "POST",
            $"{Project}/serviceAccounts/{email}:setIamPolicy",
            Policy(TokenCreator, "serviceAccount:" + ClusterAccount)
        );
        Assert.Equal("400 FAILED_PRECONDITION", response.Refusal);
        Assert.Equal(
            "constraints/iam.allowedPolicyMemberDomains",
            (string)response.Body["error"]!["details"]![0]!["violations"]![0]!["type"]!
        );
        await _gcp.CreateKeyAsync();
        await _gcp.BindAsync(Key, EncrypterDecrypter, "serviceAccount:" + email);
    }

    [Fact]
    public async Task The_organization_policy_is_shown_to_a_caller_with_permission()
    {
        const string Path = Project + ":getEffectiveOrgPolicy";
        const string Constraint = """{"constraint":"constraints/iam.allowedPolicyMemberDomains"}""";
        var open = await _gcp.OkAsync("POST", Path, Constraint);
        Assert.Equal("ALLOW", (string)open["listPolicy"]!["allValues"]!);
        _gcp.Sandbox.RestrictMembers = true;
        var restricted = await _gcp.OkAsync("POST", Path, Constraint);
        Assert.Null(restricted["listPolicy"]!["allValues"]);
        Assert.Single(restricted["listPolicy"]!["allowedValues"]!.AsArray());
        var nobody = _gcp.Sandbox.AddPrincipal("nobody@example.com");
        Assert.Equal("PERMISSION_DENIED", (await _gcp.SendAsync("POST", Path, Constraint, nobody)).Error);
        Assert.Equal("INVALID_ARGUMENT", (await _gcp.SendAsync("POST", Path, "{}")).Error);
    }

    [Theory]
    [InlineData("""{"policy":{"bindings":[{"role":"roles/viewer","members":[null]}]}}""")]
    [InlineData("""{"policy":{"bindings":["roles/viewer"]}}""")]
    [InlineData("""{"policy":{"bindings":{},"etag":7}}""")]
    [InlineData("""{"policy":{"etag":"not base64!"}}""")]
    [InlineData("""{"policy":{"version":"three"}}""")]
    [InlineData("""{"policy":{"bindings":[],"bindings":[]}}""")]
    [InlineData(
        """{"policy":{"bindings":[{"role":"roles/viewer","members":["user:a@example.com"],"condition":"true"}]}}"""
    )]
    [InlineData("""{"policy":{}""")]
    public async Task A_malformed_policy_is_refused_and_changes_nothing(string body)
    {
        Assert.Equal("INVALID_ARGUMENT", (await _gcp.SendAsync("POST", Project + ":setIamPolicy", body)).Error);
        Assert.Equal("ACAB", (string)(await _gcp.OkAsync("POST", Project + ":getIamPolicy", "{}"))["etag"]!);
    }
}
