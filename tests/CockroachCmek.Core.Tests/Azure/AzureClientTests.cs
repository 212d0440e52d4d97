using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CockroachCmek.Core.Keys.Azure;
using CockroachCmek.Core.Tests.Cloud;
using CockroachCmek.Testing;
using CsCheck;

namespace CockroachCmek.Core.Tests.Azure;

/// <summary>The clients by themselves: challenges, tokens, names, the transport.</summary>
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
    public void A_challenge_is_read_in_every_shape_it_comes_in(string header, string audience)
    {
        var challenge = KeyVaultChallengePolicy.Read(["Bearer", header.Replace("T", Tenant, StringComparison.Ordinal)]);
        Assert.Equal((Tenant, audience), (challenge!.TenantId, challenge.Audience.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Basic realm=\"x\"")]
    [InlineData("Bearer authorization=\"https://login.microsoftonline.com/\", resource=\"https://vault.azure.net\"")]
    [InlineData("Bearer authorization=\"nowhere\", resource=\"https://vault.azure.net\"")]
    public void What_is_no_challenge_is_none(string header) => Assert.Null(KeyVaultChallengePolicy.Read([header]));

    [Fact]
    public async Task A_vault_that_asks_for_another_services_token_gets_none()
    {
        var handler = new ScriptedHandler(
            ScriptedHandler.Json(
                "{}",
                401,
                (
                    "WWW-Authenticate",
                    $"Bearer authorization=\"https://login.microsoftonline.com/{Tenant}\", resource=\"https://management.azure.com\""
                )
            )
        );
        var keys = AzureClients
            .Of(
                new AzureConnection
                {
                    Handler = handler,
                    TenantId = Tenant,
                    ClientId = Guid.NewGuid().ToString(),
                    ClientSecret = new Core.Http.Secret("worthless"),
                }
            )
            .Keys(new Uri("https://cmek.vault.azure.net/"));
        var fault = await Assert.ThrowsAsync<CmekException>(() => keys.GetAsync("k", null, CancellationToken.None));
        Assert.Equal("KeyVaultHostSuspect", fault.ErrorId);
        Assert.Single(handler.Requests);
        Assert.Null(handler.Messages[0].Headers.Authorization);
    }

    [Fact]
    public async Task The_first_write_to_a_vault_goes_without_body_and_token_and_is_made_once()
    {
        await using var customer = new AzureCustomer();
        var keys = AzureClients.Of(customer.Connection).Keys(new Uri(customer.Vault));
        await keys.CreateAsync(
            "first",
            new KeyShape("RSA", 2048, new Dictionary<string, string>()),
            CancellationToken.None
        );
        var sent = customer.Exchanges.Where(e => e.Request.Path.EndsWith("/create", StringComparison.Ordinal)).ToList();
        Assert.Equal([401, 200], sent.Select(e => e.Response!.Status));
        Assert.Empty(sent[0].Request.Body);
        Assert.Single(await keys.ListVersionsAsync("first", CancellationToken.None));
    }

    [Fact]
    public async Task More_versions_than_a_page_holds_are_all_read()
    {
        await using var customer = new AzureCustomer();
        var keys = AzureClients.Of(customer.Connection).Keys(new Uri(customer.Vault));
        await keys.CreateAsync(
            "many",
            new KeyShape("RSA", 2048, new Dictionary<string, string>()),
            CancellationToken.None
        );
        for (var i = 0; i < 26; i++)
            await keys.RotateAsync("many", CancellationToken.None);
        Assert.Equal(
            27,
            (await keys.ListVersionsAsync("many", CancellationToken.None)).Select(v => v.Kid).Distinct().Count()
        );
    }

    [Fact]
    public async Task A_token_for_all_services_is_fetched_once_for_a_session()
    {
        await using var customer = new AzureCustomer();
        var cluster = await customer.ClusterAsync();
        await customer.RoleAsync(cluster);
        await customer.KeysAsync(cluster);
        await customer.KeysAsync(cluster);
        // ARM, Graph, Key Vault.
        Assert.Equal(
            3,
            customer.Exchanges.Count(e => e.Request.Path.EndsWith("/oauth2/v2.0/token", StringComparison.Ordinal))
        );
    }

    [Fact]
    public async Task No_secret_and_no_token_is_in_anything_that_is_said()
    {
        await using var customer = new AzureCustomer();
        var cluster = await customer.ClusterAsync();
        await customer.RoleAsync(cluster);
        await customer.KeysAsync(cluster);
        var said = string.Join(
            "\n",
            customer.Log.VerboseLines.Concat(customer.Log.Warnings).Concat(customer.Log.Questions.Select(q => q.Action))
        );
        Assert.Contains("Azure Key Vault CreateKey", said, StringComparison.Ordinal);
        Assert.DoesNotContain(customer.Azure.Admin.Secret, said + customer.Connection, StringComparison.Ordinal);
        Assert.DoesNotContain("eyJ", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_certificate_authority_than_the_sandboxs_is_not_trusted()
    {
        await using var customer = new AzureCustomer();
        using var key = RSA.Create(2048);
        using var other = new CertificateRequest(
            "CN=another",
            key,
            HashAlgorithmName.SHA256,
            RSASignaturePadding.Pkcs1
        ).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var provider = new AzureKeyProvider(
            customer.Connection with
            {
                Loopback = new AzureLoopback(customer.Server.AzureEndpoint.Port, other.RawData),
            }
        );
        var cluster = await customer.ClusterAsync();
        Assert.Equal(
            "AzureUnreachable",
            (await Assert.ThrowsAsync<CmekException>(() => customer.RoleAsync(cluster, provider))).ErrorId
        );
    }

    [Fact]
    public async Task A_read_is_repeated_and_a_write_is_not_unless_it_was_throttled()
    {
        var answered = ScriptedHandler.Json("""{"value":[]}""");
        var busy = ScriptedHandler.Json("""{"error":{"code":"ServerBusy","message":"later"}}""", 503);
        var limited = ScriptedHandler.Json("""{"error":{"code":"TooManyRequests","message":"later"}}""", 429);
        var calls = new AzureCalls(
            new OperationContext(
                new RecordingLog(),
                new ScaledTimeProvider(TimeProvider.System, 100_000),
                CancellationToken.None
            )
        );
        Assert.Empty(
            await calls.ReadAsync("ARM", "List", "", Arm(busy, ScriptedHandler.Broken, answered).ListSubscriptionsAsync)
        );
        await Assert.ThrowsAsync<AzureFault>(() =>
            calls.WriteAsync("ARM", "Write", "", Arm(busy, answered).ListSubscriptionsAsync)
        );
        Assert.Empty(await calls.WriteAsync("ARM", "Write", "", Arm(limited, answered).ListSubscriptionsAsync));
    }

    [Fact]
    public void A_page_of_HTML_that_stands_in_for_an_answer_is_an_answer_that_is_lost() =>
        Assert.Equal(
            "AzureUnreachable",
            AzureCalls.Map(new System.Text.Json.JsonException("'<' is an invalid start"), "x").ErrorId
        );

    [Theory]
    [InlineData(
        AzureEnvironment.Public,
        "https://k.vault.azure.net/",
        "https://login.microsoftonline.com/t/adminconsent?client_id=a"
    )]
    [InlineData(
        AzureEnvironment.USGovernment,
        "https://k.vault.usgovcloudapi.net/",
        "https://login.microsoftonline.us/t/adminconsent?client_id=a"
    )]
    [InlineData(
        AzureEnvironment.China,
        "https://k.vault.azure.cn/",
        "https://login.chinacloudapi.cn/t/adminconsent?client_id=a"
    )]
    public void Each_of_Microsofts_clouds_has_its_own_addresses(
        AzureEnvironment environment,
        string vault,
        string consent
    )
    {
        var cloud = AzureCloud.Of(environment);
        Assert.Equal((vault, consent), (cloud.VaultUri("K").ToString(), cloud.ConsentUrl("t", "a").ToString()));
        Assert.Equal("key", AzureKeyId.Parse($"{vault}keys/key", cloud).Name);
    }

    [Fact]
    public void An_assignment_has_one_id_however_it_is_spelled()
    {
        var id = AzureNames.AssignmentId("/subscriptions/S/vaults/V", "ROLE", "PRINCIPAL").Split('/')[^1];
        Assert.Equal(id, AzureNames.AssignmentId("/SUBSCRIPTIONS/s/vaults/v", "role", "principal").Split('/')[^1]);
        Assert.Equal('5', id[14]);
        // The example of RFC 9562, appendix A.4.
        Assert.Equal(
            new Guid("2ed6657d-e927-568b-95e1-2665a8aea6a2"),
            AzureNames.Uuid5(new Guid("6ba7b810-9dad-11d1-80b4-00c04fd430c8"), "www.example.com")
        );
    }

    [Fact]
    public void Any_key_identifier_is_read_and_written_the_same() =>
        Gen.Select(
                Gen.Char["abcdefghijklmnopqrstuvwxyz0123456789-"].Array[3, 24],
                Gen.Char["0123456789abcdefABCDEFxyzXYZ-"].Array[1, 127],
                Gen.Char["0123456789abcdef"].Array[32],
                Gen.Bool
            )
            .Sample(
                (vault, name, version, has) =>
                {
                    var text =
                        $"https://a{new string(vault)}z.vault.azure.net/keys/{new string(name)}{(has ? "/" + new string(version) : "")}";
                    return AzureKeyId.Parse(text, AzureCloud.Of(AzureEnvironment.Public)).ToString() == text;
                }
            );

    [Theory]
    [InlineData("Microsoft.KeyVault/vaults/keys/*", true, true)]
    [InlineData("*", true, true)]
    [InlineData("Microsoft.KeyVault/vaults/keys/read", true, false)]
    [InlineData("microsoft.keyvault/VAULTS/*/wrap/action", false, true)]
    [InlineData("Microsoft.KeyVault/vaults/secrets/*", false, false)]
    public void A_role_of_ones_own_is_judged_by_what_it_allows(string action, bool reads, bool wraps)
    {
        var role = new RoleDefinition(
            "/x",
            "x",
            new RoleDefinitionProperties("own", [new RolePermissions(null, null, [action], null)])
        );
        Assert.Equal((reads, wraps), (role.Covers(KeyVaultRoles.Read), role.Covers(KeyVaultRoles.Wrap)));
        var taken = new RoleDefinition(
            "/x",
            "x",
            new RoleDefinitionProperties("own", [new RolePermissions(null, null, [action], ["*/wrap/action"])])
        );
        Assert.False(taken.Covers(KeyVaultRoles.Wrap));
    }

    private static AzureArm Arm(params Func<HttpRequestMessage, HttpResponseMessage?>[] answers)
    {
        var connection = new AzureConnection { Handler = new ScriptedHandler(answers), TenantId = Tenant };
        return new AzureArm(
            new Uri("https://management.azure.com/"),
            new AzureRest(
                AzureService.ResourceManager,
                global::Azure.Core.Pipeline.HttpPipelineBuilder.Build(
                    AzureTransport.Configure(new Plain(), AzureTransport.Create(connection))
                )
            )
        );
    }

    private sealed class Plain : global::Azure.Core.ClientOptions;
}
