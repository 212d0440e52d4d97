using System.Security.Cryptography;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Azure;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Vault in Azure Key Vault: RSA keys that are really Vault's, and what each side refuses.</summary>
public sealed class VaultAzureTests : IAsyncLifetime
{
    private readonly VaultCaller _vault = new();

    private AzureSandbox Azure => _vault.Server.Azure;

    public async ValueTask InitializeAsync()
    {
        await _vault.WriteAsync("sys/mounts/keymgmt", """{"type":"keymgmt"}""");
        await ProviderAsync("premium", Azure.PremiumVaultName);
        await _vault.WriteAsync("keymgmt/key/crdb-cmek-vault", """{"type":"rsa-2048"}""");
    }

    public async ValueTask DisposeAsync() => await _vault.DisposeAsync();

    [Fact]
    public async Task A_distributed_key_wraps_for_CockroachDB_and_a_rotation_is_a_version_of_the_same_name()
    {
        await DistributeAsync("premium", "encrypt,decrypt,wrap,unwrap");
        var distributed = await _vault.ReadAsync("keymgmt/kms/premium/key/crdb-cmek-vault");
        Assert.Equal("decrypt,encrypt,unwrap,wrap", (string)distributed["purpose"]!);
        var (kty, modulus) = Azure.Locked(world =>
            world.Vault(Azure.PremiumVaultName)!.Keys[(string)distributed["name"]!].Latest switch
            {
                var v => (v.Kty, v.OpenRsa().ExportParameters(false).Modulus),
            }
        );
        Assert.Equal("RSA-HSM", kty);
        using var original = RSA.Create();
        original.ImportFromPem(
            (string)(await _vault.ReadAsync("keymgmt/key/crdb-cmek-vault"))["versions"]!["1"]!["public_key"]!
        );
        Assert.Equal(original.ExportParameters(false).Modulus, modulus);

        var cluster = Consent();
        Assert.Equal(200, (await EnableAsync("POST", cluster, Uri(distributed, "1"))).Status);
        _vault.Pass(TimeSpan.FromMinutes(30));
        await _vault.WriteAsync("keymgmt/key/crdb-cmek-vault/rotate");
        var rotated = await _vault.ReadAsync("keymgmt/kms/premium/key/crdb-cmek-vault");
        Assert.Equal((string)distributed["name"]!, (string)rotated["name"]!);
        Assert.Matches("^[0-9a-f]{32}$", (string)rotated["versions"]!["2"]!);
        Assert.Equal(200, (await EnableAsync("PUT", cluster, Uri(rotated, "2"))).Status);
        _vault.Pass(TimeSpan.FromMinutes(30));
        Assert.Equal("ENABLED", (string)(await _vault.CloudAsync("GET", $"clusters/{cluster}/cmek")).Body["status"]!);

        await _vault.WriteAsync("keymgmt/key/crdb-cmek-vault", """{"min_enabled_version":2}""");
        Assert.Equal(
            [false, true],
            Azure.Locked(world =>
                world
                    .Vault(Azure.PremiumVaultName)!
                    .Keys[(string)rotated["name"]!]
                    .Versions.Select(v => v.Enabled)
                    .ToArray()
            )
        );
        Assert.Equal(204, (await _vault.SendAsync("DELETE", "keymgmt/kms/premium/key/crdb-cmek-vault")).Status);
        Assert.NotNull(
            Azure.Locked(world => world.Vault(Azure.PremiumVaultName)!.Keys[(string)rotated["name"]!].Deleted)
        );
    }

