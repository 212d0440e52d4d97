using System.Xml.Linq;
using CockroachCmek.Testing.Specs;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>The policy simulator of the sandbox's IAM.</summary>
public sealed class AwsSimulatorTests : IAsyncDisposable
{
    private const string Key = "arn:aws:kms:eu-west-1:200000000001:key/11111111-1111-4111-8111-111111111111";
    private const string User = "arn:aws:iam::200000000001:user/op";

    private readonly AwsTestBed _bed = new();

    public ValueTask DisposeAsync() => _bed.DisposeAsync();

    [Fact]
    public async Task The_policies_of_a_user_decide_and_what_they_ask_for_is_named()
    {
        await UserAsync(
            """
            {"Effect":"Allow","Action":"kms:*","Resource":"*"},
            {"Effect":"Deny","Action":"kms:PutKeyPolicy","Resource":"*"},
            {"Effect":"Allow","Action":"iam:PutRolePolicy","Resource":"*",
             "Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}
            """
        );
        var results = await SimulateAsync("kms:DisableKey", "kms:PutKeyPolicy", "iam:PutRolePolicy");
        Assert.Equal(["allowed", "explicitDeny", "implicitDeny"], results.Select(r => Value(r, "EvalDecision")));
        Assert.Equal("aws:MultiFactorAuthPresent", Value(results[0], "MissingContextValues"));
        Assert.Equal(Key, Value(results[0], "EvalResourceName"));
        const string WithMfa =
            "&ContextEntries.member.1.ContextKeyName=aws:MultiFactorAuthPresent"
            + "&ContextEntries.member.1.ContextKeyType=boolean&ContextEntries.member.1.ContextKeyValues.member.1=true";
        Assert.Equal("allowed", Value((await SimulateAsync(WithMfa, ["iam:PutRolePolicy"]))[0], "EvalDecision"));
    }

    [Fact]
    public async Task A_boundary_limits_a_role_and_is_named()
    {
        const string Trust = """{"Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}""";
        await _bed.IamAsync(
            "CreateRole",
            $"&RoleName=op&AssumeRolePolicyDocument={Uri.EscapeDataString(Trust)}"
                + "&PermissionsBoundary=arn:aws:iam::aws:policy/ReadOnlyAccess"
        );
        await _bed.IamAsync("AttachRolePolicy", "&RoleName=op&PolicyArn=arn:aws:iam::aws:policy/AdministratorAccess");
        var result = (await SimulateAsync("", ["kms:DisableKey"], User.Replace("user/", "role/")))[0];
        Assert.Equal("implicitDeny", Value(result, "EvalDecision"));
        Assert.Equal("false", Value(result, "AllowedByPermissionsBoundary"));
        Assert.Equal("aws-managed", Value(result, "SourcePolicyType"));
    }

    [Theory]
    [InlineData("PolicySourceArn=arn:aws:iam::200000000001:user/nobody", "NoSuchEntity", 404)]
    [InlineData("PolicySourceArn=arn:aws:sts::200000000001:assumed-role/op/s", "InvalidInput", 400)]
    [InlineData("PolicySourceArn=arn:aws:iam::300000000003:user/op", "InvalidInput", 400)]
    public async Task Whom_IAM_does_not_know_is_not_simulated(string source, string code, int status)
    {
        var response = await _bed.IamAsync("SimulatePrincipalPolicy", $"&{source}&ActionNames.member.1=kms:Decrypt");
        Assert.Equal(status, response.Status);
        Assert.Contains(code, response.Text("text"));
    }

    private async Task UserAsync(string statements)
    {
        await _bed.IamAsync("CreateUser", "&UserName=op");
        var policy = $$"""{"Version":"2012-10-17","Statement":[{{statements}}]}""";
        await _bed.IamAsync(
            "PutUserPolicy",
            $"&UserName=op&PolicyName=some&PolicyDocument={Uri.EscapeDataString(policy)}"
        );
    }

    private Task<IReadOnlyList<XElement>> SimulateAsync(params string[] actions) => SimulateAsync("", actions);

    private async Task<IReadOnlyList<XElement>> SimulateAsync(string more, string[] actions, string source = User)
    {
        var form =
            $"&PolicySourceArn={source}&ResourceArns.member.1={Key}"
            + string.Concat(actions.Select((a, i) => $"&ActionNames.member.{i + 1}={a}"))
            + more;
        var response = await _bed.IamAsync("SimulatePrincipalPolicy", form);
        Assert.True(response.Status == 200, response.Text("text"));
        var text = response.Text("text");
        Assert.Empty(Specifications.Aws["iam"].CheckXml("SimulatePrincipalPolicy", text));
        return [.. XElement.Parse(text).Descendants().Single(e => e.Name.LocalName == "EvaluationResults").Elements()];
    }

    private static string Value(XElement result, string name) =>
        result.Descendants().First(e => e.Name.LocalName == name).Value;
}
