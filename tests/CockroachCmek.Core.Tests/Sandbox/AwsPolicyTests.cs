using CockroachCmek.Sandbox.Aws;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>
/// How the sandbox's AWS evaluates a policy for kms:Decrypt by a session of the role arn:aws:iam::1:role/r.
/// </summary>
public sealed class AwsPolicyTests
{
    private const string AllowIf = """{"Effect":"Allow","Principal":"*","Action":"kms:*","Condition":""";

    [Theory]
    [InlineData("""{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::1:role/r"},"Action":"kms:Decrypt"}""", "Allow")]
    [InlineData("""{"Effect":"Allow","Principal":{"AWS":["x","ROLEID"]},"Action":["kms:D*"]}""", "Allow")]
    [InlineData("""{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"kms:*"}""", "Delegate")]
    [InlineData("""{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"*"}""", "Delegate")]
    [InlineData("""{"Effect":"Allow","Principal":"*","Action":"kms:decrypt"}""", "Allow")]
    [InlineData("""{"Effect":"Allow","Principal":"*","Action":"kms:Encrypt"}""", "None")]
    [InlineData("""{"Effect":"Allow","Principal":"*","NotAction":"kms:Encrypt"}""", "Allow")]
    [InlineData("""{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::1:role/other"},"Action":"kms:*"}""", "None")]
    [InlineData(AllowIf + """{"StringEquals":{"sts:ExternalId":"org"}}}""", "Allow")]
    [InlineData(AllowIf + """{"StringEquals":{"sts:ExternalId":"other"}}}""", "None")]
    [InlineData(AllowIf + """{"StringLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/*"}}}""", "Allow")]
    [InlineData(AllowIf + """{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/*"}}}""", "Allow")]
    [InlineData(AllowIf + """{"ArnLike":{"aws:PrincipalArn":"arn:*:role/r"}}}""", "None")]
    [InlineData(AllowIf + """{"Null":{"aws:Moon":"true"}}}""", "Allow")]
    [InlineData(AllowIf + """{"StringEqualsIfExists":{"aws:Moon":"full"}}}""", "Allow")]
    [InlineData(AllowIf + """{"StringNotEquals":{"aws:Moon":"full"}}}""", "Allow")]
    [InlineData(AllowIf + """{"ForAnyValue:StringEquals":{"aws:Moon":"full"}}}""", "None")]
    [InlineData(AllowIf + """{"ForAllValues:StringEquals":{"aws:Moon":"full"}}}""", "Allow")]
    [InlineData(AllowIf + """{"StringEquals":{"aws:PrincipalArn":"${aws:PrincipalArn}"}}}""", "Allow")]
    [InlineData(AllowIf + """{"IpAddress":{"aws:SourceIp":["203.0.113.0/24","2001:db8::/32"]}}}""", "Allow")]
    [InlineData(AllowIf + """{"NotIpAddress":{"aws:SourceIp":"203.0.113.128/25"}}}""", "Allow")]
    [InlineData(AllowIf + """{"NumericLessThan":{"aws:EpochTime":"100"}}}""", "None")]
    [InlineData(
        """[{"Effect":"Allow","Principal":"*","Action":"kms:*"},"""
            + """{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::1:role/r"},"Action":"kms:Decrypt"}]""",
        "Deny"
    )]
    public void Statements_give_the_verdict_of_AWS(string statements, string verdict)
    {
        var caller = new Caller("111111111111", "arn:aws:sts::1:assumed-role/r/s", "ROLEID")
        {
            PrincipalArn = "arn:aws:iam::1:role/r",
        };
        var context = new RequestContext()
            .With("sts:ExternalId", "org")
            .With("aws:PrincipalArn", caller.PrincipalArn)
            .With("aws:SourceIp", "203.0.113.7")
            .With("aws:EpochTime", "1000");
        var onEverything = statements.Replace("{\"Effect\"", "{\"Resource\":\"*\",\"Effect\"");
        var policy = PolicyDocument.ParseKeyPolicy($$"""{"Version":"2012-10-17","Statement":{{onEverything}}}""");
        Assert.Equal(verdict, policy.Evaluate(caller, "kms:Decrypt", "key", context, _ => null).ToString());
    }
}
