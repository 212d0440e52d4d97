using CockroachCmek.Core.Keys.Aws;
using CockroachCmek.Core.Keys.Aws.Access;

namespace CockroachCmek.Core.Tests.Aws;

/// <summary>What is said of a role that is shared, and of one that cannot be created.</summary>
public sealed class AwsRoleAdviceTests
{
    [Fact]
    public void A_role_that_takes_any_external_id_serves_this_cluster_and_names_nobody_else()
    {
        Assert.Empty(Trusting("StringLike", "*").OthersByName);
        Assert.Contains(
            "accepts other external ids",
            Trusting("StringLike", "*").Differences.Single(),
            StringComparison.Ordinal
        );
        Assert.Equal(
            ["the organization with external id other"],
            Trusting("StringEquals", AwsWorld.OrganizationId, "other").OthersByName
        );
    }

    [Theory]
    [InlineData("explicit deny in a service control policy")]
    [InlineData("explicit deny in an identity-based policy")]
    public void A_role_that_may_need_a_boundary_is_told_how_to_get_one(string with)
    {
        var message = $"User: x is not authorized to perform: iam:CreateRole on resource: y with an {with}";
        var error = AwsDenial.Parse(message).ToException("prod", new InvalidOperationException(message));
        Assert.Contains(
            "New-CrdbCmekRole -PermissionsBoundary <policy ARN>",
            error.RecommendedAction,
            StringComparison.Ordinal
        );
        Assert.Contains("administrator", error.RecommendedAction, StringComparison.Ordinal);
    }

    private static TrustReading Trusting(string test, params string[] ids) =>
        new(
            PolicyText.Parse(
                $$"""
                {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",
                 "Principal":{"AWS":"{{AwsWorld.ClusterAccount}}"},
                 "Condition":{"{{test}}":{"sts:ExternalId":[{{string.Join(",", ids.Select(i => $"\"{i}\""))}}] } }
                }]}
                """
            ),
            AwsWorld.ClusterAccount,
            AwsWorld.OrganizationId,
            "300000000003",
            DateTimeOffset.UtcNow
        );
}
