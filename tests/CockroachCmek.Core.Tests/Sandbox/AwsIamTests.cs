using System.Xml.Linq;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Roles, their policies and boundaries in the sandbox's IAM.</summary>
public sealed class AwsIamTests : IAsyncDisposable
{
    private const string UseKeys =
        """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:Decrypt","Resource":"*"}]}""";

    private const string Trust =
        """{"Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}""";

    private readonly AwsTestBed _bed = new();

    private static string BoundaryArn => "arn:aws:iam::200000000001:policy/teams/limit";

    public ValueTask DisposeAsync() => _bed.DisposeAsync();

    [Fact]
    public async Task Roles_show_their_inline_policies_and_the_policies_of_the_account_and_of_AWS()
    {
        await CreateRoleAsync("app");
        await _bed.IamAsync("PutRolePolicy", $"&RoleName=app&PolicyName=use&PolicyDocument={Escape(UseKeys)}");
        await CreatePolicyAsync();
        await _bed.IamAsync("AttachRolePolicy", $"&RoleName=app&PolicyArn={BoundaryArn}");
        await _bed.IamAsync("AttachRolePolicy", "&RoleName=app&PolicyArn=arn:aws:iam::aws:policy/ReadOnlyAccess");

        Assert.Equal("use", Value(await _bed.IamAsync("ListRolePolicies", "&RoleName=app"), "member"));
        var inline = await _bed.IamAsync("GetRolePolicy", "&RoleName=app&PolicyName=use");
        Assert.Equal(UseKeys, Uri.UnescapeDataString(Value(inline, "PolicyDocument")));
        var attached = await _bed.IamAsync("ListAttachedRolePolicies", "&RoleName=app");
        Assert.Contains(BoundaryArn, attached.Text("text"));
        var policy = await _bed.IamAsync("GetPolicy", $"&PolicyArn={BoundaryArn}");
        Assert.Equal(
            ("v1", "1", "/teams/"),
            (Value(policy, "DefaultVersionId"), Value(policy, "AttachmentCount"), Value(policy, "Path"))
        );
        var version = await _bed.IamAsync("GetPolicyVersion", $"&PolicyArn={BoundaryArn}&VersionId=v1");
        Assert.Equal(UseKeys, Uri.UnescapeDataString(Value(version, "Document")));
        var ofAws = await _bed.IamAsync("GetPolicy", "&PolicyArn=arn:aws:iam::aws:policy/ReadOnlyAccess");
        Assert.Equal("ReadOnlyAccess", Value(ofAws, "PolicyName"));
    }

    [Fact]
    public async Task A_role_is_created_with_a_boundary_which_GetRole_shows_and_which_can_be_changed()
    {
        await CreatePolicyAsync();
        Assert.Equal(200, (await CreateRoleAsync("app", $"&PermissionsBoundary={BoundaryArn}")).Status);
        var role = await _bed.IamAsync("GetRole", "&RoleName=app");
        Assert.Equal(BoundaryArn, Value(role, "PermissionsBoundaryArn"));

        Assert.Equal(200, (await _bed.IamAsync("DeleteRolePermissionsBoundary", "&RoleName=app")).Status);
        Assert.DoesNotContain("PermissionsBoundary", (await _bed.IamAsync("GetRole", "&RoleName=app")).Text("text"));
        await _bed.IamAsync("PutRolePermissionsBoundary", $"&RoleName=app&PermissionsBoundary={BoundaryArn}");
        Assert.Contains("PermissionsBoundary", (await _bed.IamAsync("GetRole", "&RoleName=app")).Text("text"));
    }

    [Theory]
    [InlineData("limit", 400, "InvalidInput", "ARN limit is not valid.")]
    [InlineData(
        "arn:aws:iam::200000000001:policy/none",
        404,
        "NoSuchEntity",
        "Scope ARN: arn:aws:iam::200000000001:policy/none does not exist or is not attachable."
    )]
    public async Task A_boundary_must_be_a_policy_that_exists(string boundary, int status, string code, string message)
    {
        var refused = await CreateRoleAsync("app", $"&PermissionsBoundary={boundary}");
        Assert.Equal((status, code, message), (refused.Status, Value(refused, "Code"), Value(refused, "Message")));
    }

