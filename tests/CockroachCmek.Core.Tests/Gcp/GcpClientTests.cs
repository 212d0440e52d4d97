using System.Text;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Gcp;
using CockroachCmek.Core.Tests.Cloud;
using CockroachCmek.Sandbox.Http;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Gcp;

/// <summary>The thin clients and the calls above them, without a cloud: what is sent, what is repeated, what is kept of a refusal.</summary>
public sealed class GcpClientTests
{
    private const string Key = "projects/p/locations/europe/keyRings/r/cryptoKeys/k";
    private const string Denied =
        """{"error":{"code":403,"message":"Permission 'cloudkms.cryptoKeys.get' denied on resource 'k' (or it may not exist).","status":"PERMISSION_DENIED","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"IAM_PERMISSION_DENIED","domain":"cloudkms.googleapis.com","metadata":{"permission":"cloudkms.cryptoKeys.get"}}]}}""";

    private static readonly RecordingLog Log = new();
    private static readonly OperationContext Context = new(
        Log,
        new ScaledTimeProvider(TimeProvider.System, 20_000),
        CancellationToken.None
    );

    [Fact]
    public async Task A_read_is_repeated_while_Google_is_throttled_fails_or_does_not_answer()
    {
        using var handler = new ScriptedHandler(
            Fault(429, "RESOURCE_EXHAUSTED"),
            Fault(500, "INTERNAL"),
            ScriptedHandler.Broken,
            Fault(503, "UNAVAILABLE"),
            ScriptedHandler.Json($$"""{"name":"{{Key}}"}""")
        );
        Assert.Equal(Key, (await ReadAsync(handler))!.Name);
        Assert.Equal(5, handler.Requests.Count);
    }

    [Theory]
    [InlineData(429, 2)]
    [InlineData(503, 1)]
    public async Task A_write_is_repeated_only_where_it_was_not_processed(int status, int requests)
    {
        using var handler = new ScriptedHandler(Fault(status, "X"), ScriptedHandler.Json("""{"name":"v"}"""));
        using var clients = await OpenAsync(handler);
        var write = () =>
            new GcpCalls(Context).WriteAsync("KMS", "create", Key, c =>
                clients.Kms.CreateCryptoKeyVersionAsync(Key, c)
            );
        if (requests == 1)
            await Assert.ThrowsAsync<GcpFault>(write);
        else
            await write();
        Assert.Equal(requests, handler.Requests.Count);
    }

    [Fact]
    public async Task Status_and_details_of_a_refusal_are_kept()
    {
        using var handler = new ScriptedHandler(ScriptedHandler.Json(Denied, 403));
        var fault = await Assert.ThrowsAsync<GcpFault>(() => ReadAsync(handler));
        Assert.Equal(
            (403, "PERMISSION_DENIED", "IAM_PERMISSION_DENIED", "cloudkms.cryptoKeys.get"),
            (fault.Code, fault.Status, fault.Reason, fault.Metadata("permission"))
        );
        Assert.Equal("GcpPermissionDenied", GcpCalls.Map(fault, "prod").ErrorId);
    }

