using CockroachCmek.Core.Keys.Aws.Access;

namespace CockroachCmek.Core.Tests.Aws.Access;

/// <summary>
/// The access review of a key: it says of the cluster's role what the checks say, and loses no statement.
/// </summary>
public sealed class KeyReviewTests
{
    private const string Account = "200000000001";
    private const string Key = $"arn:aws:kms:us-east-1:{Account}:key/1";
    private const string Role = $"arn:aws:iam::{Account}:role/crdb";
    private const string Alice = $"arn:aws:iam::{Account}:user/alice";
    private const string Other = "333333333333";

    private static readonly string Root = Statement("Allow", $"\"{Account}\"", "kms:*");
    private static readonly string Use = Statement("Allow", $"\"{Role}\"", "kms:*");
    private static readonly NamedPolicy S3 = Named("""{"Effect":"Allow","Action":"s3:*","Resource":"*"}""");

    public static TheoryData<string> Denials =>
        [
            Statement("Deny", $"\"arn:aws:iam::{Account}:root\"", "kms:Decrypt"),
            Statement("Deny", $"\"{Account}\"", "kms:Decrypt"),
            Statement("Deny", "\"*\"", "kms:Decrypt"),
            Statement("Deny", "\"*\"", "kms:Decrypt", $$$"""{"StringNotEquals":{"aws:PrincipalArn":"{{{Alice}}}"}}"""),
            """{"Effect":"Deny","Principal":"*","NotAction":"kms:DescribeKey","Resource":"*"}""",
        ];

    [Theory]
    [MemberData(nameof(Denials))]
    public void What_is_denied_is_Denied_with_the_statement(string deny)
    {
        var (reading, line) = OfRole([Root, Use, deny]);
        Assert.Equal((CmekAccessVerdict.Denied, reading.Verdict), (line.Verdict, line.Verdict));
        Assert.Contains("'statement 3' of the key policy denies", line.Condition, StringComparison.Ordinal);
        Assert.True(line.Rights.HasFlag(CmekAccessRights.Use));
    }

    [Theory]
    [InlineData("""{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}""", "aws:MultiFactorAuthPresent")]
    [InlineData("""{"StringNotEquals":{"aws:PrincipalTag/team":"db"}}""", "aws:PrincipalTag/team")]
    [InlineData("""{"StringNotEquals":{"aws:SourceVpce":"vpce-1"}}""", "aws:SourceVpce")]
    public void A_Deny_under_a_condition_is_Conditional_with_the_condition(string condition, string name)
    {
        var (reading, line) = OfRole([Root, Use, Statement("Deny", "\"*\"", "kms:Decrypt", condition)]);
        Assert.Equal((CmekAccessVerdict.Conditional, reading.Verdict), (line.Verdict, line.Verdict));
        Assert.Contains(name, line.Condition, StringComparison.Ordinal);
        var others = reading.Review().Single(l => l.Principal == Account);
        Assert.Equal(CmekAccessVerdict.Conditional, others.Verdict);
        Assert.Contains(name, others.Condition, StringComparison.Ordinal);
    }

