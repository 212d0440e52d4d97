using System.Text.Json.Nodes;
using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys.Aws;
using CockroachCmek.Core.Keys.Aws.Access;
using CsCheck;

namespace CockroachCmek.Core.Tests.Aws;

public sealed class KeyPolicyDocumentTests
{
    private const string Account = "111122223333";
    private const string Role = $"arn:aws:iam::{Account}:role/crdb-cmek";

    private static readonly KeyPolicyDocument Fresh = KeyPolicyDocument.Create(
        AwsPartition.OfRegion("us-east-1"),
        Account,
        Role,
        []
    );

    [Fact]
    public void A_new_policy_grants_exactly_what_CMEK_needs_and_its_account_can_change_it()
    {
        Assert.True(Fresh.Grants(Role));
        Assert.Empty(Read(Fresh, Role).Wider);
        Assert.True(Fresh.LetsChange(Account, $"arn:aws:iam::{Account}:user/me"));
        Assert.False(Fresh.LetsChange("444455556666", "arn:aws:iam::444455556666:user/me"));
        Assert.Equal(KmsActions.Needed, Read(Fresh, Role + "2").Missing);
    }

    [Theory]
    [InlineData("eu-central-1", "arn:aws:iam::111122223333:root")]
    [InlineData("cn-north-1", "arn:aws-cn:iam::111122223333:root")]
    [InlineData("us-gov-west-1", "arn:aws-us-gov:iam::111122223333:root")]
    [InlineData("us-isob-east-1", "arn:aws-iso-b:iam::111122223333:root")]
    public void The_account_is_named_in_its_partition(string region, string root) =>
        Assert.Contains(
            root,
            KeyPolicyDocument.Create(AwsPartition.OfRegion(region), Account, Role, []).ToString(),
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("kms:*")]
    [InlineData("KMS:Encrypt", "kms:decrypt", "kms:Generate*", "kms:Describe*", "kms:ReEncrypt*")]
    [InlineData("kms:?ncrypt", "kms:Decrypt", "kms:GenerateDataKey*", "kms:DescribeKey", "kms:ReEncrypt*")]
    public void Nothing_is_missing_when_wildcards_cover_what_CMEK_needs(params string[] actions) =>
        Assert.True(Allowing([Role], actions).Grants(Role));

    [Fact]
    public void A_principal_of_everybody_includes_the_role()
    {
        Assert.True(Allowing(["*"], ["kms:*"]).Grants(Role));
        Assert.True(Allowing(["arn:aws:iam::111122223333:user/x", Role], ["kms:*"]).Grants(Role));
    }

    [Fact]
    public void Missing_actions_are_named()
    {
        Assert.Equal(
            KmsActions.Needed.Except(["kms:Encrypt", "kms:Decrypt"]),
            Read(Allowing([Role], ["kms:Encrypt", "kms:Decrypt"]), Role).Missing
        );
        Assert.Equal(
            ["kms:GenerateDataKeyWithoutPlaintext"],
            Read(
                Allowing(
                    [Role],
                    ["kms:GenerateDataKey", "kms:Encrypt", "kms:Decrypt", "kms:DescribeKey", "kms:ReEncrypt*"]
                ),
                Role
            ).Missing
        );
    }

    [Theory]
    [InlineData(Role, """{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}""")]
    [InlineData($"arn:aws:iam::{Account}:root", null)]
    [InlineData("AROAEXAMPLE", null)]
    public void A_conditional_statement_and_one_for_others_grant_nothing_for_sure(
        string principal,
        string? condition
    ) =>
        Assert.False(
            Allowing([principal], ["kms:*"], condition is null ? null : JsonNode.Parse(condition)).Grants(Role)
        );

    [Fact]
    public void A_grant_that_somebody_narrowed_is_not_widened()
    {
        var narrowed = Allowing([Role], ["kms:*"], JsonNode.Parse("""{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}"""));
        Assert.Same(narrowed, narrowed.EnsureGrant(Role));
    }

    [Fact]
    public void Denials_wide_grants_and_deleted_principals_are_found()
    {
        var policy = KeyPolicyDocument.Parse(
            $$"""
            {"Version":"2012-10-17","Statement":[
              {"Sid":"no","Effect":"Deny","Principal":{"AWS":"{{Role}}"},"Action":"kms:Decrypt","Resource":"*"},
              {"Effect":"Allow","Principal":{"AWS":["{{Role}}","AROAGONE"]},
               "Action":["kms:ScheduleKeyDeletion","kms:Encrypt"],"Resource":"*"}]}
            """
        );
        var access = Read(policy, Role);
        Assert.Equal(["'no' of the key policy denies kms:Decrypt"], access.Denials);
        Assert.Equal("kms:ScheduleKeyDeletion", Assert.Single(access.Wider).What);
        Assert.Equal(["AROAGONE"], access.Stale);
    }