    [Fact]
    public async Task A_page_of_a_proxy_is_told_as_the_HTTP_status_that_it_is()
    {
        using var handler = new ScriptedHandler(ScriptedHandler.Json("<html>no</html>", 407));
        Assert.Contains(
            "407",
            GcpCalls.Map(await Assert.ThrowsAsync<GcpFault>(() => ReadAsync(handler)), "prod").Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_stale_etag_is_read_anew_and_a_conflict_without_end_is_told()
    {
        using var handler = new ScriptedHandler(
            ScriptedHandler.Json("""{"etag":"old"}"""),
            Fault(409, "ABORTED"),
            ScriptedHandler.Json("""{"etag":"new"}"""),
            ScriptedHandler.Json("{}")
        );
        using var clients = await OpenAsync(handler);
        var writer = new GcpPolicyWriter(new GcpCalls(Context));
        Assert.True(
            await writer.ChangeAsync(
                clients.Kms,
                "KMS",
                Key,
                p => p.Add(IamPolicy.Binding("roles/x", "user:a@example.com")),
                _ => false
            )
        );
        Assert.Contains("\"etag\":\"new\"", handler.Requests[3].Body, StringComparison.Ordinal);
        Assert.Contains("\"version\":3", handler.Requests[3].Body, StringComparison.Ordinal);

        using var endless = new ScriptedHandler([
            .. Enumerable.Range(0, 30).Select(i => i % 2 == 0 ? ScriptedHandler.Json("{}") : Fault(409, "ABORTED")),
        ]);
        using var others = await OpenAsync(endless);
        var fault = await Assert.ThrowsAsync<GcpFault>(() =>
            writer.ChangeAsync(
                others.Kms,
                "KMS",
                Key,
                p => p.Add(IamPolicy.Binding("roles/x", "user:a@example.com")),
                _ => false
            )
        );
        Assert.Equal("GcpConflict", GcpCalls.Map(fault, "prod").ErrorId);
        Assert.Equal(20, endless.Requests.Count);
    }

    [Fact]
    public async Task Token_and_quota_project_are_sent_and_neither_is_told_to_anybody()
    {
        using var handler = new ScriptedHandler(ScriptedHandler.Json("{}"));
        await ReadAsync(handler, connection => connection with { QuotaProject = "billed" });
        var sent = handler.Messages.Single();
        Assert.Equal("Bearer tok-for-tests", sent.Headers.Authorization!.ToString());
        Assert.Equal("billed", sent.Headers.GetValues("x-goog-user-project").Single());
        Assert.StartsWith("https://cloudkms.googleapis.com/v1/", sent.RequestUri!.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Log.VerboseLines, l => l.Contains("tok-for-tests", StringComparison.Ordinal));
        Assert.DoesNotContain(
            "tok-for-tests",
            new GcpConnection { AccessToken = new Secret("tok-for-tests") }.ToString(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Pages_are_read_to_the_last()
    {
        using var handler = new ScriptedHandler(
            ScriptedHandler.Json(
                """{"cryptoKeyVersions":[{"name":"k/1","createTime":"2026-01-01T00:00:00.123456789Z"}],"nextPageToken":"a/b+c="}"""
            ),
            ScriptedHandler.Json("""{"cryptoKeyVersions":[{"name":"k/2","createTime":"2026-02-01T00:00:00Z"}]}""")
        );
        using var clients = await OpenAsync(handler);
        Assert.Equal(
            ["2", "1"],
            (await new GcpKeyReader(clients, new GcpCalls(Context)).VersionsAsync(GcpKeyName.Parse(Key))).Select(v =>
                v.Id
            )
        );
        Assert.EndsWith("&pageToken=a%2Fb%2Bc%3D", handler.Requests[1].Target, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plain_http_is_for_loopback_only()
    {
        using var clients = new GcpClients(
            new GcpConnection
            {
                Endpoint = new Uri("http://kms.example.com/"),
                AccessToken = new Secret("tok-for-tests"),
            }
        );
        Assert.Equal(
            "InsecureEndpoint",
            (await Assert.ThrowsAsync<CmekException>(() => clients.OpenAsync(CancellationToken.None))).ErrorId
        );
    }

    [Fact]
    public async Task The_project_is_the_nearest_that_anybody_named()
    {
        using var clients = new GcpClients(
            new GcpConnection { AccessToken = new Secret("tok-for-tests"), Project = "session" }
        );
        using var silent = new GcpClients(new GcpConnection { AccessToken = new Secret("tok-for-tests") });
        Assert.Equal("asked", await clients.ProjectAsync("asked", "known", CancellationToken.None));
        Assert.Equal("session", await clients.ProjectAsync(null, "known", CancellationToken.None));
        Assert.Equal("known", await silent.ProjectAsync(null, "known", CancellationToken.None));
    }

    [Theory]
    [InlineData("""{"no":"type"}""", "GcpCredentialsMissing")]
    [InlineData("not json", "GcpCredentialsMissing")]
    [InlineData(null, "GcpCredentialsMissing")]
    public async Task A_file_that_holds_no_credentials_is_named(string? content, string errorId)
    {
        var file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid()}.json");
        if (content is not null)
            await File.WriteAllTextAsync(file, content);
        using var clients = new GcpClients(new GcpConnection { CredentialFile = file });
        var fault = await Assert.ThrowsAsync<CmekException>(() => clients.OpenAsync(CancellationToken.None));
        Assert.Equal(errorId, fault.ErrorId);
        Assert.Contains(file, fault.Message, StringComparison.Ordinal);
        File.Delete(file);
    }

    [Fact]
    public async Task A_service_account_s_file_gets_a_token_and_its_project()
    {
        await using var world = new GcpWorld(scale: 60); // slow enough for the assertion to be of the sandbox's time too
        var file = await ServiceAccountFileAsync(world);
        var provider = new GcpKeyProvider(
            new GcpConnection { Endpoint = world.Server.GcpEndpoint, CredentialFile = file }
        );
        // The account may do nothing: that Google says so means that it knows it.
        var fault = await Assert.ThrowsAsync<CmekException>(async () =>
            await provider.EnsureRoleAsync(
                new RoleRequest { Cluster = await world.ClusterAsync("gcp-us"), OrganizationId = "" },
                world.Context
            )
        );
        Assert.Equal("GcpPermissionDenied", fault.ErrorId);
        Assert.Contains(
            "projects/sandbox-customer/serviceAccounts/crdb-cmek-",
            fault.Message,
            StringComparison.Ordinal
        );
        Assert.Contains(world.Server.Exchanges, e => e.Request.Path == "/token" && e.Response?.Status == 200);
        File.Delete(file);
    }

    [Fact]
    public async Task Workload_identity_changes_its_own_token_for_Google_s()
    {
        await using var world = new GcpWorld();
        var asked = "";
        using var exchange = new LoopbackListener(port: 0, certificate: null, (request, _) =>
        {
            asked = Uri.UnescapeDataString(Encoding.UTF8.GetString(request.Body));
            return Task.FromResult(
                new Reply(
                    new SandboxResponse(
                        200,
                        Encoding.UTF8.GetBytes(
                            $$"""{"access_token":"{{world.Server.Gcp.AccessToken}}","issued_token_type":"urn:ietf:params:oauth:token-type:access_token","token_type":"Bearer","expires_in":3600}"""
                        ),
                        "application/json"
                    )
                )
            );
        });
        var folder = Directory.CreateTempSubdirectory("crdb-").FullName;
        var (file, subject) = (Path.Combine(folder, "credentials.json"), Path.Combine(folder, "subject"));
        await File.WriteAllTextAsync(
            file,
            System.Text.Json.JsonSerializer.Serialize(
                new
                {
                    type = "external_account",
                    audience = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/x",
                    subject_token_type = "urn:ietf:params:oauth:token-type:jwt",
                    token_url = new Uri(exchange.Endpoint, "v1/token"),
                    credential_source = new { file = subject },
                }
            )
        );
        var provider = new GcpKeyProvider(
            new GcpConnection
            {
                Endpoint = world.Server.GcpEndpoint,
                CredentialFile = file,
                Project = "sandbox-customer",
            }
        );
        var request = new RoleRequest { Cluster = await world.ClusterAsync("gcp-us"), OrganizationId = "" };
        var fault = await Assert.ThrowsAsync<CmekException>(() => provider.EnsureRoleAsync(request, world.Context));
        Assert.Equal("GcpCredentialsMissing", fault.ErrorId);
        Assert.Contains(subject, fault.Message, StringComparison.Ordinal);
        await File.WriteAllTextAsync(subject, "subject-for-tests");
        Assert.Equal(CmekOutcome.Created, (await provider.EnsureRoleAsync(request, world.Context)).Outcome);
        Assert.Contains("subject_token=subject-for-tests", asked, StringComparison.Ordinal);
        await exchange.StopAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("projects/p/locations/l/keyRings/r/cryptoKeys/k", Key)]
    [InlineData("projects/p/locations/europe/keyRings/r/cryptoKeys/k/cryptoKeyVersions/12", Key)]
    [InlineData("//cloudkms.googleapis.com/projects/p/locations/europe/keyRings/r/cryptoKeys/k", Key)]
    [InlineData("https://cloudkms.googleapis.com/v1/projects/p/locations/europe/keyRings/r/cryptoKeys/k", Key)]
    public void A_key_s_name_is_read_as_people_copy_it(string text, string name) =>
        Assert.Equal(
            name.Replace(
                "europe",
                text.Contains("europe", StringComparison.Ordinal) ? "europe" : "l",
                StringComparison.Ordinal
            ),
            GcpKeyName.Parse(text).ToString()
        );

    [Theory]
    [InlineData("db@p.iam.gserviceaccount.com", null)]
    [InlineData("crdb-cmek@db-1.iam.gserviceaccount.com", "db-1")]
    [InlineData("crdb-cmek@db.example.com.iam.gserviceaccount.com", "example.com:db")]
    public void An_account_s_address_tells_its_project(string text, string? project)
    {
        if (project is null)
            Assert.Equal(
                "ServiceAccountMalformed",
                Assert.Throws<CmekException>(() => ServiceAccountEmail.Parse(text)).ErrorId
            );
        else
            Assert.Equal(
                (project, text),
                (ServiceAccountEmail.Parse(text).Project, ServiceAccountEmail.Of("crdb-cmek", project).Text)
            );
    }

    [Theory]
    [InlineData("global", "us-east4", true)]
    [InlineData("us-east4", "us-east4", true)]
    [InlineData("us-east1", "us-east4", false)]
    [InlineData("us", "us-east4", true)]
    [InlineData("nam4", "us-central1", true)]
    [InlineData("europe", "us-east4", false)]
    [InlineData("eur4", "europe-west4", true)]
    [InlineData("asia1", "asia-northeast1", true)]
    public void A_location_serves_the_regions_that_lie_in_it(string location, string region, bool serves) =>
        Assert.Equal(serves, GcpLocations.Serves(location, region));

    private static Func<HttpRequestMessage, HttpResponseMessage?> Fault(int code, string status) =>
        ScriptedHandler.Json($$$"""{"error":{"code":{{{code}}},"message":"no","status":"{{{status}}}"}}""", code);

    private static async Task<GcpClients> OpenAsync(
        HttpMessageHandler handler,
        Func<GcpConnection, GcpConnection>? change = null
    )
    {
        var connection = new GcpConnection
        {
            AccessToken = new Secret("tok-for-tests"),
            Project = "p",
            Handler = handler,
        };
        var clients = new GcpClients(change is null ? connection : change(connection));
        await clients.OpenAsync(CancellationToken.None);
        return clients;
    }

    private static async Task<CryptoKey?> ReadAsync(
        HttpMessageHandler handler,
        Func<GcpConnection, GcpConnection>? change = null
    )
    {
        using var clients = await OpenAsync(handler, change);
        return await new GcpCalls(Context).ReadAsync("KMS", "cryptoKeys.get", Key, c =>
            clients.Kms.GetCryptoKeyAsync(Key, c)
        );
    }

    /// <summary>A key file as IAM hands it out.</summary>
    private static async Task<string> ServiceAccountFileAsync(GcpWorld world)
    {
        var account = (
            await world.SendAsync(
                HttpMethod.Post,
                "projects/sandbox-customer/serviceAccounts",
                """{"accountId":"operator"}"""
            )
        )
            .GetProperty("email")
            .GetString()!;
        await world.Context.Time.Delay(TimeSpan.FromSeconds(15), CancellationToken.None); // a new account is not seen at once
        var key = await world.SendAsync(
            HttpMethod.Post,
            $"projects/sandbox-customer/serviceAccounts/{account}/keys",
            "{}"
        );
        var file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid()}.json");
        await File.WriteAllBytesAsync(file, Convert.FromBase64String(key.GetProperty("privateKeyData").GetString()!));
        return file;
    }
}
