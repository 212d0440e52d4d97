using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>Policies of AWS as they are in production: what denies, narrows and opens a key.</summary>
public sealed class AwsAccessTests : IDisposable
{
    private const string Region = "us-east-1";

    private readonly ModuleSession _session = ModuleSession.WithSandbox();
    private readonly string _role;
    private readonly string _key;
    private readonly string _account;

    public AwsAccessTests()
    {
        _session.Run("$role = New-CrdbCmekRole dev-aws; $key = $role | New-CrdbCmekKey").Succeeds();
        _role = _session.Run("$role.AuthPrincipal").Single().ToString()!;
        _key = _session.Run("$key.KeyUri").Single().ToString()!;
        _account = _role.Split(':')[4];
    }

    private string Root => $$"""{"AWS":"arn:aws:iam::{{_account}}:root"}""";

    private string RoleName => _role.Split('/')[^1];

    [Fact]
    public void A_key_that_a_Deny_to_the_account_keeps_from_the_role_is_refused_and_its_check_fails()
    {
        Put(RootStatement, Use(), Statement("Deny", Root, "\"kms:Decrypt\""));
        var error = _session.Run(Import).FailsWith("KeyDeniesRole");
        Assert.Contains("kms:Decrypt", error.ErrorDetails.Message, StringComparison.Ordinal);
        Assert.Equal("Fail KeyDeniesRole", Check("KeyGranted"));
    }

    [Theory]
    [InlineData("""{"Bool":{"aws:SecureTransport":"false"}}""")]
    [InlineData("""{"StringNotEquals":{"aws:PrincipalArn":["ROLE","arn:aws:iam::ACCOUNT:root","ADMIN"]}}""")]
    public void A_Deny_that_does_not_concern_the_role_is_no_obstacle(string condition)
    {
        Put(RootStatement, Use(), Statement("Deny", "\"*\"", "\"kms:Encrypt\"", condition));
        var result = _session.Run(Import).Succeeds();
        Assert.Equal("Existing", result.Single().Text("Outcome"));
        Assert.Empty(result.Warnings);
        Assert.Equal("Pass ", Check("KeyGranted"));
    }

    [Fact]
    public void A_role_that_an_IAM_policy_lets_use_the_key_needs_no_grant()
    {
        Put(RootStatement);
        _session.Run(Import).FailsWith("KeyNotGranted");
        SandboxAws.Iam(
            _session,
            "PutRolePolicy",
            ("RoleName", RoleName),
            ("PolicyName", "cmek"),
            ("PolicyDocument", Document($$"""{"Effect":"Allow","Action":[{{Actions}}],"Resource":"{{_key}}"}"""))
        );
        Assert.Equal("Existing", _session.Run($"{Import} -Grant").Succeeds().Single().Text("Outcome"));
        Assert.Equal("Pass ", Check("KeyGranted"));
    }

    [Fact]
    public void What_only_AWS_can_see_is_one_warning_and_an_unknown_check_that_name_the_condition()
    {
        Put(
            RootStatement,
            Use(),
            Statement(
                "Deny",
                "\"*\"",
                "\"kms:Encrypt\",\"kms:Decrypt\"",
                """{"StringNotEquals":{"aws:PrincipalOrgID":"o-abc1234567"}}"""
            )
        );
        var result = _session.Run(Import).Succeeds();
        Assert.Contains("aws:PrincipalOrgID", Assert.Single(result.Warnings), StringComparison.Ordinal);
        Assert.Equal("Unknown KeyGrantConditional", Check("KeyGranted"));
    }

