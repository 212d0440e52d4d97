using System.Text.Json.Nodes;
using CockroachCmek.Core.Keys.Aws;
using static CockroachCmek.Core.Tests.Aws.AwsRecords;

namespace CockroachCmek.Core.Tests.Aws;

/// <summary>
/// Whoever can edit a record cannot change anything with it but what this module changes for the cluster.
/// </summary>
public sealed class AwsRecordTests
{
    private const string Account = "arn:aws:iam::200000000001:root";

    public static TheoryData<string> Kinds => [.. Honest().Select(c => c.Kind)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void What_this_module_writes_is_accepted_with_and_without_the_clusters_keys(string kind)
    {
        var honest = Of(kind);
        AssertSame(honest, Verify(honest, ClusterKeys));
        AssertSame(honest, Verify(honest, []));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_text_of_a_record_is_never_shown(string kind)
    {
        var honest = Of(kind);
        var verified = Verify(
            honest with
            {
                Action = "Nothing to see here",
                Fault = "Enter your password",
            },
            ClusterKeys
        );
        AssertSame(honest, verified);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_record_of_0_2_0_which_names_no_method_is_read(string kind) =>
        AssertSame(Of(kind), Verify(Of(kind) with { Method = CmekRevocationMethod.Default }, ClusterKeys));

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Each_field_that_was_tampered_with_is_refused(string kind)
    {
        var honest = Of(kind);
        var isOfRole = honest.Target == Role;
        CmekAccessChange[] tampered =
        [
            honest with
            {
                Kind = "",
            },
            honest with
            {
                Kind = "KeyDeletion",
                Document = """{"KeyState":"Enabled"}""",
            },
            honest with
            {
                Kind = honest.Kind.ToUpperInvariant(),
            },
            honest with
            {
                Kind = kind == "KeyState" ? "KeyPolicyDeny" : "KeyState",
            },
            honest with
            {
                Method = (CmekRevocationMethod)99,
            },
            honest with
            {
                Method = CmekRevocationMethod.DisableIdentity,
            },
            honest with
            {
                Target = isOfRole ? OtherRole : OtherKey,
            },
            honest with
            {
                Target = isOfRole ? Key : Role,
            },
            honest with
            {
                Target = "",
            },
            honest with
            {
                KeyUri = OtherKey,
            },
            honest with
            {
                KeyUri = "arn:aws:kms:eu-west-1:200000000001:alias/x",
            },
            honest with
            {
                KeyUri = Role,
            },
            honest with
            {
                AuthPrincipal = OtherRole,
            },
            honest with
            {
                AuthPrincipal = "*",
            },
            honest with
            {
                AuthPrincipal = "",
            },
            honest with
            {
                State = (CmekAccessChangeState)77,
            },
            honest with
            {
                Document = "",
            },
            honest with
            {
                Document = "null",
            },
            honest with
            {
                Document = "{}",
            },
            honest with
            {
                Document = "[]",
            },
            honest with
            {
                Document = "[1]",
            },
            honest with
            {
                Document = "not JSON",
            },
            honest with
            {
                Document = new string('[', 50_000),
            },
            honest with
            {
                Document = new string(' ', 200_000) + honest.Document,
            },
            .. isOfRole
                ? []
                : new[] { honest with { KeyUri = OtherKey, Target = OtherKey }, honest with { KeyUri = "" } },
        ];
        foreach (var change in tampered)
            AssertRefused(change, ClusterKeys);
        AssertRefused(honest with { Regions = ["eu-west-1\u001b[2J"] }, ClusterKeys);
        // Regions are shown from the cluster's keys, not from the file.
        AssertSame(honest, Verify(honest with { Regions = ["us-east-1"] }, ClusterKeys));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_change_of_another_cluster_is_refused(string kind)
    {
        var theirs = Cluster with { Id = Guid.NewGuid().ToString() };
        if (kind is "KeyPolicyDeny" or "RolePolicyDeny" or "RoleTrust")
            Assert.Throws<CmekException>(() => CloudOfAws.VerifyChange(Of(kind), theirs, ClusterKeys));
        Assert.Throws<CmekException>(() =>
            CloudOfAws.VerifyChange(Of(kind), Cluster, [CmekRegionSpec.Create(Region, "AWS_KMS", OtherKey, OtherRole)])
        );
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Each_part_of_a_document_that_was_tampered_with_is_refused_or_gives_nobody_more(string kind)
    {
        var honest = Of(kind);
        foreach (var document in Tampered(honest.Document))
        {
            var change = honest with { Document = document };
            if (kind is not ("KeyPolicyGrant" or "KmsGrant") || !IsAccepted(change))
            {
                AssertRefused(change, ClusterKeys);
                continue;
            }

            if (AwsAccessChange.Parse(change) is KmsGrantRevocation { Grant: var grant })
            {
                Assert.Equal(Role, grant.Grantee);
                Assert.Subset(
                    new HashSet<string> { "Decrypt", "Encrypt", "DescribeKey" },
                    grant.Operations.ToHashSet()
                );
                // Whoever may retire a grant can take it away, and nothing else.
                Assert.StartsWith("arn:aws:iam::200000000001:", grant.Retiring ?? Account, StringComparison.Ordinal);
                continue;
            }

            // A grant has many honest forms. Each gives the role the use of the key, and nobody else anything.
            var restored = Policy().WithGrants((JsonArray)JsonNode.Parse(document)!, Role);
            Assert.Equal(["arn:aws:iam::200000000001:root", Role], restored.NamedPrincipals);
            Assert.DoesNotContain("Decrypt\",\"kms:*", restored.ToCompactString(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("Action", "\"kms:*\"")]
    [InlineData("Action", "\"*\"")]
    [InlineData("Action", "[\"kms:Decrypt\",\"kms:PutKeyPolicy\"]")]
    [InlineData("Action", "[\"kms:Decrypt\",\"kms:CreateGrant\"]")]
    [InlineData("Action", "\"kms:*Key*\"")]
    [InlineData("Action", "\"s3:GetObject\"")]
    [InlineData("Action", "[]")]
    [InlineData("Effect", "\"Deny\"")]
    [InlineData("Effect", "null")]
    [InlineData("Principal", "\"*\"")]
    [InlineData("Principal", "{\"AWS\":\"*\"}")]
    [InlineData("Principal", "{\"AWS\":\"arn:aws:iam::200000000001:role/payroll\"}")]
    [InlineData("Resource", "\"arn:aws:s3:::all\"")]
    [InlineData("NotPrincipal", "{\"AWS\":\"arn:aws:iam::200000000001:role/payroll\"}")]
    [InlineData("NotAction", "\"kms:ListKeys\"")]
    [InlineData("NotResource", "\"*\"")]
    [InlineData("Condition", "\"none\"")]
    public void A_widened_grant_is_refused(string field, string value)
    {
        var grants = (JsonArray)JsonNode.Parse(Of("KeyPolicyGrant").Document)!;
        grants[0]!["statement"]![field] = JsonNode.Parse(value);
        AssertRefused(Of("KeyPolicyGrant") with { Document = grants.ToJsonString() }, ClusterKeys);
        AssertRefused(Of("KeyPolicyGrant") with { Document = grants.ToJsonString() }, []);
    }

    [Theory]
    [InlineData("Operations", "[\"Decrypt\",\"CreateGrant\"]")]
    [InlineData("Operations", "[\"Decrypt\",\"Decrypt\"]")]
    [InlineData("Operations", "[]")]
    [InlineData("GranteePrincipal", "\"arn:aws:iam::200000000001:root\"")]
    [InlineData("GranteePrincipal", "\"arn:aws:iam::200000000001:role/payroll\"")]
    [InlineData("GranteePrincipal", "\"arn:aws:sts::200000000001:assumed-role/payroll/x\"")]
    [InlineData("RetiringPrincipal", "\"arn:aws:iam::666666666666:root\"")]
    [InlineData("RetiringPrincipal", "\"AROA000000000000\"")]
    [InlineData("RetiringPrincipal", "\"dynamodb.eu-west-1.amazonaws.com\"")]
    [InlineData("GrantId", "\"5f6e of another\"")]
    [InlineData("Name", "\"a b\"")]
    [InlineData("Constraints", "{\"SourceArn\":{\"a\":\"b\"}}")]
    public void A_widened_grant_of_KMS_is_refused(string field, string value)
    {
        var grant = (JsonObject)JsonNode.Parse(Of("KmsGrant").Document)!;
        grant[field] = JsonNode.Parse(value);
        AssertRefused(Of("KmsGrant") with { Document = grant.ToJsonString() }, ClusterKeys);
        AssertRefused(Of("KmsGrant") with { Document = grant.ToJsonString() }, []);
    }

    [Fact]
    public void Others_that_a_removed_statement_named_get_access_only_where_the_policy_still_names_them()
    {
        var both = KeyPolicyDocument.UseStatement(Role);
        both["Principal"] = new JsonObject { ["AWS"] = new JsonArray(Role, OtherRole) };
        var before = Policy().With(both);
        var taken = before.WithoutGrantsTo(Role);
        Assert.True(taken.WithGrants(before.GrantsOf(Role), Role).IsEquivalentTo(before));
        Assert.DoesNotContain(OtherRole, Policy().WithGrants(before.GrantsOf(Role), Role).NamedPrincipals);
    }

    [Fact]
    public void What_the_console_grants_to_a_keys_users_is_put_back()
    {
        var grants = (JsonArray)JsonNode.Parse(Of("KeyPolicyGrant").Document)!;
        grants[0]!["statement"]!["Action"] = new JsonArray("kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant");
        grants[0]!["statement"]!["Condition"] = JsonNode.Parse("""{"Bool":{"kms:GrantIsForAWSResource":"true"}}""");
        Assert.True(IsAccepted(Of("KeyPolicyGrant") with { Document = grants.ToJsonString() }));
    }

    [Fact]
    public async Task A_tampered_change_writes_nothing()
    {
        using var world = AwsSandboxWorld.Start();
        var before = world.Now;
        foreach (var honest in Honest())
        foreach (var document in Tampered(honest.Document).Where(d => !IsAccepted(honest with { Document = d })))
        {
            var change = honest with { Document = document };
            await Assert.ThrowsAsync<CmekException>(() => world.Provider.RevokeAccessAsync(change, world.Context));
            await Assert.ThrowsAsync<CmekException>(() => world.Provider.RestoreAccessAsync(change, world.Context));
        }

        Assert.Empty(world.OperationsSince(before));
    }
}
