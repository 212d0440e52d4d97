using CockroachCmek.Core.Keys.Aws;

namespace CockroachCmek.Core.Tests.Aws;

public sealed class AwsKeyArnTests
{
    private const string Key = "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/mrk-1234abcd";

    [Fact]
    public void An_ARN_is_read_and_written_without_loss()
    {
        var arn = AwsKeyArn.Parse(Key);
        Assert.Equal("aws-us-gov", arn.Partition);
        Assert.Equal("us-gov-west-1", arn.Region);
        Assert.Equal("111122223333", arn.AccountId);
        Assert.Equal("mrk-1234abcd", arn.KeyId);
        Assert.True(arn.IsMultiRegion);
        Assert.False(arn.IsAlias);
        Assert.Equal(Key, arn.ToString());
        Assert.Equal(arn, AwsKeyArn.Parse(Key));
    }

    [Fact]
    public void An_alias_ARN_gets_the_partition_of_its_region()
    {
        var arn = AwsKeyArn.OfAlias("cn-north-1", "111122223333", "alias/crdb");
        Assert.Equal("arn:aws-cn:kms:cn-north-1:111122223333:alias/crdb", arn.ToString());
        Assert.True(arn.IsAlias);
        Assert.Equal("alias/crdb", arn.KeyId);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1234abcd-12ab-34cd-56ef-1234567890ab")]
    [InlineData("alias/crdb")]
    [InlineData("arn:aws:kms:us-east-1:111122223333:key/")]
    [InlineData("arn:aws:kms:us-east-1:1111:key/1234abcd")]
    [InlineData("arn:aws:kms:us-east-1:111122223333:key/1234abcd\n")]
    [InlineData("arn:aws:iam::111122223333:role/crdb")]
    public void Any_other_text_is_refused(string text)
    {
        Assert.Null(AwsKeyArn.TryParse(text));
        var error = Assert.Throws<CmekException>(() => AwsKeyArn.Parse(text));
        Assert.Equal(nameof(AwsErrors.KeyUriMalformed), error.ErrorId);
    }
}
