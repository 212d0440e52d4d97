using System.Net;
using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Aws;
using CockroachCmek.Core.Keys.Azure;
using CockroachCmek.Core.Keys.Gcp;
using CockroachCmek.Core.Keys.Vault;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Http;

/// <summary>Services that accept a request and never respond.</summary>
public sealed class SilenceTests : IDisposable
{
    private const string Arn = "arn:aws:kms:eu-west-1:111122223333:key/k";

    private readonly SilentServer _server = new();
    private readonly JumpingClock _clock = new();
    private readonly RecordingLog _log = new();

    public enum Service
    {
        CockroachCloud,
        AwsKms,
        AwsIam,
        GoogleKms,
        AzureLogin,
        KeyVault,
        Vault,
    }

    [Theory]
    [InlineData(Service.CockroachCloud, "CockroachDB Cloud at 127.0.0.1")]
    [InlineData(Service.AwsKms, "AWS KMS at 127.0.0.1")]
    [InlineData(Service.AwsIam, "AWS IAM at 127.0.0.1")]
    [InlineData(Service.GoogleKms, "GCP KMS at 127.0.0.1")]
    [InlineData(Service.AzureLogin, "Azure ARM")]
    [InlineData(Service.KeyVault, "Azure KeyVault at kv.vault.azure.net")]
    [InlineData(Service.Vault, "Vault keymgmt at 127.0.0.1")]
    public async Task A_silent_service_is_named_with_its_host_and_the_time_after_two_attempts(
        Service service,
        string name
    )
    {
        var error = await Assert.ThrowsAsync<CmekException>(() => ReadAsync(service, Context(Patience.Usual)));
        Assert.Equal("NoResponse", error.ErrorId);
        Assert.StartsWith(name, error.Message, StringComparison.Ordinal);
        Assert.Contains("no response within 30 s", error.Message, StringComparison.Ordinal);
        Assert.InRange(_clock.Elapsed, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(70));
        Assert.Equal(
            2,
            _log.ProgressRecords.Count(p =>
                p.Status.StartsWith(name, StringComparison.Ordinal)
                && p.Status.EndsWith("has not responded for 4 s; waiting up to 30 s", StringComparison.Ordinal)
            )
        );
        Assert.True(_log.ProgressRecords.Last().Completed);
    }

