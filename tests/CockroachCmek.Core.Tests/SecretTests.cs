using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Aws;
using CockroachCmek.Core.Keys.Azure;
using CockroachCmek.Core.Keys.Gcp;
using CockroachCmek.Core.Keys.Vault;

namespace CockroachCmek.Core.Tests;

/// <summary>A record prints all that it holds: of a connection this must not be the secret.</summary>
public sealed class SecretTests
{
    private static readonly Secret Planted = new("planted-for-the-test");

    public static TheoryData<object> Holders =>
        new()
        {
            Planted,
            new CloudConnection(CloudConnection.DefaultEndpoint, Planted),
            new AwsConnection { AccessKeyId = "id", SecretAccessKey = Planted },
            new GcpConnection { AccessToken = Planted },
            new AzureConnection { ClientId = "id", ClientSecret = Planted },
            new VaultConnection(new Uri("https://vault.example:8200/"), Planted)
            {
                CloudCredentials = new VaultCloudCredentials { UserName = "id", Password = Planted },
            },
            new VaultCloudCredentials { UserName = "id", Password = Planted },
        };

    [Theory]
    [MemberData(nameof(Holders))]
    public void What_holds_a_secret_shows_that_there_is_one_and_not_which(object holder)
    {
        Assert.Contains("(secret)", holder.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Planted.Reveal(), holder.ToString(), StringComparison.Ordinal);
    }
}
