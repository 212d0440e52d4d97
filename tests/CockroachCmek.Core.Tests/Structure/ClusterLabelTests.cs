using CockroachCmek.Core.Cloud;

namespace CockroachCmek.Core.Tests.Structure;

/// <summary>Messages about work on one cluster of many name it once.</summary>
public sealed class ClusterLabelTests
{
    [Theory]
    [InlineData("prod", "The key is disabled.", "prod: The key is disabled.")]
    [InlineData("prod", "'prod' is busy.", "'prod' is busy.")]
    [InlineData("prod", "prod: the key is disabled.", "prod: the key is disabled.")]
    [InlineData("prod", "The key is in use by 'prod-eu'.", "prod: The key is in use by 'prod-eu'.")]
    [InlineData("eu", "alias/cmek-prod-eu is disabled.", "eu: alias/cmek-prod-eu is disabled.")]
    [InlineData("", "The key is disabled.", "The key is disabled.")]
    public void The_name_is_added_where_it_is_missing(string cluster, string message, string expected) =>
        Assert.Equal(expected, ClusterLabel.On(cluster, message));

    [Fact]
    public void The_error_keeps_everything_but_its_message()
    {
        var error = Errors.CloudRateLimited(RequestTarget.Cluster("x"), "r-1");
        var named = ClusterLabel.On("prod-eu", error);
        Assert.Equal($"prod-eu: {error.Message}", named.Message);
        Assert.Equal(
            (error.ErrorId, error.Kind, error.Target, error.RecommendedAction, 429, "r-1"),
            (named.ErrorId, named.Kind, named.Target, named.RecommendedAction, named.StatusCode, named.RequestId)
        );
    }
}