    [Fact]
    public async Task A_key_without_the_purposes_wrap_and_unwrap_is_of_no_use_to_CockroachDB()
    {
        await DistributeAsync("premium", "encrypt,decrypt");
        var (status, refusal) = await EnableAsync(
            "POST",
            Consent(),
            Uri(await _vault.ReadAsync("keymgmt/kms/premium/key/crdb-cmek-vault"), "1")
        );
        Assert.Equal(400, status);
        Assert.Contains(
            "Operation wrapKey is not permitted on this key",
            (string)refusal["message"]!,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_symmetric_key_is_refused_before_Azure_is_asked()
    {
        await _vault.WriteAsync("keymgmt/key/aes", """{"type":"aes256-gcm96"}""");
        Assert.Equal(
            (400, "key type \"aes256-gcm96\" is not supported by provider \"azurekeyvault\""),
            await _vault.RefusalAsync("POST", "keymgmt/kms/premium/key/aes", """{"purpose":"encrypt,decrypt"}""")
        );
    }

    [Theory]
    [InlineData("cmek-sandbox", "hsm", "HSM-protected keys need a vault of SKU premium")]
    [InlineData("cmek-nowhere", "software", "lookup cmek-nowhere.vault.azure.net: no such host")]
    [InlineData("cmek-walled", "software", "ForbiddenByFirewall")]
    [InlineData("cmek-foreign", "software", "AKV10032")]
    public async Task What_the_vault_refuses_is_502_with_its_sentence(string name, string protection, string sentence)
    {
        await ProviderAsync("other", name);
        var refusal = await _vault.RefusalAsync(
            "POST",
            "keymgmt/kms/other/key/crdb-cmek-vault",
            $$"""{"purpose":"wrap,unwrap","protection":"{{protection}}"}"""
        );
        Assert.Equal(502, refusal.Status);
        Assert.Contains(sentence, refusal.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Credentials_are_checked_and_those_of_Vaults_server_come_first()
    {
        var reader = Azure.AddPrincipal("reader", AzureRights.Subscription);
        await _vault.WriteAsync(
            "keymgmt/kms/premium",
            """{"credentials":{"tenant_id":"TENANT","client_id":"nobody","client_secret":"x"}}""".Replace(
                "TENANT",
                Azure.TenantId,
                StringComparison.Ordinal
            )
        );
        await RefusedAsync("AADSTS700016");
        _vault.Server.Vault.SetEnvironment("AZURE_CLIENT_ID", Azure.Admin.ClientId);
        await RefusedAsync("AADSTS7000215");
        _vault.Server.Vault.SetEnvironment("AZURE_CLIENT_ID", reader.ClientId);
        _vault.Server.Vault.SetEnvironment("AZURE_CLIENT_SECRET", reader.Secret);
        await RefusedAsync("ForbiddenByRbac");
        _vault.Server.Vault.SetEnvironment("AZURE_CLIENT_ID", Azure.Admin.ClientId);
        _vault.Server.Vault.SetEnvironment("AZURE_CLIENT_SECRET", Azure.Admin.Secret);
        await DistributeAsync("premium", "wrap,unwrap");
    }

    private async Task RefusedAsync(string sentence)
    {
        var (status, said) = await _vault.RefusalAsync(
            "POST",
            "keymgmt/kms/premium/key/crdb-cmek-vault",
            """{"purpose":"wrap,unwrap"}"""
        );
        Assert.Equal(502, status);
        Assert.Contains(sentence, said, StringComparison.Ordinal);
    }

    private Task ProviderAsync(string name, string vault) =>
        _vault.WriteAsync(
            $"keymgmt/kms/{name}",
            $$$"""{"provider":"azurekeyvault","key_collection":"{{{vault}}}","credentials":{"tenant_id":"{{{Azure.TenantId}}}","client_id":"{{{Azure.Admin.ClientId}}}","client_secret":"{{{Azure.Admin.Secret}}}"}}"""
        );

    private Task DistributeAsync(string kms, string purpose) =>
        _vault.WriteAsync(
            $"keymgmt/kms/{kms}/key/crdb-cmek-vault",
            $$"""{"purpose":"{{purpose}}","protection":"hsm"}"""
        );

    /// <summary>The cluster's application is consented to and may use the keys of the premium vault, as of long ago.</summary>
    private string Consent() =>
        Azure.Locked(world =>
        {
            var cluster = _vault.Server.Cloud.Clusters.Single(c => c.Name == "azure-in").Id;
            var principal = world.Directory.Consent(
                world.Directory.Application(world.ClusterApplications[cluster])!,
                Azure.TenantId
            );
            world.Roles.Assign(
                principal.Id,
                AzureRole.CryptoServiceEncryptionUser,
                world.Vault(Azure.PremiumVaultName)!.Id,
                world.Now.AddDays(-1)
            );
            return cluster;
        });

    private string Uri(JsonNode distributed, string version) =>
        $"https://{Azure.PremiumVaultName}.vault.azure.net/keys/{distributed["name"]}/{distributed["versions"]![version]}";

    private Task<(int Status, JsonNode Body)> EnableAsync(string method, string cluster, string uri) =>
        _vault.CloudAsync(
            method,
            $"clusters/{cluster}/cmek",
            $$$$"""{"region_specs":[{"region":"centralindia","key_spec":{"type":"AZURE_KEY_VAULT","uri":"{{{{uri}}}}","auth_principal":"{{{{Azure.TenantId}}}}"}}]}"""
        );
}
