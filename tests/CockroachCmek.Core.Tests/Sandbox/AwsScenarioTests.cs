using System.Text.Json.Nodes;
using CockroachCmek.Sandbox;
using CockroachCmek.Sandbox.Aws;
using CockroachCmek.Sandbox.Cloud;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>The prepared messes of AWS and CockroachDB Cloud.</summary>
public sealed class AwsScenarioTests : IAsyncDisposable
{
    private const string Trust = """{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]}""";

    private readonly AwsTestBed _bed = new();

    public ValueTask DisposeAsync() => _bed.DisposeAsync();

    [Theory]
    [InlineData("StalePrincipal")]
    [InlineData("PublicKey")]
    [InlineData("IdentityPolicyRole")]
    [InlineData("GrantedKey")]
    [InlineData("LateRotation")]
    [InlineData("KeyStore")]
    [InlineData("TwoAdmins")]
    public void The_cluster_can_still_use_its_key(string name)
    {
        Add(name);
        var cluster = _bed.Server.Cloud.Clusters.Single(c => c.Name == "prod-eu-old");
        var spec = _bed.Server.UseCmek(cluster.Name);
        var use = new KeyUseRequest(
            spec.Uri,
            spec.AuthPrincipal,
            _bed.Server.Cloud.OrganizationId,
            cluster.Id,
            cluster.AccountId,
            "eu-west-1"
        );
        Assert.Null(new AwsKeyUser(_bed.Server.Aws).Wrap(use, [1]).Refusal);
    }

    [Theory]
    [InlineData("StalePrincipal", "AROAFORMERAPPLICATION")]
    [InlineData("PublicKey", "Everybody")]
    public async Task The_mess_is_in_the_key_policy(string name, string text)
    {
        Add(name);
        Assert.Contains(text, await PolicyAsync());
    }

    [Fact]
    public async Task A_policy_with_a_stale_principal_cannot_be_put_back()
    {
        Add("StalePrincipal");
        var key = _bed.Server.UseCmek("prod-eu-old").Uri;
        var body = new JsonObject { ["KeyId"] = key, ["Policy"] = await PolicyAsync() };
        Assert.Equal(
            "Policy contains a statement with one or more invalid principals.",
            (await _bed.KmsAsync("PutKeyPolicy", body, "eu-west-1")).Text("message")
        );
    }

    [Fact]
    public async Task IdentityPolicyRole_takes_the_role_out_of_the_key_policy()
    {
        Add("IdentityPolicyRole");
        Assert.DoesNotContain(_bed.Server.UseCmek("prod-eu-old").AuthPrincipal, await PolicyAsync());
    }

    [Fact]
    public async Task GrantedKey_shows_in_the_list_of_grants_only()
    {
        Add("GrantedKey");
        var key = _bed.Server.UseCmek("prod-eu-old").Uri;
        var grants = await _bed.KmsAsync("ListGrants", new JsonObject { ["KeyId"] = key }, "eu-west-1");
        Assert.Contains("reporting-app", grants.Body.ToJsonString());
        Assert.DoesNotContain("reporting-app", await PolicyAsync());
    }

    [Fact]
    public async Task BoundaryRole_refuses_a_role_without_the_boundary()
    {
        Add("BoundaryRole");
        var parameters = "&RoleName=r&AssumeRolePolicyDocument=" + Uri.EscapeDataString(Trust);
        var refused = await _bed.IamAsync("CreateRole", parameters);
        Assert.Contains("with an explicit deny in a service control policy", refused.Text("text"));
        var boundary = $"arn:aws:iam::{_bed.Server.Aws.AccountId}:policy/cmek-boundary";
        Assert.Equal(200, (await _bed.IamAsync("CreateRole", $"{parameters}&PermissionsBoundary={boundary}")).Status);
    }

    [Fact]
    public async Task ForeignRole_has_the_name_that_the_role_of_the_cluster_would_get()
    {
        Add("ForeignRole");
        var id = _bed.Server.Cloud.Clusters.Single(c => c.Name == "prod-eu").Id;
        var role = await _bed.IamAsync("GetRole", $"&RoleName=crdb-cmek-{id[^12..]}");
        Assert.Contains("333333333333", role.Text("text"));
    }

    [Fact]
    public async Task VendorDown_stops_CockroachDB_Cloud_but_not_AWS()
    {
        Add("VendorDown");
        Assert.Equal(503, (await _bed.CloudAsync("GET", "clusters")).Status);
        Assert.Equal(200, (await _bed.KmsAsync("ListKeys", [])).Status);
    }

    private void Add(string name) => _bed.Server.AddScenario(SandboxScenarios.All.Single(s => s.Name == name));

    private async Task<string> PolicyAsync()
    {
        var key = _bed.Server.UseCmek("prod-eu-old").Uri;
        return (await _bed.KmsAsync("GetKeyPolicy", new JsonObject { ["KeyId"] = key }, "eu-west-1")).Text("Policy");
    }
}