    [Fact]
    public void What_AWS_rewrites_makes_no_difference()
    {
        var sent = Allowing([Account, Role, Role], ["kms:Encrypt", "kms:Decrypt"]);
        var shown = Allowing([Role, $"arn:aws:iam::{Account}:root"], ["kms:decrypt", "kms:Encrypt"]);
        Assert.True(sent.IsEquivalentTo(shown));
        Assert.False(sent.IsEquivalentTo(Allowing([Role], ["kms:Encrypt", "kms:Decrypt"])));
    }

    [Fact]
    public void Granting_keeps_every_other_statement_and_granting_twice_is_granting_once() =>
        Gen.Select(Gen.String[Gen.Char.AlphaNumeric, 1, 10].Array[0, 5], Gen.Bool)
            .Sample(
                (sids, unwrapped) =>
                {
                    var statements = new JsonArray([.. sids.Select(Foreign)]);
                    var statement = unwrapped && sids.Length == 1 ? statements[0] : statements;
                    var policy = KeyPolicyDocument.Parse(
                        new JsonObject { ["Id"] = "x", ["Statement"] = statement!.DeepClone() }.ToJsonString()
                    );
                    var granted = policy.WithGrant(Role);
                    var after = (JsonArray)JsonNode.Parse(granted.ToString())!["Statement"]!;
                    Assert.Equal(sids.Length + 1, after.Count);
                    for (var i = 0; i < sids.Length; i++)
                        Assert.True(JsonNode.DeepEquals(statements[i], after[i]));
                    Assert.True(granted.Grants(Role));
                    Assert.True(granted.IsEquivalentTo(granted.WithGrant(Role)));
                    Assert.Same(granted, granted.EnsureGrant(Role));
                }
            );

    [Fact]
    public void Another_clusters_grant_with_the_same_Sid_is_kept()
    {
        var both = Fresh.WithGrant(Role + "2");
        Assert.True(both.Grants(Role));
        Assert.True(both.Grants(Role + "2"));
    }

    [Fact]
    public void Order_of_fields_and_lists_of_one_make_no_difference()
    {
        var left = KeyPolicyDocument.Parse(
            """
            {"Version":"2012-10-17",
             "Statement":[{"Effect":"Allow","Action":["kms:b","kms:a"],"Principal":{"AWS":["x"]}}]}
            """
        );
        var right = KeyPolicyDocument.Parse(
            """
            {"Statement":{"Principal":{"AWS":"x"},"Action":["kms:a","kms:b"],"Effect":"Allow"},"Version":"2012-10-17"}
            """
        );
        Assert.True(left.IsEquivalentTo(right));
        Assert.False(left.IsEquivalentTo(Fresh));
    }

    private static KeyAccess Read(KeyPolicyDocument policy, string role) =>
        new KeyAccessReading(
            new KeyPolicies { Key = policy.ToPolicy() },
            new JudgedKey($"arn:aws:kms:us-east-1:{Account}:key/1", Account, "us-east-1", DateTimeOffset.UtcNow),
            PolicySubject.Role(role, Account)
        ).ToAccess();

    private static KeyPolicyDocument Allowing(string[] principals, string[] actions, JsonNode? condition = null)
    {
        var statement = new JsonObject
        {
            ["Effect"] = "Allow",
            ["Principal"] = new JsonObject { ["AWS"] = new JsonArray([.. principals.Select(p => (JsonNode)p)]) },
            ["Action"] = new JsonArray([.. actions.Select(a => (JsonNode)a)]),
            ["Resource"] = "*",
        };
        if (condition is not null)
            statement["Condition"] = condition;
        return KeyPolicyDocument.Parse(new JsonObject { ["Statement"] = statement }.ToJsonString());
    }

    /// <summary>A statement of somebody else, with a field that this module does not know.</summary>
    private static JsonNode Foreign(string sid) =>
        new JsonObject
        {
            ["Sid"] = sid,
            ["Effect"] = "Allow",
            ["Principal"] = new JsonObject { ["AWS"] = $"arn:aws:iam::{Account}:user/" + sid },
            ["Action"] = "kms:Get*",
            ["Resource"] = "*",
            ["Unknown" + sid] = 1,
        };
}
