using System.Globalization;
using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys.Azure;
using CockroachCmek.Core.Keys.Gcp;
using CockroachCmek.Core.Keys.Vault;
using CockroachCmek.Core.Tests.Cloud;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Http;

/// <summary>Services that ask to wait.</summary>
public sealed class RetryAfterTests
{
    private const string Key = "projects/p/locations/europe/keyRings/r/cryptoKeys/k";

    private readonly JumpingClock _clock = new();
    private readonly RecordingLog _log = new();

    public enum Service
    {
        CockroachCloud,
        Google,
        Azure,
        Vault,
    }

    [Theory]
    [InlineData(Service.CockroachCloud, "CockroachDB Cloud at example.com asks to wait 40 s; retrying at ")]
    [InlineData(Service.Google, "GCP KMS at cloudkms.googleapis.com asks to wait 40 s; retrying at ")]
    [InlineData(Service.Azure, "Azure ARM at management.azure.com asks to wait 40 s; retrying at ")]
    [InlineData(Service.Vault, "Vault keymgmt at vault.example asks to wait 40 s; retrying at ")]
    public async Task A_wait_that_a_service_asks_for_is_obeyed_and_announced(Service service, string line)
    {
        var handler = Asking(service, 40);
        await ReadAsync(service, handler, Patience.Usual);
        Assert.Contains(_log.ProgressRecords, p => p.Status.StartsWith(line, StringComparison.Ordinal));
        Assert.Contains(_log.VerboseLines, v => v.StartsWith(line, StringComparison.Ordinal));
        Assert.True(_log.ProgressRecords.Last().Completed);
        Assert.InRange(_clock.Elapsed, TimeSpan.FromSeconds(40), TimeSpan.FromSeconds(41));
    }

    [Theory]
    [InlineData(Service.CockroachCloud)]
    [InlineData(Service.Google)]
    [InlineData(Service.Azure)]
    [InlineData(Service.Vault)]
    public async Task A_wait_beyond_the_bound_ends_at_once_with_what_was_asked(Service service)
    {
        var handler = Asking(service, 86_400);
        var error = await Assert.ThrowsAsync<CmekException>(() => ReadAsync(service, handler, Patience.Usual));
        Assert.Equal("RetryAfterTooLong", error.ErrorId);
        Assert.Contains("asks to wait 24 hours", error.Message, StringComparison.Ordinal);
        Assert.StartsWith("Run the same command again in 24 hours", error.RecommendedAction, StringComparison.Ordinal);
        Assert.Contains("at most 60 s", error.Message, StringComparison.Ordinal);
        Assert.Single(handler.Requests);
        Assert.Equal(TimeSpan.Zero, _clock.Elapsed);
    }

    [Fact]
    public async Task A_revocation_does_not_wait_as_long()
    {
        var error = await Assert.ThrowsAsync<CmekException>(() =>
            ReadAsync(Service.CockroachCloud, Asking(Service.CockroachCloud, 20), Patience.Urgent)
        );
        Assert.Equal("RetryAfterTooLong", error.ErrorId);
    }

    [Fact]
    public async Task A_date_counts_like_a_number_of_seconds()
    {
        var date = (_clock.GetUtcNow() + TimeSpan.FromSeconds(30)).ToString("r", CultureInfo.InvariantCulture);
        var handler = new ScriptedHandler(
            ScriptedHandler.Json("{}", 503, ("Retry-After", date)),
            ScriptedHandler.Json("""{"id":"o","name":"Acme"}""")
        );
        await ReadAsync(Service.CockroachCloud, handler, Patience.Usual);
        Assert.InRange(_clock.Elapsed, TimeSpan.FromSeconds(28), TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Repeated_requests_to_wait_end_with_the_bound_of_the_whole_call()
    {
        var handler = new ScriptedHandler(ScriptedHandler.Json("{}", 429, ("Retry-After", "50")));
        var error = await Assert.ThrowsAsync<CmekException>(() =>
            ReadAsync(Service.CockroachCloud, handler, Patience.Usual)
        );
        Assert.Equal("CloudRateLimited", error.ErrorId);
        Assert.Equal(4, handler.Requests.Count);
        Assert.True(_clock.Elapsed <= Patience.Usual.Total);
    }

    /// <summary>A service that asks to wait once, and then responds.</summary>
    private static ScriptedHandler Asking(Service service, int seconds)
    {
        var wait = ("Retry-After", seconds.ToString(CultureInfo.InvariantCulture));
        var (refusal, response) = service switch
        {
            Service.CockroachCloud => ("{}", """{"id":"o","name":"Acme"}"""),
            Service.Google => (
                """{"error":{"code":429,"message":"no","status":"RESOURCE_EXHAUSTED"}}""",
                $$"""{"name":"{{Key}}"}"""
            ),
            Service.Azure => ("""{"error":{"code":"TooManyRequests","message":"later"}}""", """{"value":[]}"""),
            _ => ("""{"errors":["request path quota exceeded"]}""", """{"data":{"keys":["k"]}}"""),
        };
        return new ScriptedHandler(ScriptedHandler.Json(refusal, 429, wait), ScriptedHandler.Json(response));
    }

    private async Task ReadAsync(Service service, ScriptedHandler handler, Patience patience)
    {
        var context = new OperationContext(_log, _clock, TestContext.Current.CancellationToken) { Patience = patience };
        switch (service)
        {
            case Service.CockroachCloud:
                using (
                    var client = new CrdbCloudClient(
                        new CloudConnection(new Uri("https://example.com/"), new Secret("s")) { Handler = handler }
                    )
                )
                    await client.GetOrganizationAsync(context);
                break;
            case Service.Google:
                using (
                    var clients = await GcpClients.ConnectAsync(
                        new GcpConnection
                        {
                            AccessToken = new Secret("t"),
                            Project = "p",
                            Handler = handler,
                        },
                        CancellationToken.None
                    )
                )
                    await new GcpCalls(context).ReadAsync("KMS", "cryptoKeys.get", Key, c =>
                        clients.Kms.GetCryptoKeyAsync(Key, c)
                    );
                break;
            case Service.Azure:
                await new AzureCalls(context).ReadAsync(
                    "ARM",
                    "list",
                    "",
                    Azure.ScriptedAzure.Arm(handler).ListSubscriptionsAsync
                );
                break;
            default:
                using (
                    var vault = new VaultClient(
                        new VaultConnection(new Uri("https://vault.example/"), new Secret("t")) { Handler = handler }
                    )
                )
                    await new VaultCalls(context).ReadAsync("keymgmt", "LIST", "key", vault.ListKeysAsync);
                break;
        }
    }
}
