using System.Text;
using System.Text.Json.Nodes;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Aws;
using CockroachCmek.Testing.Specs;

namespace CockroachCmek.Core.Tests.Aws;

/// <summary>Roles in an organization with rules: boundaries, roles of others, keys in another account.</summary>
public sealed class AwsRoleTests : IDisposable
{
    private const string OtherAccount = "300000000003";

    private readonly AwsSandboxWorld _world = AwsSandboxWorld.Start();
    private readonly CrdbCluster _cluster = AwsWorld.ClusterIn("eu-west-1");

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_role_of_another_cluster_is_never_taken_over(bool update)
    {
        var live = AwsWorld.ClusterIn("eu-west-1") with { Name = "live", AccountId = "888888888888" };
        await EnsureAsync(live, "shared");
        var before = _world.Now;
        var error = await Assert.ThrowsAsync<CmekException>(() => EnsureAsync(_cluster, "shared", update));
        Assert.Equal(("RoleBelongsToAnother", CmekErrorKind.Exists), (error.ErrorId, error.Kind));
        Assert.Contains($"'live' ({live.Id})", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("New-CrdbCmekRole -Name <another name>", error.RecommendedAction, StringComparison.Ordinal);
        Assert.Equal(["GetRole"], _world.OperationsSince(before));
    }

    [Theory]
    [InlineData("""{"AWS":"arn:aws:iam::888888888888:root"}""", AwsWorld.OrganizationId, "888888888888")]
    [InlineData("""{"Service":"ec2.amazonaws.com"}""", null, "ec2.amazonaws.com")]
    [InlineData($$"""{"AWS":"arn:aws:iam::{{AwsWorld.ClusterAccount}}:root"}""", "another", "another organization")]
    public async Task A_role_without_tags_belongs_to_those_whom_it_trusts(string principal, string? id, string owner)
    {
        await CreateAsync(principal, id);
        var error = await Assert.ThrowsAsync<CmekException>(() => EnsureAsync(_cluster, "shared", update: true));
        Assert.Equal("RoleBelongsToAnother", error.ErrorId);
        Assert.Contains(owner, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_role_without_tags_that_serves_this_cluster_and_others_differs_and_is_not_narrowed()
    {
        await CreateAsync(
            $$"""{"AWS":"arn:aws:iam::{{AwsWorld.ClusterAccount}}:root","Service":"ec2.amazonaws.com"}""",
            AwsWorld.OrganizationId
        );
        var error = await Assert.ThrowsAsync<CmekException>(() => EnsureAsync(_cluster, "shared", update: true));
        Assert.Equal("RoleDiffers", error.ErrorId);
        Assert.Contains("it also trusts ec2.amazonaws.com", error.Message, StringComparison.Ordinal);
        Assert.Contains("ec2.amazonaws.com would lose it", error.Message, StringComparison.Ordinal);
        Assert.StartsWith("aws iam tag-role --role-name shared ", error.RecommendedAction, StringComparison.Ordinal);
        await _world.IamAsync(
            "TagRole",
            ("RoleName", "shared"),
            ("Tags.member.1.Key", AwsNames.ClusterIdTag),
            ("Tags.member.1.Value", _cluster.Id)
        );
        Assert.Equal(CmekOutcome.Updated, (await EnsureAsync(_cluster, "shared", update: true)).Outcome);
    }

    [Fact]
    public async Task A_role_without_tags_that_trusts_this_cluster_only_is_corrected()
    {
        await CreateAsync($$"""{"AWS":"arn:aws:iam::{{AwsWorld.ClusterAccount}}:root"}""", externalId: null);
        var error = await Assert.ThrowsAsync<CmekException>(() => EnsureAsync(_cluster, "shared"));
        Assert.Equal("RoleDiffers", error.ErrorId);
        Assert.Contains("New-CrdbCmekRole -Name shared -Update", error.RecommendedAction, StringComparison.Ordinal);
        Assert.Equal(CmekOutcome.Updated, (await EnsureAsync(_cluster, "shared", update: true)).Outcome);
    }

    [Fact]
    public async Task A_permissions_boundary_is_set_compared_and_corrected()
    {
        var one = await CreatePolicyAsync("one");
        var two = await CreatePolicyAsync("two");
        Assert.Equal(CmekOutcome.Created, (await EnsureAsync(_cluster, "bounded", boundary: one)).Outcome);
        Assert.Equal(one, await BoundaryAsync("bounded"));
        Assert.Equal(CmekOutcome.Existing, (await EnsureAsync(_cluster, "bounded", boundary: one)).Outcome);
        Assert.Equal(CmekOutcome.Existing, (await EnsureAsync(_cluster, "bounded")).Outcome);

        var error = await Assert.ThrowsAsync<CmekException>(() => EnsureAsync(_cluster, "bounded", boundary: two));
        Assert.Equal("RoleDiffers", error.ErrorId);
        Assert.Contains($"its permissions boundary is {one}, not {two}", error.Message, StringComparison.Ordinal);
        var updated = await EnsureAsync(_cluster, "bounded", update: true, boundary: two);
        Assert.Equal(CmekOutcome.Updated, updated.Outcome);
        Assert.Equal(two, await BoundaryAsync("bounded"));
    }

    [Fact]
    public async Task A_role_gets_the_keys_of_another_account_once_and_keeps_those_it_has()
    {
        var role = RoleArn.Parse((await EnsureAsync(_cluster, "cross")).AuthPrincipal);
        var grant = new AwsRoleGrant(WithKeyProfile(), _cluster, role);
        await grant.PrepareAsync([OtherAccount], isPlanned: false);
        await grant.EnsureAsync([KeyOf("one")]);
        await grant.EnsureAsync([KeyOf("two")]);
        var before = _world.Now;
        await grant.EnsureAsync([KeyOf("one"), KeyOf("two")]);
        Assert.DoesNotContain("PutRolePolicy", _world.OperationsSince(before));

        var name = AwsNames.RolePolicy(_cluster);
        var response = await _world.IamAsync("GetRolePolicy", ("RoleName", "cross"), ("PolicyName", name));
        var text = response.Descendants().Single(e => e.Name.LocalName == "PolicyDocument").Value;
        var statement = JsonNode.Parse(Uri.UnescapeDataString(text))!["Statement"]!.AsArray().Single()!;
        Assert.Equal(KeyPolicyDocument.UseActions, statement["Action"]!.AsArray().Select(a => a!.ToString()));
        Assert.Equal(
            [KeyOf("one").ToString(), KeyOf("two").ToString()],
            statement["Resource"]!.AsArray().Select(r => r!.ToString())
        );
        Assert.Equal(2, _world.Log.Questions.Count(q => q.Action.Contains(name, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_role_that_the_credentials_do_not_see_is_named_before_a_key_is_created()
    {
        var foreign = RoleArn.Parse($"arn:aws:iam::{OtherAccount}:role/cross");
        await EnsureAsync(_cluster, "cross");
        var error = await Assert.ThrowsAsync<CmekException>(() =>
            new AwsRoleGrant(WithKeyProfile(), _cluster, foreign).PrepareAsync(["200000000001"], isPlanned: false)
        );
        Assert.Equal("RoleNotFound", error.ErrorId);
        Assert.Contains("-KeyProfile", error.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_profile_for_the_keys_the_warning_names_it()
    {
        var run = new AwsRun(new AwsClients(Connection), _world.Context);
        var role = RoleArn.Parse("arn:aws:iam::200000000001:role/cross");
        await new AwsRoleGrant(run, _cluster, role).PrepareAsync([OtherAccount], isPlanned: false);
        Assert.Contains("Connect-CrdbCloud -KeyProfile", Assert.Single(_world.Log.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_hand_over_creates_a_role_that_fits()
    {
        var policy = await _world.Provider.GetKeyPolicyAsync(
            new KeyPolicyRequest
            {
                Cluster = _cluster,
                AuthPrincipal = "arn:aws:iam::200000000001:role/crdb/handed-over",
                OrganizationId = AwsWorld.OrganizationId,
                Options = CloudOptions.None.With("PermissionsBoundary", "arn:aws:iam::200000000001:policy/edge"),
            },
            _world.Context
        );
        Assert.Empty(policy.RolePolicy);
        var command = Assert.Single(policy.RoleCommands);
        Assert.StartsWith(
            "aws iam create-role --role-name handed-over --path /crdb/ ",
            command,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "--permissions-boundary arn:aws:iam::200000000001:policy/edge",
            command,
            StringComparison.Ordinal
        );
        Assert.Contains("resource \"aws_iam_role\" \"crdb_cmek\"", policy.Terraform, StringComparison.Ordinal);
        Assert.Contains("resource \"aws_kms_key\" \"crdb_cmek_eu_west_1\"", policy.Terraform, StringComparison.Ordinal);

        await _world.IamAsync(
            "CreateRole",
            ("RoleName", "handed-over"),
            ("Path", "/crdb/"),
            ("AssumeRolePolicyDocument", policy.TrustPolicy)
        );
        Assert.Equal(CmekOutcome.Existing, (await EnsureAsync(_cluster, "handed-over")).Outcome);
    }

    [Fact]
    public async Task The_hand_over_for_a_key_in_another_account_has_both_sides()
    {
        var keys = await _world.KeysAsync(_cluster);
        var policy = await _world.Provider.GetKeyPolicyAsync(
            new KeyPolicyRequest
            {
                Cluster = _cluster,
                AuthPrincipal = $"arn:aws:iam::{OtherAccount}:role/cross",
                OrganizationId = AwsWorld.OrganizationId,
                KeyUri = keys[0].KeyUri,
            },
            _world.Context
        );
        Assert.Contains(keys[0].KeyUri, policy.RolePolicy, StringComparison.Ordinal);
        Assert.Contains("kms:Decrypt", policy.RolePolicy, StringComparison.Ordinal);
        Assert.Contains(policy.RoleCommands, c => c.StartsWith("aws iam put-role-policy", StringComparison.Ordinal));
        Assert.Contains($"{OtherAccount}:role/cross", policy.Policy, StringComparison.Ordinal);
        Assert.Contains("aws_kms_key_policy", policy.Terraform, StringComparison.Ordinal);
    }

    [Fact]
    public void Terraform_takes_a_policy_variable_as_text()
    {
        var policy = KeyPolicyDocument.Parse(
            """{"Statement":[{"Sid":"${aws:username}","Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"""
        );
        Assert.Contains("$${aws:username}", AwsTerraform.KeyPolicy("k", "r", policy), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_that_change_a_role_match_the_model()
    {
        await _world.RoleAsync(_cluster, organizationId: "another");
        var role = RoleArn.Parse((await _world.RoleAsync(_cluster, update: true)).AuthPrincipal);
        await new AwsRoleGrant(WithKeyProfile(), _cluster, role).EnsureAsync([KeyOf("one")]);
        var checkedOperations = new List<string>();
        foreach (var exchange in _world.Server.Exchanges)
        {
            var operation = AwsSandboxWorld.OperationOf(exchange.Request);
            if (operation is not ("UpdateAssumeRolePolicy" or "PutRolePolicy" or "GetRolePolicy"))
                continue;
            var form = Encoding
                .UTF8.GetString(exchange.Request.Body)
                .Split('&')
                .Select(p => p.Split('=', 2))
                .ToDictionary(p => Uri.UnescapeDataString(p[0]), p => Uri.UnescapeDataString(p[1]));
            Assert.Empty(Specifications.Aws["iam"].CheckForm(operation, form));
            checkedOperations.Add(operation);
        }

        Assert.Equal(3, checkedOperations.Distinct().Count());
    }

    private AwsConnection Connection =>
        new()
        {
            Endpoint = _world.Server.AwsEndpoint,
            AccessKeyId = _world.Server.Aws.AccessKeyId,
            SecretAccessKey = new Secret(_world.Server.Aws.SecretAccessKey),
        };

    /// <summary>Credentials for keys of their own; only IAM is called here.</summary>
    private AwsRun WithKeyProfile() => new(new AwsClients(Connection with { KeyProfileName = "keys" }), _world.Context);

    private static AwsKeyArn KeyOf(string id) => AwsKeyArn.Parse($"arn:aws:kms:eu-west-1:{OtherAccount}:key/{id}");

    private Task<CmekRole> EnsureAsync(
        CrdbCluster cluster,
        string name,
        bool update = false,
        string? boundary = null
    ) =>
        _world.Provider.EnsureRoleAsync(
            new RoleRequest
            {
                Cluster = cluster,
                OrganizationId = AwsWorld.OrganizationId,
                Name = name,
                Update = update,
                Options = CloudOptions.None.With("PermissionsBoundary", boundary),
            },
            _world.Context
        );

    private Task CreateAsync(string principal, string? externalId)
    {
        var condition = externalId is null
            ? ""
            : $$$""","Condition":{"StringEquals":{"sts:ExternalId":"{{{externalId}}}"}}""";
        return _world.IamAsync(
            "CreateRole",
            ("RoleName", "shared"),
            (
                "AssumeRolePolicyDocument",
                $$"""
                {"Version":"2012-10-17",
                 "Statement":[{"Effect":"Allow","Principal":{{principal}},"Action":"sts:AssumeRole"{{condition}}}]}
                """
            )
        );
    }

    private async Task<string> CreatePolicyAsync(string name)
    {
        const string document = """
            {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"}]}
            """;
        var response = await _world.IamAsync("CreatePolicy", ("PolicyName", name), ("PolicyDocument", document));
        return response.Descendants().Single(e => e.Name.LocalName == "Arn").Value;
    }

    private async Task<string?> BoundaryAsync(string role) =>
        (await _world.IamAsync("GetRole", ("RoleName", role)))
            .Descendants()
            .SingleOrDefault(e => e.Name.LocalName == "PermissionsBoundaryArn")
            ?.Value;
}
