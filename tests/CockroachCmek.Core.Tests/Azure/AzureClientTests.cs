using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Azure.Core;
using Azure.Core.Pipeline;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys.Azure;
using CockroachCmek.Core.Tests.Cloud;
using CockroachCmek.Sandbox;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Azure;

/// <summary>The clients on their own: challenges, retries, the transport.</summary>
public sealed class AzureClientTests
{
    private const string Tenant = "11111111-2222-3333-4444-555555555555";

    [Theory]
    [InlineData(
        "Bearer authorization=\"https://login.microsoftonline.com/T\", resource=\"https://vault.azure.net\"",
        "https://vault.azure.net/.default"
    )]
    [InlineData(
        "Bearer authorization_uri=\"https://login.microsoftonline.com/T\", scope=\"https://vault.azure.net/.default\"",
        "https://vault.azure.net/.default"
    )]
    [InlineData(
        "bearer  resource=\"https://vault.azure.net/\",authorization=\"https://login.microsoftonline.com/T/\"",
        "https://vault.azure.net/.default"
    )]
    public void A_challenge_is_read_in_every_form(string header, string audience)
    {
        var challenge = KeyVaultChallengePolicy.Read(["Bearer", header.Replace("T", Tenant, StringComparison.Ordinal)]);
        Assert.Equal((Tenant, audience), (challenge!.TenantId, challenge.Audience.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Basic realm=\"x\"")]
    [InlineData("Bearer authorization=\"https://login.microsoftonline.com/\", resource=\"https://vault.azure.net\"")]
    [InlineData("Bearer authorization=\"nowhere\", resource=\"https://vault.azure.net\"")]
    public void A_header_that_is_not_a_challenge_is_skipped(string header) =>
        Assert.Null(KeyVaultChallengePolicy.Read([header]));

    [Fact]
    public async Task A_Key_Vault_that_requests_another_services_token_gets_none()
    {
        const string Challenge =
            $"Bearer authorization=\"https://login.microsoftonline.com/{Tenant}\", "
            + "resource=\"https://management.azure.com\"";
        var handler = new ScriptedHandler(ScriptedHandler.Json("{}", 401, ("WWW-Authenticate", Challenge)));
        using var clients = AzureClients.Create(
            new AzureConnection
            {
                Handler = handler,
                TenantId = Tenant,
                ClientId = Guid.NewGuid().ToString(),
                ClientSecret = new Secret("worthless"),
            }
        );
        var keys = clients.Keys(new Uri("https://cmek.vault.azure.net/"));
        var error = await Assert.ThrowsAsync<CmekException>(() => keys.GetAsync("k", null, CancellationToken.None));
        Assert.Equal("KeyVaultHostSuspect", error.ErrorId);
        Assert.Single(handler.Requests);
        Assert.Null(handler.Messages[0].Headers.Authorization);
    }

    [Fact]
    public async Task The_first_write_to_a_Key_Vault_is_sent_without_body_and_token_and_made_once()
    {
        await using var world = new AzureWorld();
        using var clients = AzureClients.Create(world.Connection);
        var keys = clients.Keys(new Uri(world.KeyVault));
        await keys.CreateAsync("first", Shape, CancellationToken.None);
        var sent = world.Exchanges.Where(e => e.Request.Path.EndsWith("/create", StringComparison.Ordinal)).ToList();
        Assert.Equal([401, 200], sent.Select(e => e.Response!.Status));
        Assert.Empty(sent[0].Request.Body);
        Assert.Single(await keys.ListVersionsAsync("first", CancellationToken.None));
    }

    [Theory]
    [InlineData(1, "")]
    [InlineData(2, "AzureCredentialsRefused")]
    public async Task A_token_that_is_refused_is_renewed_once(int refusals, string errorId)
    {
        await using var world = new AzureWorld();
        var before = world.Exchanges.Count;
        world.Server.Faults.Add(
            new FaultRule
            {
                Service = "azure",
                Pattern = "roleAssignments",
                Action = FaultAction.Status,
                Status = 401,
                Count = refusals,
            }
        );
        // One call, so that nothing runs beside it.
        using var clients = AzureClients.Create(world.Connection);
        var calls = new AzureCalls(world.Context);
        var listing = calls.ReadAsync("ARM", "ListRoleAssignments", "", c =>
            clients.Arm.ListRoleAssignmentsAsync(world.KeyVaultId(world.Azure.VaultName), "atScope()", c)
        );
        if (errorId.Length == 0)
            Assert.NotEmpty(await listing);
        else
            Assert.Equal(
                errorId,
                AzureCalls.Translate(await Assert.ThrowsAsync<AzureException>(() => listing), "x")?.ErrorId
            );
        Assert.Equal(
            [401, errorId.Length == 0 ? 200 : 401],
            world
                .Exchanges.Skip(before)
                .Where(e => e.Request.Path.Contains("roleAssignments", StringComparison.Ordinal))
                .Select(e => e.Response!.Status)
        );
    }

    [Fact]
    public async Task More_versions_than_a_page_holds_are_all_read()
    {
        await using var world = new AzureWorld();
        using var clients = AzureClients.Create(world.Connection);
        var keys = clients.Keys(new Uri(world.KeyVault));
        await keys.CreateAsync("many", Shape, CancellationToken.None);
        for (var i = 0; i < 26; i++)
            await keys.RotateAsync("many", CancellationToken.None);
        var versions = await keys.ListVersionsAsync("many", CancellationToken.None);
        Assert.Equal(27, versions.Select(v => v.Kid).Distinct().Count());
    }

    [Fact]
    public async Task Only_the_sandboxs_certificate_authority_is_trusted()
    {
        await using var world = new AzureWorld();
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=another", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var another = request.CreateSelfSigned(
            DateTimeOffset.UtcNow.AddDays(-1),
            DateTimeOffset.UtcNow.AddDays(1)
        );
        var provider = world.Connect(
            world.Connection with
            {
                Loopback = new AzureLoopback(world.Server.AzureEndpoint.Port, another.RawData),
            }
        );
        var cluster = await world.ClusterAsync();
        await world.RefusesAsync("AzureUnreachable", () => world.RoleAsync(cluster, provider: provider));
    }