    [Theory]
    [InlineData(Service.CockroachCloud)]
    [InlineData(Service.AwsKms)]
    public async Task A_revocation_waits_for_a_silent_service_for_seconds(Service service)
    {
        var error = await Assert.ThrowsAsync<CmekException>(() => ReadAsync(service, Context(Patience.Urgent)));
        Assert.Contains("no response within 10 s", error.Message, StringComparison.Ordinal);
        Assert.InRange(_clock.Elapsed, TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_write_without_a_response_is_not_sent_again_and_counts_as_perhaps_made()
    {
        using var client = Cloud();
        var error = await Assert.ThrowsAsync<CmekException>(() =>
            client.RevokeCmekAsync(new CrdbCluster { Id = "c", Name = "prod" }, Context(Patience.Usual))
        );
        Assert.Equal("NoResponse", error.ErrorId);
        Assert.InRange(_clock.Elapsed, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(31));
        Assert.StartsWith("perhaps ", Assert.Single(_log.Writes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_that_ignores_cancellation_is_given_up_too()
    {
        var error = await Assert.ThrowsAsync<NoResponseException>(() =>
            Attempts.BoundAsync("AWS STS", _ => new TaskCompletionSource<int>().Task, Context(Patience.Usual))
        );
        Assert.Equal("AWS STS", error.Peer);
    }

    [Fact]
    public void A_wait_is_never_longer_than_the_commands_own_timeout()
    {
        var patience = Patience.Usual.Within(TimeSpan.FromSeconds(20));
        Assert.Equal(TimeSpan.FromSeconds(20), patience.Asked);
        Assert.Equal(TimeSpan.FromSeconds(20), patience.Total);
        Assert.Equal(Patience.Usual, Patience.Usual.Within(TimeSpan.FromHours(2)));
    }

    public void Dispose() => _server.Dispose();

    private OperationContext Context(Patience patience) =>
        new(_log, _clock, TestContext.Current.CancellationToken) { Patience = patience };

    private CrdbCloudClient Cloud() => new(new CloudConnection(_server.Address, new Secret("s")));

    private async Task ReadAsync(Service service, OperationContext context)
    {
        switch (service)
        {
            case Service.CockroachCloud:
                using (var client = Cloud())
                    await client.GetOrganizationAsync(context);
                break;
            case Service.AwsKms:
            case Service.AwsIam:
                await ReadAwsAsync(service, context);
                break;
            case Service.GoogleKms:
                await ReadGoogleAsync(context);
                break;
            case Service.AzureLogin:
            case Service.KeyVault:
                await ReadAzureAsync(service, context);
                break;
            default:
                await ReadVaultAsync(context);
                break;
        }
    }

    private async Task ReadAwsAsync(Service service, OperationContext context)
    {
        using var clients = new AwsClients(
            new AwsConnection
            {
                Endpoint = _server.Address,
                AccessKeyId = "id",
                SecretAccessKey = new Secret("s"),
            }
        );
        var calls = new AwsCalls(context);
        var partition = AwsPartition.OfRegion("eu-west-1");
        Func<Task> read =
            service == Service.AwsKms
                ? async () =>
                    await calls.ReadAsync("KMS", "DescribeKey", Arn, c =>
                        clients.Kms("eu-west-1").DescribeKeyAsync(Arn, c)
                    )
                : async () =>
                    await calls.ReadAsync("IAM", "GetRole", "r", c => clients.Iam(partition).GetRoleAsync("r", c));
        await TranslatedAsync(read, error => calls.Translate(error, "prod"));
    }

    private async Task ReadGoogleAsync(OperationContext context)
    {
        const string Key = "projects/p/locations/europe/keyRings/r/cryptoKeys/k";
        using var clients = await GcpClients.ConnectAsync(
            new GcpConnection
            {
                AccessToken = new Secret("t"),
                Project = "p",
                Endpoint = _server.Address,
            },
            CancellationToken.None
        );
        var calls = new GcpCalls(context);
        await TranslatedAsync(
            () => calls.ReadAsync("KMS", "cryptoKeys.get", Key, c => clients.Kms.GetCryptoKeyAsync(Key, c)),
            error => calls.Translate(error, "prod")
        );
    }

    private static async Task ReadAzureAsync(Service service, OperationContext context)
    {
        using var clients = AzureClients.Create(
            new AzureConnection
            {
                Handler = new SilentHandler(),
                TenantId = Guid.NewGuid().ToString(),
                ClientId = "c",
                ClientSecret = new Secret("s"),
            }
        );
        var calls = new AzureCalls(context);
        var vault = clients.Keys(new Uri("https://kv.vault.azure.net/"));
        Func<Task> read =
            service == Service.AzureLogin
                ? async () => await calls.ReadAsync("ARM", "list", "", clients.Arm.ListSubscriptionsAsync)
                : async () => await calls.ReadAsync("KeyVault", "list", "k", c => vault.ListVersionsAsync("k", c));
        await TranslatedAsync(read, error => AzureCalls.Translate(error, "prod"));
    }

    private async Task ReadVaultAsync(OperationContext context)
    {
        using var client = new VaultClient(new VaultConnection(_server.Address, new Secret("t")));
        var calls = new VaultCalls(context);
        try
        {
            await calls.ReadAsync("keymgmt", "GET", "key/k", c => client.ReadKeyAsync("k", c));
        }
        catch (Exception error) when (error is not CmekException)
        {
            throw await new VaultDiagnosis(client, calls).ExplainAsync(error, "prod");
        }
    }

    private static async Task TranslatedAsync(Func<Task> read, Func<Exception, CmekException?> translate)
    {
        try
        {
            await read();
        }
        catch (Exception error) when (error is not CmekException)
        {
            throw translate(error) ?? error;
        }
    }

    private sealed class SilentHandler : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request,
            CancellationToken cancellationToken
        )
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return new HttpResponseMessage(HttpStatusCode.OK);
        }
    }
}
