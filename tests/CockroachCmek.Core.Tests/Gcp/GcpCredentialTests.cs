using System.Text;
using System.Text.Json;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys.Gcp;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Core.Tests.Gcp;

/// <summary>Where credentials and the project come from.</summary>
public sealed class GcpCredentialTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("crdb-");

    private string CredentialFile => Path.Combine(_folder.FullName, "credentials.json");

    [Theory]
    [InlineData("requested", "session", "requested")]
    [InlineData(null, "session", "session")]
    [InlineData(null, null, "known")]
    public async Task The_project_is_the_first_that_is_named(string? requested, string? session, string expected)
    {
        var connection = new GcpConnection { AccessToken = new Secret("tok-for-tests"), Project = session };
        using var clients = await GcpClients.ConnectAsync(connection, CancellationToken.None);

        Assert.Equal(expected, await clients.ResolveProjectAsync(requested, "known", CancellationToken.None));
    }

    [Theory]
    [InlineData("""{"no":"type"}""")]
    [InlineData("not json")]
    [InlineData(null)]
    public async Task A_file_without_credentials_is_named_in_the_error(string? content)
    {
        if (content is not null)
            await File.WriteAllTextAsync(CredentialFile, content);
        var connection = new GcpConnection { CredentialFile = CredentialFile };

        var error = await Assert.ThrowsAsync<CmekException>(() =>
            GcpClients.ConnectAsync(connection, CancellationToken.None)
        );

        Assert.Equal("GcpCredentialsMissing", error.ErrorId);
        Assert.Contains(CredentialFile, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_account_s_key_file_gives_the_project_and_one_token_for_the_whole_session()
    {
        // Slow enough for the signed assertion to be valid in the sandbox's time too.
        await using var world = await GcpWorld.StartAsync(timeScale: 60);
        await CreateKeyFileAsync(world);
        var provider = world.ProviderFor(
            new GcpConnection { Endpoint = world.Server.GcpEndpoint, CredentialFile = CredentialFile }
        );

        // The account has no permissions: a refusal that names the call shows that Google Cloud knows the account.
        foreach (var _ in new[] { "first", "again" })
        {
            var error = await Assert.ThrowsAsync<CmekException>(() =>
                provider.EnsureRoleAsync(world.RoleRequest(), world.Context)
            );
            Assert.Equal("GcpPermissionDenied", error.ErrorId);
            Assert.Contains(
                "projects/sandbox-customer/serviceAccounts/crdb-cmek-",
                error.Message,
                StringComparison.Ordinal
            );
        }

        Assert.Single(world.Server.Exchanges, e => e.Request.Path == "/token");
    }

    [Fact]
    public async Task Workload_identity_exchanges_its_own_token()
    {
        await using var world = await GcpWorld.StartAsync();
        var exchanged = "";
        using var tokenService = new LoopbackListener(port: 0, certificate: null, (request, _) =>
        {
            exchanged = Uri.UnescapeDataString(Encoding.UTF8.GetString(request.Body));
            return Task.FromResult(new Reply(TokenResponse(world.Server.Gcp.AccessToken)));
        });
        var subject = Path.Combine(_folder.FullName, "subject");
        await WriteWorkloadIdentityAsync(tokenService.Endpoint, subject);
        var provider = world.ProviderFor(
            new GcpConnection
            {
                Endpoint = world.Server.GcpEndpoint,
                CredentialFile = CredentialFile,
                Project = GcpWorld.Project,
            }
        );

        var error = await Assert.ThrowsAsync<CmekException>(() =>
            provider.EnsureRoleAsync(world.RoleRequest(), world.Context)
        );
        Assert.Equal("GcpCredentialsMissing", error.ErrorId);
        Assert.Contains(subject, error.Message, StringComparison.Ordinal);

        await File.WriteAllTextAsync(subject, "subject-for-tests");
        var role = await provider.EnsureRoleAsync(world.RoleRequest(), world.Context);
        Assert.Equal(CmekOutcome.Created, role.Outcome);
        Assert.Contains("subject_token=subject-for-tests", exchanged, StringComparison.Ordinal);
        await tokenService.StopAsync();
    }

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>Creates a service account and writes a key of it to the credential file.</summary>
    private async Task CreateKeyFileAsync(GcpWorld world)
    {
        var accounts = $"projects/{GcpWorld.Project}/serviceAccounts";
        var account = await world.Administrator.PostAsync(accounts, """{"accountId":"operator"}""");
        world.Server.Clock.Advance(TimeSpan.FromSeconds(15)); // a new account is not known at once
        var key = await world.Administrator.PostAsync($"{accounts}/{account.GetProperty("email").GetString()}/keys");
        var bytes = Convert.FromBase64String(key.GetProperty("privateKeyData").GetString()!);
        await File.WriteAllBytesAsync(CredentialFile, bytes);
    }

    private Task WriteWorkloadIdentityAsync(Uri tokenService, string subjectFile) =>
        File.WriteAllTextAsync(
            CredentialFile,
            JsonSerializer.Serialize(
                new
                {
                    type = "external_account",
                    audience = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/x",
                    subject_token_type = "urn:ietf:params:oauth:token-type:jwt",
                    token_url = new Uri(tokenService, "v1/token"),
                    credential_source = new { file = subjectFile },
                }
            )
        );

    private static SandboxResponse TokenResponse(string accessToken) =>
        new(
            200,
            JsonSerializer.SerializeToUtf8Bytes(
                new
                {
                    access_token = accessToken,
                    issued_token_type = "urn:ietf:params:oauth:token-type:access_token",
                    token_type = "Bearer",
                    expires_in = 3600,
                }
            ),
            "application/json"
        );
}
