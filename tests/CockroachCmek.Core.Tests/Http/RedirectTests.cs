using System.Security.Cryptography;
using System.Text.Json;
using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys.Aws;
using CockroachCmek.Core.Keys.Azure;
using CockroachCmek.Core.Keys.Gcp;
using CockroachCmek.Core.Keys.Vault;
using CockroachCmek.Core.Tests.Cloud;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Http;

/// <summary>No client follows a redirect: another host would get the credentials, and would be believed.</summary>
public sealed class RedirectTests : IAsyncLifetime
{
    private readonly TestServer _thief = new(body: """{"id":"o","name":"believed"}""");
    private readonly RecordingLog _log = new();
    private TestServer _server = null!;

    private OperationContext Context =>
        new(_log, new ScaledTimeProvider(TimeProvider.System, 2_000), CancellationToken.None);

    public ValueTask InitializeAsync()
    {
        _server = new TestServer(307, location: $"{_thief.Address}elsewhere");
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _thief.DisposeAsync();
    }

    [Fact]
    public async Task Not_that_of_CockroachDB_Cloud()
    {
        using var client = new CrdbCloudClient(new CloudConnection(_server.Address, new Secret("k")));
        await RefusedAsync(() => client.GetOrganizationAsync(Context));
    }

    [Fact]
    public async Task Not_that_of_Google_Cloud()
    {
        using var clients = await GcpClients.ConnectAsync(
            new GcpConnection { AccessToken = new Secret("t"), Endpoint = _server.Address },
            CancellationToken.None
        );
        await RefusedAsync(() => ReadAsync(clients));
    }

    [Fact]
    public async Task Not_that_of_Google_s_credentials()
    {
        var file = Path.GetTempFileName();
        try
        {
            using var key = RSA.Create(2048);
            await File.WriteAllTextAsync(
                file,
                JsonSerializer.Serialize(
                    new
                    {
                        type = "service_account",
                        project_id = "p",
                        private_key_id = "id",
                        private_key = key.ExportPkcs8PrivateKeyPem(),
                        client_email = "a@p.iam.gserviceaccount.com",
                        token_uri = $"{_server.Address}token",
                    }
                )
            );
            using var clients = await GcpClients.ConnectAsync(
                new GcpConnection { CredentialFile = file, Endpoint = _thief.Address },
                CancellationToken.None
            );
            await RefusedAsync(() => ReadAsync(clients));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Not_that_of_AWS()
    {
        using var clients = new AwsClients(
            new AwsConnection
            {
                Endpoint = _server.Address,
                AccessKeyId = "id",
                SecretAccessKey = new Secret("s"),
            }
        );
        var calls = new AwsCalls(Context);
        await RefusedAsync(() =>
            calls.ReadAsync("KMS", "ListKeys", "", c =>
                clients.Kms("eu-west-1").ListKeysAsync(new Amazon.KeyManagementService.Model.ListKeysRequest(), c)
            )
        );
        var partition = AwsPartition.OfRegion("eu-west-1");
        await RefusedAsync(() =>
            calls.ReadAsync("IAM", "GetRole", "", c => clients.Iam(partition).GetRoleAsync("r", c))
        );
    }

    [Fact]
    public async Task Not_that_of_Azure()
    {
        var handler = new ScriptedHandler(
            ScriptedHandler.Json(
                """{"token_type":"Bearer","expires_in":3600,"access_token":"t"}""",
                302,
                ("Location", $"{_thief.Address}login")
            )
        );
        var connection = new AzureConnection
        {
            Handler = handler,
            TenantId = Guid.NewGuid().ToString(),
            ClientId = "c",
            ClientSecret = new Secret("s"),
        };
        using var clients = AzureClients.Create(connection);
        var calls = new AzureCalls(Context);
        var error = await Assert.ThrowsAsync<CmekException>(() =>
            calls.ReadAsync("ARM", "list", "", clients.Arm.ListSubscriptionsAsync)
        );
        Assert.Equal("UnexpectedRedirect", error.ErrorId);
        // The first asks which of Microsoft's clouds it is, without credentials, once in a process.
        Assert.InRange(handler.Requests.Count, 1, 2);
        Assert.Empty(_thief.Requests);
    }

    [Theory]
    [InlineData(302, "UnexpectedRedirect")]
    [InlineData(307, "VaultStandby")]
    public async Task Not_that_of_Vault(int status, string errorId)
    {
        await using var server = new TestServer(status, location: $"{_thief.Address}v1/sys/mounts");
        using var client = new VaultClient(new VaultConnection(server.Address, new Secret("t")));
        var calls = new VaultCalls(Context);
        var caught = await Assert.ThrowsAnyAsync<Exception>(() =>
            calls.ReadAsync("sys", "read", "", client.ReadMountsAsync)
        );
        var error = caught as CmekException ?? await new VaultDiagnosis(client, calls).ExplainAsync(caught, "prod");
        Assert.Equal(errorId, error.ErrorId);
        Assert.Empty(_thief.Requests);
    }

    private Task ReadAsync(GcpClients clients) =>
        new GcpCalls(Context).ReadAsync("KMS", "get", "k", c =>
            clients.Kms.GetCryptoKeyAsync("projects/p/locations/l/keyRings/r/cryptoKeys/k", c)
        );

    private async Task RefusedAsync(Func<Task> call)
    {
        var before = _server.Requests.Count;
        var error = await Assert.ThrowsAsync<CmekException>(call);
        Assert.Equal("UnexpectedRedirect", error.ErrorId);
        Assert.Contains(_server.Address.Authority, error.Message, StringComparison.Ordinal);
        Assert.Contains(_thief.Address.Authority, error.Message, StringComparison.Ordinal);
        Assert.Equal(before + 1, _server.Requests.Count);
        Assert.Empty(_thief.Requests);
    }
}