    [Fact]
    public async Task A_read_is_retried_and_a_write_is_retried_only_when_it_was_throttled()
    {
        var answered = ScriptedHandler.Json("""{"value":[]}""");
        var busy = ScriptedHandler.Json("""{"error":{"code":"ServerBusy","message":"later"}}""", 503);
        var throttled = ScriptedHandler.Json("""{"error":{"code":"TooManyRequests","message":"later"}}""", 429);
        var time = new ScaledTimeProvider(TimeProvider.System, 100_000);
        var calls = new AzureCalls(new OperationContext(new RecordingLog(), time, CancellationToken.None));
        Assert.Empty(
            await calls.ReadAsync("ARM", "List", "", Arm(busy, ScriptedHandler.Broken, answered).ListSubscriptionsAsync)
        );
        await Assert.ThrowsAsync<AzureException>(() =>
            calls.WriteAsync("ARM", "Write", "", Arm(busy, answered).ListSubscriptionsAsync)
        );
        Assert.Empty(await calls.WriteAsync("ARM", "Write", "", Arm(throttled, answered).ListSubscriptionsAsync));
    }

    [Fact]
    public void An_HTML_page_in_place_of_a_response_is_a_lost_response() =>
        Assert.Equal(
            "AzureUnreachable",
            AzureCalls.Translate(new JsonException("'<' is an invalid start"), "x")!.ErrorId
        );

    private static KeyShape Shape { get; } = new("RSA", 2048, new Dictionary<string, string>());

    private static AzureArm Arm(params Func<HttpRequestMessage, HttpResponseMessage?>[] responses) =>
        ScriptedAzure.Arm(new ScriptedHandler(responses));
}
