using System.Security.Cryptography;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Azure;
using CockroachCmek.Sandbox.Cloud;
using static CockroachCmek.Core.Tests.Sandbox.VaultTestBed;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Vault distributes RSA keys to Azure Key Vault, and what each side refuses.</summary>
public sealed class VaultAzureTests : IAsyncLifetime
{
    private static readonly string Distributed = InProvider("premium");
    private readonly VaultTestBed _vault = new();

    private AzureSandbox Azure => _vault.Server.Azure;

    public async ValueTask InitializeAsync()
    {
        await _vault.MountAsync();
        await AddProviderAsync("premium", Azure.PremiumVaultName);
        await _vault.WriteAsync(Key, """{"type":"rsa-2048"}""");
    }

    public ValueTask DisposeAsync() => _vault.DisposeAsync();

    [Fact]
    public async Task A_distributed_key_is_an_HSM_key_with_the_material_of_Vault()
    {
        await _vault.DistributeAsync("premium", "encrypt,decrypt,wrap,unwrap");
        var distributed = await _vault.ReadAsync(Distributed);
        Assert.Equal("decrypt,encrypt,unwrap,wrap", (string)distributed["purpose"]!);
        var (kty, modulus) = OnAzure(distributed, key =>
            (key.Latest.Kty, key.Latest.OpenRsa().ExportParameters(false).Modulus)
        );
        Assert.Equal("RSA-HSM", kty);
        using var original = RSA.Create();
        original.ImportFromPem((string)(await _vault.ReadAsync(Key))["versions"]!["1"]!["public_key"]!);
        Assert.Equal(original.ExportParameters(false).Modulus, modulus);
    }

    [Fact]
    public async Task CockroachDB_wraps_with_a_distributed_key_and_with_its_next_version()
    {
        await _vault.DistributeAsync("premium", "encrypt,decrypt,wrap,unwrap");
        var distributed = await _vault.ReadAsync(Distributed);
        var cluster = Consent();
        Assert.Equal(200, (await EnableAsync("POST", cluster, KeyId(distributed, 1))).Status);
        _vault.Advance(TimeSpan.FromMinutes(30));

        await _vault.WriteAsync(Key + "/rotate");
        var rotated = await _vault.ReadAsync(Distributed);
        Assert.Equal((string)distributed["name"]!, (string)rotated["name"]!);
        Assert.Matches("^[0-9a-f]{32}$", (string)rotated["versions"]!["2"]!);
        Assert.Equal(200, (await EnableAsync("PUT", cluster, KeyId(rotated, 2))).Status);
        _vault.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal("ENABLED", (await _vault.CloudAsync("GET", $"clusters/{cluster}/cmek")).Text("status"));
    }

    [Fact]
    public async Task Vault_disables_old_versions_and_deletes_the_key_in_Azure()
    {
        await _vault.DistributeAsync("premium", "wrap,unwrap");
        await _vault.WriteAsync(Key + "/rotate");
        var distributed = await _vault.ReadAsync(Distributed);
        await _vault.WriteAsync(Key, """{"min_enabled_version":2}""");
        Assert.Equal([false, true], OnAzure(distributed, key => key.Versions.Select(v => v.Enabled).ToArray()));
        await _vault.DeleteAsync(Distributed);
        Assert.NotNull(OnAzure(distributed, key => key.Deleted));
    }

