using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Grants, and principals that are gone, in the sandbox's KMS.</summary>
public sealed class AwsGrantTests : IAsyncDisposable
{
    private const string Role = "arn:aws:iam::200000000001:role/app";
    private readonly AwsTestBed _bed = new();

    public ValueTask DisposeAsync() => _bed.DisposeAsync();

    [Fact]
    public async Task A_grant_is_listed_with_what_it_allows_and_is_gone_when_revoked_or_retired()
    {
        await CreateRoleAsync();
        var key = await CreateKeyAsync();
        var created = await GrantAsync(key, "Decrypt", "DescribeKey");
        Assert.Equal(64, ((string)created["GrantId"]!).Length);
        var again = await GrantAsync(key, "Decrypt", "DescribeKey");
        Assert.Equal((string)created["GrantId"]!, (string)again["GrantId"]!);

        var grant = Assert.Single(await GrantsAsync(key))!;
        Assert.Equal(Role, (string)grant["GranteePrincipal"]!);
        Assert.Equal("arn:aws:iam::200000000001:root", (string)grant["IssuingAccount"]!);
        Assert.Equal(2, grant["Operations"]!.AsArray().Count);

        await _bed.KmsAsync("RevokeGrant", new() { ["KeyId"] = key, ["GrantId"] = (string)created["GrantId"]! });
        Assert.Empty(await GrantsAsync(key));
        var second = await GrantAsync(key, "Decrypt");
        await _bed.KmsAsync("RetireGrant", new() { ["GrantToken"] = (string)second["GrantToken"]! });
        Assert.Empty(await GrantsAsync(key));
    }

    [Fact]
    public async Task A_grant_needs_a_known_principal_and_shows_the_id_of_one_that_was_deleted()
    {
        var key = await CreateKeyAsync();
        var body = new JsonObject
        {
            ["KeyId"] = key,
            ["GranteePrincipal"] = Role,
            ["Operations"] = new JsonArray("Decrypt"),
        };
        Assert.Equal("InvalidArnException", (await _bed.KmsAsync("CreateGrant", body)).Text("__type"));
        await CreateRoleAsync();
        await GrantAsync(key, "Decrypt");
        await _bed.IamAsync("DeleteRole", "&RoleName=app");
        Assert.StartsWith("AROA", (string)Assert.Single(await GrantsAsync(key))!["GranteePrincipal"]!);
    }

    [Fact]
    public async Task A_key_policy_with_the_id_of_a_deleted_role_is_refused_whatever_else_changes()
    {
        await CreateRoleAsync();
        var key = await CreateKeyAsync();
        var policy = $$$"""
            {"Version":"2012-10-17","Statement":[
             {"Effect":"Allow","Principal":{"AWS":"200000000001"},"Action":"kms:*","Resource":"*"},
             {"Effect":"Allow","Principal":{"AWS":"{{{Role}}}"},"Action":"kms:Decrypt","Resource":"*",
              "Condition":{"ArnLike":{"aws:PrincipalArn":"{{{Role}}}"} } }]}
            """;
        Assert.Equal(200, (await PutAsync(key, policy)).Status);
        await _bed.IamAsync("DeleteRole", "&RoleName=app");
        await CreateRoleAsync();

        var shown = (await _bed.KmsAsync("GetKeyPolicy", new() { ["KeyId"] = key })).Text("Policy");
        var statement = JsonNode.Parse(shown)!["Statement"]![1]!;
        Assert.StartsWith("AROA", (string)statement["Principal"]!["AWS"]!);
        Assert.Equal(Role, (string)statement["Condition"]!["ArnLike"]!["aws:PrincipalArn"]!);
        var refused = await PutAsync(key, shown);
        Assert.Equal("MalformedPolicyDocumentException", refused.Text("__type"));
        Assert.Equal("Policy contains a statement with one or more invalid principals.", refused.Text("message"));
    }

    private Task<TestResponse> PutAsync(string key, string policy) =>
        _bed.KmsAsync("PutKeyPolicy", new() { ["KeyId"] = key, ["Policy"] = policy });

    private async Task CreateRoleAsync()
    {
        var trust = """
            {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]}
            """;
        var created = await _bed.IamAsync(
            "CreateRole",
            "&RoleName=app&AssumeRolePolicyDocument=" + Uri.EscapeDataString(trust)
        );
        Assert.Equal(200, created.Status);
        _bed.Advance(TimeSpan.FromMinutes(1));
    }

    private async Task<string> CreateKeyAsync() =>
        (string)(await _bed.KmsAsync("CreateKey", [])).Body["KeyMetadata"]!["Arn"]!;

    private async Task<JsonNode> GrantAsync(string key, params string[] operations) =>
        (
            await _bed.KmsAsync(
                "CreateGrant",
                new()
                {
                    ["KeyId"] = key,
                    ["Name"] = "use",
                    ["GranteePrincipal"] = Role,
                    ["Operations"] = new JsonArray([.. operations.Select(o => (JsonNode)o)]),
                }
            )
        ).Body;

    private async Task<JsonArray> GrantsAsync(string key) =>
        (await _bed.KmsAsync("ListGrants", new() { ["KeyId"] = key })).Body["Grants"]!.AsArray();
}
