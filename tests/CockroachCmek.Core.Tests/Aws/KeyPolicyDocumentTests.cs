using System.Text.Json.Nodes;
using CockroachCmek.Core.Keys.Aws;
using CsCheck;

namespace CockroachCmek.Core.Tests.Aws;

public sealed class KeyPolicyDocumentTests
{
    private const string Role = "arn:aws:iam::111122223333:role/crdb-cmek";
    private static readonly KeyPolicyDocument Fresh = KeyPolicyDocument.Create(
        AwsPartition.OfRegion("us-east-1"),
        "111122223333",
        Role,
        []
    );

    [Fact]
    public void A_new_policy_grants_exactly_what_CMEK_needs_and_can_be_changed_later()
    {
        Assert.Empty(Fresh.MissingFor(Role));
        Assert.Empty(Fresh.WiderThanNeeded(Role));
        Assert.True(Fresh.LetsChange("111122223333", "arn:aws:iam::111122223333:user/me"));
        Assert.False(Fresh.LetsChange("444455556666", "arn:aws:iam::444455556666:user/me"));
        Assert.Equal(KeyPolicyDocument.UseActions, Fresh.MissingFor(Role + "2"));
    }

    [Theory]
    [InlineData("eu-central-1", "arn:aws:iam::111122223333:root")]
    [InlineData("cn-north-1", "arn:aws-cn:iam::111122223333:root")]
    [InlineData("us-gov-west-1", "arn:aws-us-gov:iam::111122223333:root")]
    public void Partitions_stand_in_every_ARN(string region, string root) =>
        Assert.Contains(
            root,
            KeyPolicyDocument.Create(AwsPartition.OfRegion(region), "111122223333", Role, []).ToString(),
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("""{"Effect":"Allow","Principal":{"AWS":"ROLE"},"Action":"kms:*","Resource":"*"}""", 0)]
    [InlineData(
        """{"Effect":"Allow","Principal":{"AWS":["x","ROLE"]},"Action":["KMS:Encrypt","kms:decrypt","kms:Generate*","kms:Describe*","kms:ReEncrypt*"],"Resource":"*"}""",
        0
    )]
    [InlineData("""{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}""", 0)]
    [InlineData(
        """{"Effect":"Allow","Principal":{"AWS":"ROLE"},"Action":["kms:Encrypt","kms:Decrypt"],"Resource":"*"}""",
        3
    )]
    [InlineData(
        """{"Effect":"Allow","Principal":{"AWS":"ROLE"},"Action":"kms:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}""",
        5
    )]
    [InlineData(
        """{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}""",
        5
    )]
    [InlineData("""{"Effect":"Allow","Principal":{"AWS":"AROAEXAMPLE"},"Action":"kms:*","Resource":"*"}""", 5)]
    [InlineData(
        """{"Effect":"Allow","Principal":{"AWS":"ROLE"},"Action":["kms:GenerateDataKey","kms:Encrypt","kms:Decrypt","kms:DescribeKey","kms:ReEncrypt*"],"Resource":"*"}""",
        1
    )]
    public void What_is_missing_is_counted_by_action(string statement, int missing) =>
        Assert.Equal(
            missing,
            KeyPolicyDocument
                .Parse(
                    $$"""{"Version":"2012-10-17","Statement":{{statement.Replace("ROLE", Role, StringComparison.Ordinal)}}}"""
                )
                .MissingFor(Role)
                .Count
        );

    [Fact]
    public void Denials_wide_grants_and_deleted_principals_are_found()
    {
        var policy = KeyPolicyDocument.Parse(
            $$"""
            {"Version":"2012-10-17","Statement":[
              {"Sid":"no","Effect":"Deny","Principal":{"AWS":"{{Role}}"},"Action":"kms:Decrypt","Resource":"*"},
              {"Effect":"Allow","Principal":{"AWS":["{{Role}}","AROAGONE"]},"Action":["kms:ScheduleKeyDeletion","kms:Encrypt"],"Resource":"*"}]}
            """
        );
        Assert.Equal(["no"], policy.DenialsOf(Role));
        Assert.Equal(["kms:ScheduleKeyDeletion"], policy.WiderThanNeeded(Role));
        Assert.Equal(["AROAGONE"], policy.StaleIds);
    }