    [Theory]
    [InlineData("Attach", "Cannot delete entity, must detach all policies first.")]
    [InlineData("Put", "Cannot delete entity, must delete policies first.")]
    public async Task A_role_with_policies_is_not_deleted(string operation, string message)
    {
        await CreateRoleAsync("app");
        await _bed.IamAsync(
            operation + "RolePolicy",
            $"&RoleName=app&PolicyName=p&PolicyDocument={Escape(UseKeys)}"
                + "&PolicyArn=arn:aws:iam::aws:policy/ReadOnlyAccess"
        );
        var refused = await _bed.IamAsync("DeleteRole", "&RoleName=app");
        Assert.Equal(
            (409, "DeleteConflict", message),
            (refused.Status, Value(refused, "Code"), Value(refused, "Message"))
        );
    }

    [Fact]
    public async Task A_trust_policy_shows_the_id_of_a_deleted_role_and_is_refused_with_it()
    {
        await CreateRoleAsync("caller");
        _bed.Advance(TimeSpan.FromMinutes(1));
        var trust = Trust.Replace("\"*\"", "\"arn:aws:iam::200000000001:role/caller\"");
        Assert.Equal(200, (await CreateRoleAsync("app", trust: trust)).Status);
        await _bed.IamAsync("DeleteRole", "&RoleName=caller");

        var shown = Uri.UnescapeDataString(
            Value(await _bed.IamAsync("GetRole", "&RoleName=app"), "AssumeRolePolicyDocument")
        );
        Assert.Matches("\"AWS\": ?\"AROA", shown);
        var refused = await _bed.IamAsync("UpdateAssumeRolePolicy", $"&RoleName=app&PolicyDocument={Escape(shown)}");
        Assert.StartsWith("Invalid principal in policy: \"AWS\":\"AROA", Value(refused, "Message"));
    }

    [Theory]
    [InlineData("sts:AssumeRole", true, "Has prohibited field Resource")]
    [InlineData("kms:Decrypt", false, "AssumeRole policy may only specify STS AssumeRole actions.")]
    public async Task A_trust_policy_has_no_resource_and_no_other_action(string action, bool resource, string message)
    {
        var trust = Trust.Replace("sts:AssumeRole\"", action + (resource ? "\",\"Resource\":\"*\"" : "\""));
        Assert.Equal(message, Value(await CreateRoleAsync("r", trust: trust), "Message"));
    }

    [Fact]
    public async Task A_role_has_a_short_trust_policy_a_Latin_description_and_tags_that_differ_by_more_than_case()
    {
        var ids = string.Join(",", Enumerable.Range(0, 60).Select(_ => $"\"{Guid.NewGuid()}\""));
        var trust = Trust.Replace(
            "sts:AssumeRole\"",
            "sts:AssumeRole\",\"Condition\":{\"StringEquals\":{\"sts:ExternalId\":[" + ids + "]}}"
        );
        Assert.Equal(
            "Cannot exceed quota for ACLSizePerRole: 2048",
            Value(await CreateRoleAsync("r", trust: trust), "Message")
        );
        var described = await CreateRoleAsync("r", "&Description=" + Uri.EscapeDataString("Schlüssel – для"));
        Assert.Contains("regular expression pattern", Value(described, "Message"));
        var tagged = await CreateRoleAsync(
            "r",
            "&Tags.member.1.Key=team&Tags.member.1.Value=a&Tags.member.2.Key=Team&Tags.member.2.Value=b"
        );
        Assert.Equal(
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            Value(tagged, "Message")
        );
    }

    private Task<TestResponse> CreatePolicyAsync() =>
        _bed.IamAsync("CreatePolicy", $"&PolicyName=limit&Path=/teams/&PolicyDocument={Escape(UseKeys)}");

    private Task<TestResponse> CreateRoleAsync(string name, string further = "", string trust = Trust) =>
        _bed.IamAsync("CreateRole", $"&RoleName={name}&AssumeRolePolicyDocument={Escape(trust)}{further}");

    private static string Escape(string text) => Uri.EscapeDataString(text);

    private static string Value(TestResponse response, string element) =>
        XElement.Parse(response.Text("text")).DescendantsAndSelf().First(e => e.Name.LocalName == element).Value;
}