    [Fact]
    public void A_policy_of_the_role_that_denies_and_its_boundary_decide_too()
    {
        var deny = Named("""{"Effect":"Deny","Action":"kms:Decrypt","Resource":"*"}""");
        Assert.Equal(CmekAccessVerdict.Denied, OfRole([Root, Use], new() { Identity = [deny] }).Line.Verdict);
        var (_, line) = OfRole([Root, Use], new() { Boundary = S3 });
        Assert.Equal(CmekAccessVerdict.NotGranted, line.Verdict);
        Assert.Contains("does not allow kms:Encrypt", line.Condition, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_that_everything_allows_is_Granted_and_says_no_more()
    {
        var (_, line) = OfRole([Root, Use]);
        Assert.Equal((CmekAccessVerdict.Granted, "", true), (line.Verdict, line.Condition, line.IsExpected));
    }

    [Theory]
    [InlineData("StringEquals", "kms:CallerAccount", Other, $"everybody in account {Other}", "Granted")]
    [InlineData("StringEquals", "aws:PrincipalAccount", Other, $"everybody in account {Other}", "Granted")]
    [InlineData("StringEquals", "kms:CallerAccount", Account, $"everybody in account {Account}", "Granted")]
    [InlineData("StringNotEquals", "kms:CallerAccount", Account, "*", "Conditional")]
    [InlineData("StringEquals", "aws:PrincipalOrgID", "o-1", "*", "Conditional")]
    [InlineData("ArnEquals", "aws:PrincipalArn", Alice, Alice, "Granted")]
    [InlineData(
        "ArnLike",
        "aws:PrincipalArn",
        "arn:aws:iam::*:role/admin-*",
        "everybody whose ARN is like arn:aws:iam::*:role/admin-*",
        "Conditional"
    )]
    public void A_statement_for_everybody_is_a_line_whatever_narrows_it(
        string test,
        string key,
        string value,
        string who,
        string verdict
    )
    {
        var open = Statement("Allow", "\"*\"", "kms:*", $$$"""{"{{{test}}}":{"{{{key}}}":"{{{value}}}"}}""");
        var line = Assert.Single(Read([Root, Use, open]).Review(), l => l.Principal == who);
        Assert.Equal((verdict, false), (line.Verdict.ToString(), line.IsExpected));
        Assert.Contains(value, line.Condition, StringComparison.Ordinal);
        Assert.True(line.IsMoreThanNeeded);
    }

    [Fact]
    public void A_Deny_to_others_leaves_open_who_may_use_an_open_key()
    {
        var deny = Statement(
            "Deny",
            "\"*\"",
            "kms:*",
            $$$"""{"StringNotEquals":{"aws:PrincipalAccount":"{{{Account}}}"}}"""
        );
        var line = Read([Root, Statement("Allow", "\"*\"", "kms:*"), deny]).Review().Single(l => l.Principal == "*");
        Assert.Equal(CmekAccessVerdict.Conditional, line.Verdict);
        Assert.Contains("aws:PrincipalAccount", line.Condition, StringComparison.Ordinal);
    }

    [Fact]
    public void The_role_has_a_line_when_a_statement_for_everybody_grants_it()
    {
        const string own = $$$"""{"StringEquals":{"kms:CallerAccount":"{{{Account}}}"}}""";
        var (reading, line) = OfRole([Root, Statement("Allow", "\"*\"", "kms:*", own)]);
        Assert.Equal((CmekAccessVerdict.Granted, "statement 2"), (reading.Verdict, line.Through));
        Assert.Equal(CmekAccessVerdict.Granted, line.Verdict);
    }

    private static (KeyAccessReading Reading, CmekAccess Line) OfRole(string[] statements, RolePolicies? role = null)
    {
        var reading = Read(statements, role);
        return (reading, Assert.Single(reading.Review(), l => l.Principal == Role));
    }

    private static KeyAccessReading Read(string[] statements, RolePolicies? role = null) =>
        new(
            new KeyPolicies { Key = Policy(statements), Role = role ?? RolePolicies.None },
            new JudgedKey(Key, Account, "us-east-1", DateTimeOffset.UtcNow),
            PolicySubject.Role(Role, Account)
        );

    private static string Statement(string effect, string principal, string action, string? condition = null) =>
        $$"""
            {"Effect":"{{effect}}","Principal":{"AWS":{{principal}}},"Action":"{{action}}","Resource":"*"
             {{(condition is null ? "" : ",\"Condition\":" + condition)}}}
            """;

    private static NamedPolicy Named(string statement) => new("a policy of the role", Policy(statement));

    private static PolicyText Policy(params string[] statements) =>
        PolicyText.Parse($$"""{"Version":"2012-10-17","Statement":[{{string.Join(",", statements)}}]}""");
}