    [Fact]
    public void Granting_leaves_every_other_statement_as_it_is_and_is_the_same_when_done_twice() =>
        Gen.Select(Gen.String[Gen.Char.AlphaNumeric, 1, 10].Array[0, 5], Gen.Bool)
            .Sample(
                (sids, one) =>
                {
                    var statements = new JsonArray([
                        .. sids.Select(s =>
                            (JsonNode)
                                new JsonObject
                                {
                                    ["Sid"] = s,
                                    ["Effect"] = "Allow",
                                    ["Principal"] = new JsonObject { ["AWS"] = "arn:aws:iam::111122223333:user/" + s },
                                    ["Action"] = "kms:Get*",
                                    ["Resource"] = "*",
                                    ["Unknown" + s] = 1,
                                }
                        ),
                    ]);
                    var policy = KeyPolicyDocument.Parse(
                        new JsonObject
                        {
                            ["Version"] = "2012-10-17",
                            ["Id"] = "x",
                            ["Statement"] = one && sids.Length == 1 ? statements[0]!.DeepClone() : statements,
                        }.ToJsonString()
                    );
                    var granted = policy.WithGrant(Role);
                    var after = (JsonArray)JsonNode.Parse(granted.ToString())!["Statement"]!;
                    Assert.Equal(sids.Length + 1, after.Count);
                    for (var i = 0; i < sids.Length; i++)
                        Assert.True(JsonNode.DeepEquals(statements[i], after[i]));
                    Assert.Empty(granted.MissingFor(Role));
                    Assert.True(granted.IsEquivalentTo(granted.WithGrant(Role)));
                }
            );

    [Fact]
    public void Another_clusters_grant_with_the_same_Sid_is_kept()
    {
        var both = Fresh.WithGrant(Role + "2");
        Assert.Empty(both.MissingFor(Role));
        Assert.Empty(both.MissingFor(Role + "2"));
    }

    [Fact]
    public void Order_of_fields_and_lists_of_one_make_no_difference()
    {
        var left = KeyPolicyDocument.Parse(
            """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["kms:b","kms:a"],"Principal":{"AWS":["x"]}}]}"""
        );
        var right = KeyPolicyDocument.Parse(
            """{"Statement":{"Principal":{"AWS":"x"},"Action":["kms:a","kms:b"],"Effect":"Allow"},"Version":"2012-10-17"}"""
        );
        Assert.True(left.IsEquivalentTo(right));
        Assert.False(left.IsEquivalentTo(Fresh));
    }

    [Theory]
    [InlineData(
        """{"Statement":{"Effect":"Allow","Principal":{"AWS":"999999999999"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"org"}}}}""",
        0
    )]
    [InlineData(
        """{"Statement":[{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::999999999999:root"]},"Action":["sts:AssumeRole"],"Condition":{"StringEquals":{"sts:ExternalId":["org"]}}}]}""",
        0
    )]
    [InlineData(
        """{"Statement":[{"Effect":"Allow","Principal":{"AWS":"999999999999"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"other"}}}]}""",
        1
    )]
    [InlineData(
        """{"Statement":[{"Effect":"Allow","Principal":{"AWS":"999999999999"},"Action":"sts:AssumeRole"}]}""",
        1
    )]
    [InlineData(
        """{"Statement":[{"Effect":"Allow","Principal":{"AWS":"888888888888"},"Action":"sts:AssumeRole"}]}""",
        2
    )]
    [InlineData("""{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]}""", 2)]
    [InlineData("no json", 1)]
    public void Trust_is_compared_by_meaning(string policy, int differences) =>
        Assert.Equal(
            differences,
            TrustPolicy.Differences(policy, AwsPartition.OfRegion("us-east-1"), "999999999999", "org").Count
        );
}