    [Theory]
    [InlineData("\"*\"", "\"kms:*\"", "anybody", "Fail KeyOpen")]
    [InlineData(
        """{"AWS":"arn:aws:iam::333333333333:root"}""",
        "\"kms:Decrypt\"",
        "account 333333333333",
        "Warning KeyPolicyWide"
    )]
    public void A_key_that_is_open_to_others_is_reported_as_too_wide(
        string principal,
        string actions,
        string who,
        string result
    )
    {
        Put(RootStatement, Use(), Statement("Allow", principal, actions));
        Assert.Equal(result, Check("KeyPolicyNarrow"));
        Assert.Contains(who, CheckDetail("KeyPolicyNarrow"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_grant_that_somebody_narrowed_is_not_widened()
    {
        Put(RootStatement, Use("""{"StringEquals":{"aws:PrincipalOrgID":"o-abc1234567"}}"""));
        var before = SandboxAws.Policies(_session, Region);
        var error = _session.Run($"{Import} -Grant").FailsWith("KeyGrantNarrowed");
        Assert.Contains("aws:PrincipalOrgID", error.ErrorDetails.Message, StringComparison.Ordinal);
        Assert.Equal(before, SandboxAws.Policies(_session, Region));
    }

    [Fact]
    public void A_boundary_without_the_key_s_actions_is_named_and_no_grant_is_added()
    {
        var created = SandboxAws.Iam(
            _session,
            "CreatePolicy",
            ("PolicyName", "limit"),
            ("PolicyDocument", Document("""{"Effect":"Allow","Action":"s3:*","Resource":"*"}"""))
        );
        var arn = System.Xml.Linq.XElement.Parse(created).Descendants().Single(e => e.Name.LocalName == "Arn").Value;
        SandboxAws.Iam(_session, "PutRolePermissionsBoundary", ("RoleName", RoleName), ("PermissionsBoundary", arn));
        var error = _session.Run($"{Import} -Grant").FailsWith("RoleBoundaryDenies");
        Assert.Contains(arn, error.ErrorDetails.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"Service\":\"ec2.amazonaws.com\"", "", "Fail RoleDiffers")]
    [InlineData("", ",\"IpAddress\":{\"aws:SourceIp\":\"203.0.113.0/24\"}", "Unknown RoleTrustConditional")]
    public void A_trust_policy_passes_only_when_nobody_else_and_nothing_else_is_in_it(
        string also,
        string condition,
        string expected
    )
    {
        var trust = JsonNode.Parse(
            Uri.UnescapeDataString(
                System
                    .Xml.Linq.XElement.Parse(SandboxAws.Iam(_session, "GetRole", ("RoleName", RoleName)))
                    .Descendants()
                    .Single(e => e.Name.LocalName == "AssumeRolePolicyDocument")
                    .Value
            )
        )!["Statement"]![0]!;
        var principal = trust["Principal"]!["AWS"]!.ToJsonString();
        var externalId = trust["Condition"]!["StringEquals"]!.ToJsonString();
        var changed = Document(
            $$$"""
            {"Effect":"Allow","Principal":{"AWS":{{{principal}}}{{{(also.Length > 0 ? "," + also : "")}}}},
             "Action":"sts:AssumeRole","Condition":{"StringEquals":{{{externalId}}}{{{condition}}}}}
            """
        );
        SandboxAws.Iam(_session, "UpdateAssumeRolePolicy", ("RoleName", RoleName), ("PolicyDocument", changed));
        Assert.Equal(expected, Check("RoleTrust"));
        Assert.Equal(
            "False",
            _session.Run("$key | New-CrdbCmekManifest | Test-CrdbCmekManifest -Quiet").Single().ToString()
        );
    }

    [Theory]
    [InlineData("Deny", "aws:SecureTransport", """{"Bool":{"aws:SecureTransport":"false"}}""")]
    [InlineData("Allow", "aws:userid", """{"StringLike":{"aws:userid":"*"}}""")]
    public void A_new_key_gets_the_policy_of_the_old_one_and_no_grant_that_is_wider(
        string effect,
        string key,
        string condition
    )
    {
        _session.Run("$key | New-CrdbCmekManifest | Enable-CrdbCmek -Wait").Succeeds();
        if (effect == "Deny")
            Put(RootStatement, Use(), Statement("Deny", "\"*\"", "\"kms:*\"", condition));
        else
            Put(RootStatement, Use(condition));
        _session.Run("Get-CrdbCluster dev-aws | Invoke-CrdbCmekRotation -NewKey -Wait -Confirm:$false").Succeeds();
        var policies = SandboxAws.Policies(_session, Region).Where(p => p.Contains(_role, StringComparison.Ordinal));
        Assert.Equal(2, policies.Count());
        Assert.Single(policies.Select(p => Regex.Count(p, Regex.Escape(_role))).Distinct());
        Assert.All(policies, p => Assert.Contains(key, p, StringComparison.Ordinal));
    }

    [Fact]
    public void Access_that_an_IAM_policy_gives_is_named_before_a_grant_is_removed()
    {
        SandboxAws.Iam(
            _session,
            "PutRolePolicy",
            ("RoleName", RoleName),
            ("PolicyName", "cmek"),
            ("PolicyDocument", Document($$"""{"Effect":"Allow","Action":[{{Actions}}],"Resource":"*"}"""))
        );
        _session.Run("$key | New-CrdbCmekManifest | Enable-CrdbCmek -Wait").Succeeds();
        var error = _session
            .Run("Revoke-CrdbCmek dev-aws -Method RemoveGrant -Confirm:$false")
            .FailsWith("GrantNotRemovable");
        Assert.Contains("the inline policy 'cmek'", error.ErrorDetails.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_read_that_fails_is_a_place_that_is_not_known()
    {
        _session
            .Run(
                "$sandbox.AddFault([CockroachCmek.SandboxFault]@{ Service = 'aws'; Action = 'Status'; Status = 403; "
                    + "Pattern = 'ListGrants'; Count = 100 })"
            )
            .Succeeds();
        Assert.Equal("Unknown KeyAccessUnread", Check("KeyPolicyNarrow"));
        Assert.Equal("Pass ", Check("KeyPolicyCurrent"));
        Assert.Equal("Pass ", Check("KeyGranted"));
    }

    [Fact]
    public void The_correction_of_a_role_creates_none_for_a_cluster_that_has_another_in_force()
    {
        _session.Run("$named = New-CrdbCmekRole dev-aws -Name other; $k = $named | New-CrdbCmekKey").Succeeds();
        _session.Run("$k | New-CrdbCmekManifest | Enable-CrdbCmek -Wait").Succeeds();
        SandboxAws.Iam(_session, "DeleteRole", ("RoleName", RoleName));
        _session.Run("New-CrdbCmekRole dev-aws -Update").FailsWith("CmekAlreadyEnabled");
        Assert.Equal(
            "Existing",
            _session.Run("New-CrdbCmekRole dev-aws -Name other -Update").Succeeds().Single().Text("Outcome")
        );
    }

    public void Dispose() => _session.Dispose();

    private static string Import => "$role | New-CrdbCmekKey -KeyUri $key.KeyUri";

    private static string Actions =>
        "\"kms:Encrypt\",\"kms:Decrypt\",\"kms:GenerateDataKey*\",\"kms:DescribeKey\",\"kms:ReEncrypt*\"";

    private string RootStatement => Statement("Allow", Root, "\"kms:*\"");

    private string Use(string? condition = null) => Statement("Allow", $$"""{"AWS":"{{_role}}"}""", Actions, condition);

    private static string Statement(string effect, string principal, string actions, string? condition = null) =>
        $$"""
            {"Effect":"{{effect}}","Principal":{{principal}},"Action":[{{actions}}],"Resource":"*"{{Of(condition)}}}
            """;

    private static string Of(string? condition) => condition is null ? "" : $",\"Condition\":{condition}";

    private static string Document(params string[] statements) =>
        $$"""{"Version":"2012-10-17","Statement":[{{string.Join(",", statements)}}]}""";

    private void Put(params string[] statements)
    {
        var caller = System
            .Xml.Linq.XElement.Parse(SandboxAws.Sts(_session))
            .Descendants()
            .Single(e => e.Name.LocalName == "Arn")
            .Value;
        var policy = Document(statements)
            .Replace("ROLE", _role, StringComparison.Ordinal)
            .Replace("ACCOUNT", _account, StringComparison.Ordinal)
            .Replace("ADMIN", caller, StringComparison.Ordinal);
        SandboxAws.Kms(
            _session,
            Region,
            "PutKeyPolicy",
            new JsonObject { ["KeyId"] = _key, ["Policy"] = policy }.ToJsonString()
        );
    }

    private string Check(string name) => Checks(name, "\"$($_.Status) $($_.ErrorId)\"");

    private string CheckDetail(string name) => Checks(name, "$_.Detail");

    private string Checks(string name, string value) =>
        _session
            .Run(
                $"$key | New-CrdbCmekManifest | Test-CrdbCmekManifest | Where-Object Check -eq {name} | "
                    + $"ForEach-Object {{ {value} }}"
            )
            .Single()
            .ToString()!;
}