    [Fact]
    public async Task CockroachDB_cannot_use_a_key_without_the_purposes_wrap_and_unwrap()
    {
        await _vault.DistributeAsync("premium", "encrypt,decrypt");
        var response = await EnableAsync("POST", Consent(), KeyId(await _vault.ReadAsync(Distributed), 1));
        Assert.Equal(400, response.Status);
        Assert.Contains(
            "Operation wrapKey is not permitted on this key",
            response.Text("message"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Vault_refuses_a_symmetric_key_without_asking_Azure()
    {
        await _vault.WriteAsync("keymgmt/key/aes", """{"type":"aes256-gcm96"}""");
        Assert.Equal(
            "400 key type \"aes256-gcm96\" is not supported by provider \"azurekeyvault\"",
            (await _vault.SendAsync("POST", "keymgmt/kms/premium/key/aes", """{"purpose":"encrypt,decrypt"}""")).Refusal
        );
    }

    [Theory]
    [InlineData("cmek-sandbox", "hsm", "HSM-protected keys need a vault of SKU premium")]
    [InlineData("cmek-nowhere", "software", "lookup cmek-nowhere.vault.azure.net: no such host")]
    [InlineData("cmek-walled", "software", "ForbiddenByFirewall")]
    [InlineData("cmek-foreign", "software", "AKV10032")]
    public async Task A_refusal_of_the_key_vault_is_502_with_its_message(string name, string protection, string message)
    {
        await AddProviderAsync("other", name);
        var response = await _vault.TryDistributeAsync("other", "wrap,unwrap", protection);
        Assert.Equal(502, response.Status);
        Assert.Contains(message, response.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Credentials_are_checked_and_those_of_the_Vault_server_come_first()
    {
        var reader = Azure.AddPrincipal("reader", AzureRights.Subscription);
        await SetCredentialsAsync("nobody", "x");
        await AssertRefusedAsync("AADSTS700016");
        _vault.Sandbox.SetEnvironment("AZURE_CLIENT_ID", Azure.Admin.ClientId);
        await AssertRefusedAsync("AADSTS7000215");
        _vault.Sandbox.SetEnvironment("AZURE_CLIENT_ID", reader.ClientId);
        _vault.Sandbox.SetEnvironment("AZURE_CLIENT_SECRET", reader.Secret);
        await AssertRefusedAsync("ForbiddenByRbac");
        _vault.Sandbox.SetEnvironment("AZURE_CLIENT_ID", Azure.Admin.ClientId);
        _vault.Sandbox.SetEnvironment("AZURE_CLIENT_SECRET", Azure.Admin.Secret);
        await _vault.DistributeAsync("premium", "wrap,unwrap");
    }

    private async Task AssertRefusedAsync(string message)
    {
        var response = await _vault.TryDistributeAsync("premium", "wrap,unwrap");
        Assert.Equal(502, response.Status);
        Assert.Contains(message, response.Error, StringComparison.Ordinal);
    }

    private async Task AddProviderAsync(string name, string keyVault)
    {
        await _vault.WriteAsync(
            $"keymgmt/kms/{name}",
            $$"""{"provider":"azurekeyvault","key_collection":"{{keyVault}}"}"""
        );
        await SetCredentialsAsync(Azure.Admin.ClientId, Azure.Admin.Secret, name);
    }

    private Task SetCredentialsAsync(string clientId, string secret, string provider = "premium") =>
        _vault.WriteAsync(
            $"keymgmt/kms/{provider}",
            $$$"""
            {"credentials":
             {"tenant_id":"{{{Azure.TenantId}}}","client_id":"{{{clientId}}}","client_secret":"{{{secret}}}"}}
            """
        );

    /// <summary>
    /// Consents to the cluster's application and grants it the keys of the premium key vault, as of yesterday.
    /// </summary>
    private string Consent() =>
        Azure.Locked(context =>
        {
            var cluster = _vault.Server.Cloud.Clusters.Single(c => c.Name == "azure-in").Id;
            var principal = context.Directory.Consent(
                context.Directory.Application(context.ClusterApplications[cluster])!,
                Azure.TenantId
            );
            context.Roles.Assign(
                principal.Id,
                BuiltInRoles.CryptoServiceEncryptionUser,
                context.FindKeyVault(Azure.PremiumVaultName)!.Id,
                context.Now.AddDays(-1)
            );
            return cluster;
        });

    private T OnAzure<T>(JsonNode distributed, Func<KeyVaultKey, T> read) =>
        Azure.Locked(context => read(context.FindKeyVault(Azure.PremiumVaultName)!.Keys[(string)distributed["name"]!]));

    private string KeyId(JsonNode distributed, int version) =>
        $"https://{Azure.PremiumVaultName}.vault.azure.net/keys/{distributed["name"]}"
        + $"/{distributed["versions"]![$"{version}"]}";

    private Task<TestResponse> EnableAsync(string method, string cluster, string keyId) =>
        _vault.CmekAsync(method, cluster, "centralindia", new SandboxKeySpec("AZURE_KEY_VAULT", keyId, Azure.TenantId));
}
