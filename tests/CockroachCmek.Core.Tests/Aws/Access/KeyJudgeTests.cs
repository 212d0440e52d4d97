using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys.Aws.Access;

namespace CockroachCmek.Core.Tests.Aws.Access;

/// <summary>
/// What the table of facts leaves out: grants, two accounts, unread places, and where the sources disagree.
/// </summary>
public sealed class KeyJudgeTests
{
    private const string Account = "200000000001";
    private const string Other = "333333333333";
    private const string Key = $"arn:aws:kms:us-east-1:{Account}:key/1";
    private const string Root =
        $$"""{"Effect":"Allow","Principal":{"AWS":"{{Account}}"},"Action":"kms:*","Resource":"*"}""";
    private const string Use = """{"Effect":"Allow","Principal":{"AWS":"ROLE"},"Action":"kms:*","Resource":"*"}""";
    private const string All = """{"Effect":"Allow","Action":"*","Resource":"*"}""";
    private const string S3 = """{"Effect":"Allow","Action":"s3:*","Resource":"*"}""";

    private static readonly UnreadPlace Place = new("the boundary", "iam:GetRole", "aws iam get-role");

    [Theory]
    [InlineData(
        """
            {"Effect":"Allow","Principal":{"AWS":"ROLE"},"Action":"kms:*","Resource":"*",
             "Condition":{"StringEquals":{"kms:EncryptionContext:a":"b"}}}
            """,
        "kms:EncryptionContext:a"
    )]
    [InlineData(
        """
            {"Effect":"Allow","NotPrincipal":{"AWS":"arn:aws:iam::200000000001:role/x"},"Action":"kms:*","Resource":"*"}
            """,
        "NotPrincipal of statement 1"
    )]
    [InlineData(
        """
            {"Effect":"Allow","Principal":{"AWS":"ROLE"},"Action":"kms:*","Resource":"*",
             "Condition":{"StringEquals":{"aws:ResourceAccount":"${aws:PrincipalTag/account}"}}}
            """,
        "aws:PrincipalTag/account"
    )]
    public void What_the_sources_disagree_about_and_what_only_AWS_sees_is_conditional(string statement, string cause)
    {
        var access = Read([statement]).ToAccess();
        Assert.Equal(CmekAccessVerdict.Conditional, access.Verdict);
        Assert.Equal([cause], access.Conditions);
    }

    [Fact]
    public void A_Deny_that_spares_the_role_but_not_its_account_is_conditional() =>
        Assert.Equal(
            CmekAccessVerdict.Conditional,
            Read([Use, """{"Effect":"Deny","NotPrincipal":{"AWS":"ROLE"},"Action":"kms:*","Resource":"*"}"""]).Verdict
        );

    [Fact]
    public void A_boundary_and_a_statement_for_everybody_are_conditional()
    {
        var access = Read(
                [Use.Replace("""{"AWS":"ROLE"}""", "\"*\"", StringComparison.Ordinal)],
                role: new RolePolicies { Boundary = Named(S3) }
            )
            .ToAccess();
        Assert.Equal(CmekAccessVerdict.Conditional, access.Verdict);
        Assert.Contains("permissions boundary", Assert.Single(access.Conditions), StringComparison.Ordinal);
    }

    [Fact]
    public void A_grant_of_KMS_lets_the_role_in_and_is_listed_with_the_command_that_revokes_it()
    {
        var grant = new KmsGrant("g-1", RoleIn(Account), [.. KmsActions.Needed.Select(a => a[4..])]);
        var access = Read([Root], grants: [grant]).ToAccess();
        Assert.Equal(CmekAccessVerdict.Granted, access.Verdict);
        Assert.Contains("revoke-grant", Assert.Single(access.Grants).RemoveCommand, StringComparison.Ordinal);
        Assert.Equal(
            CmekAccessVerdict.Conditional,
            Read([Root], grants: [grant with { IsConstrained = true }]).Verdict
        );
        Assert.Equal(
            CmekAccessVerdict.NotGranted,
            Read([Root], grants: [grant with { Operations = ["Encrypt"] }]).Verdict
        );
    }

    [Fact]
    public void A_grant_of_KMS_to_somebody_else_is_wider_than_needed() =>
        Assert.Contains(
            Read([Root, Use], grants: [new KmsGrant("g-1", $"arn:aws:iam::{Other}:role/x", ["Decrypt"])])
                .ToAccess()
                .Wider,
            w => w.Who.Contains(Other, StringComparison.Ordinal) && w.Place == "KMS grant g-1"
        );

