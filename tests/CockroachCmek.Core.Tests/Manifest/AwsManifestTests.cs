using CockroachCmek.Core.Clouds;
using CockroachCmek.Core.Keys.Aws;
using CockroachCmek.Core.Manifest;
using CockroachCmek.Core.Tests.Aws;

namespace CockroachCmek.Core.Tests.Manifest;

/// <summary>What is known about AWS's keys and roles without asking AWS.</summary>
public sealed class AwsManifestTests
{
    private const string Role = "arn:aws:iam::200000000001:role/cmek";

    [Theory]
    [InlineData("us-east-1", "arn:aws-us-gov:kms:us-gov-west-1:200000000001:key/k", Role)]
    [InlineData("us-east-1", "arn:aws-cn:kms:cn-north-1:200000000001:key/k", Role)]
    [InlineData("us-east-1", "arn:aws:kms:us-gov-west-1:200000000001:key/k", Role)]
    [InlineData("us-east-1", "arn:aws-us-gov:kms:us-east-1:200000000001:key/k", Role)]
    [InlineData("us-east-1", "arn:aws:kms:us-east-1:200000000001:key/k", "arn:aws-us-gov:iam::200000000001:role/cmek")]
    [InlineData("us-gov-west-1", "arn:aws:kms:us-east-1:200000000001:key/k", Role)]
    public void Partitions_are_never_mixed(string region, string uri, string role)
    {
        var failed = Assert.Single(Check(region, uri, role), c => c.Status == CmekCheckStatus.Fail);
        Assert.Equal(("KeyPartitionDiffers", CmekCheckName.KeyLocation), (failed.ErrorId, failed.Check));
        Assert.DoesNotContain(Check(region, uri, role), c => c.ErrorId == "KeyElsewhere");
    }

    [Theory]
    [InlineData("us-east-1", "arn:aws:kms:us-east-1:200000000001:key/k", Role)]
    [InlineData("us-east-1", "arn:aws:kms:eu-west-1:200000000001:key/k", Role)]
    [InlineData(
        "us-gov-west-1",
        "arn:aws-us-gov:kms:us-gov-east-1:200000000001:key/k",
        "arn:aws-us-gov:iam::200000000001:role/cmek"
    )]
    public void One_partition_is_fine(string region, string uri, string role) =>
        Assert.DoesNotContain(Check(region, uri, role), c => c.Status == CmekCheckStatus.Fail);

    [Fact]
    public async Task A_key_of_another_partition_is_refused_before_anything_is_asked()
    {
        using var aws = new StubAws(_ => StubResponse.Caller);
        var request = new Keys.KeyRequest
        {
            Cluster = AwsWorld.ClusterIn("us-east-1"),
            AuthPrincipal = Role,
            Regions = ["us-east-1"],
            KeyUris = ["arn:aws-us-gov:kms:us-gov-west-1:200000000001:key/k"],
        };
        var error = await Assert.ThrowsAsync<CmekException>(() => aws.Provider.EnsureKeysAsync(request, aws.Context));
        Assert.Equal("KeyPartitionDiffers", error.ErrorId);
        Assert.Empty(aws.Calls);
    }

    [Fact]
    public void A_role_in_the_cluster_s_own_account_is_not_the_customer_s()
    {
        var failed = Assert.Single(
            Check(
                "us-east-1",
                "arn:aws:kms:us-east-1:200000000001:key/k",
                $"arn:aws:iam::{AwsWorld.ClusterAccount}:role/crl-kms-user"
            ),
            c => c.Status == CmekCheckStatus.Fail
        );
        Assert.Equal("PrincipalMalformed", failed.ErrorId);
        Assert.Contains("belongs to Cockroach Labs", failed.Detail, StringComparison.Ordinal);
        Assert.Contains("your own account", failed.Detail, StringComparison.Ordinal);
    }

    private static IReadOnlyList<CmekCheck> Check(string region, string uri, string role)
    {
        var cluster = AwsWorld.ClusterIn(region);
        var manifest = new CmekManifest { RegionSpecs = [CmekRegionSpec.Create(region, "AWS_KMS", uri, role)] };
        return new ManifestCheck(CustomerClouds.All).Check(cluster, manifest);
    }
}