    [Theory]
    [InlineData(true, true, CmekAccessVerdict.Granted)]
    [InlineData(true, false, CmekAccessVerdict.NotGranted)]
    [InlineData(false, true, CmekAccessVerdict.NotGranted)]
    public void Across_accounts_both_sides_have_to_allow(bool byKey, bool byRole, CmekAccessVerdict expected) =>
        Assert.Equal(
            expected,
            Read(
                byKey ? [Root, Use] : [Root],
                role: byRole ? new RolePolicies { Identity = [Named(All)] } : RolePolicies.None,
                roleAccount: Other
            ).Verdict
        );

    [Fact]
    public void Unread_policies_and_an_unread_boundary_make_a_grant_unknown_but_not_a_denial()
    {
        var unread = new RolePolicies { UnreadBoundary = Place };
        Assert.Equal(CmekAccessVerdict.Unknown, Read([Root, Use], role: unread).Verdict);
        Assert.Equal([Place], Read([Root, Use], role: unread).Unread);
        Assert.Equal(
            CmekAccessVerdict.Denied,
            Read([Use, Use.Replace("Allow", "Deny", StringComparison.Ordinal)], role: unread).Verdict
        );
        Assert.Equal(
            CmekAccessVerdict.NotGranted,
            Read(
                ["""{"Effect":"Allow","Principal":{"AWS":"AROAGONE"},"Action":"kms:*","Resource":"*"}"""],
                role: unread
            ).Verdict
        );
    }

    [Fact]
    public void A_condition_in_the_role_s_own_policy_narrows_too()
    {
        const string narrow = """
            {"Effect":"Allow","Action":"kms:*","Resource":"*",
             "Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}}
            """;
        var reading = Read([Root], role: new RolePolicies { Identity = [Named(narrow)] });
        Assert.Equal("aws:SourceIp", Assert.Single(reading.Narrowed).Condition);
        Assert.Equal(CmekAccessVerdict.Conditional, reading.Verdict);
    }

    [Fact]
    public void A_review_has_a_line_for_every_principal_grant_and_unread_place()
    {
        var lines = Read(
                [
                    Root,
                    Use,
                    $$"""
                    {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::{{Other}}:root"},
                     "Action":"kms:Decrypt","Resource":"*"}
                    """,
                    """
                    {"Effect":"Allow","Principal":{"Service":"logs.amazonaws.com"},
                     "Action":"kms:Encrypt","Resource":"*"}
                    """,
                    """{"Effect":"Deny","Principal":"*","Action":"kms:ScheduleKeyDeletion","Resource":"*"}""",
                ],
                role: new RolePolicies { UnreadBoundary = Place },
                grants:
                [
                    new KmsGrant(
                        "g-1",
                        "arn:aws:iam::200000000001:role/y",
                        ["Decrypt"],
                        CreatedAt: DateTimeOffset.UnixEpoch
                    ),
                ]
            )
            .Review();
        Assert.Equal(
            [
                $"{Account} Use, Administer, Delete, Grant expected",
                $"{RoleIn(Account)} Use, Administer, Delete, Grant expected",
                $"arn:aws:iam::{Other}:root Use other",
                "logs.amazonaws.com Use other",
                "arn:aws:iam::200000000001:role/y Use other",
                " None other",
            ],
            lines.Select(l => $"{l.Principal} {l.Rights} {(l.IsExpected ? "expected" : "other")}")
        );
        Assert.Equal(DateTimeOffset.UnixEpoch, lines[4].Since);
        Assert.Equal((CmekAccessVerdict.Unknown, "needs iam:GetRole"), (lines[5].Verdict, lines[5].Condition));
        Assert.Contains("kms:PutKeyPolicy", lines[1].Excess);
        Assert.Equal(["kms:Decrypt"], lines[2].Excess);
    }

    private static string RoleIn(string account) => $"arn:aws:iam::{account}:role/crdb";

    private static NamedPolicy Named(string statement) =>
        new("a policy of the role", PolicyText.Parse(Document([statement])));

    private static string Document(string[] statements) =>
        $$"""{"Version":"2012-10-17","Statement":[{{string.Join(",", statements)}}]}""";

    private static KeyAccessReading Read(
        string[] statements,
        RolePolicies? role = null,
        KmsGrant[]? grants = null,
        string roleAccount = Account
    ) =>
        new(
            new KeyPolicies
            {
                Key = PolicyText.Parse(
                    Document(statements).Replace("ROLE", RoleIn(roleAccount), StringComparison.Ordinal)
                ),
                Role = role ?? RolePolicies.None,
                Grants = grants ?? [],
            },
            new JudgedKey(Key, Account, "us-east-1", DateTimeOffset.UtcNow),
            PolicySubject.Role(RoleIn(roleAccount), roleAccount)
        );
}
