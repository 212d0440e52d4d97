using static CockroachCmek.Core.Tests.Sandbox.AzureTestBed;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Resource Manager: subscriptions, resource groups and key vaults.</summary>
public sealed class AzureResourceManagerTests : IAsyncDisposable
{
    private readonly AzureTestBed _azure = new();

    public ValueTask DisposeAsync() => _azure.DisposeAsync();

    [Fact]
    public async Task Subscriptions_and_resource_groups_can_be_read()
    {
        var subscription = Assert.Single(
            (await _azure.SendAsync("GET", Arm + "/subscriptions?api-version=2022-12-01")).Items
        )!;
        Assert.Equal(
            (_azure.Sandbox.SubscriptionId, _azure.Sandbox.TenantId),
            (subscription["subscriptionId"]!.ToString(), subscription["tenantId"]!.ToString())
        );
        Assert.Equal(_azure.Sandbox.TenantId, (await GetAsync("?api-version=2022-12-01")).Text("tenantId"));
        Assert.Single((await GetAsync("/resourcegroups?api-version=2021-04-01")).Items);
        Assert.Equal(
            _azure.Sandbox.Location,
            (await GetAsync($"/resourceGroups/{_azure.Sandbox.ResourceGroup}?api-version=2021-04-01")).Text("location")
        );
    }

    [Fact]
    public async Task Unknown_and_foreign_resources_are_refused()
    {
        Assert.Equal(
            "404 ResourceGroupNotFound",
            (await GetAsync("/resourceGroups/none?api-version=2021-04-01")).Refusal
        );
        Assert.Equal("400 MissingApiVersionParameter", (await GetAsync("")).Refusal);
        var foreign = $"{Arm}/subscriptions/{_azure.Sandbox.ForeignSubscriptionId}?api-version=2022-12-01";
        Assert.Equal("401 InvalidAuthenticationTokenTenant", (await _azure.SendAsync("GET", foreign)).Refusal);
    }

    [Fact]
    public async Task Key_vaults_are_listed_by_subscription_and_by_resource_group()
    {
        var listed = await GetAsync(
            "/resources?$filter=resourceType eq 'Microsoft.KeyVault/vaults'&api-version=2021-04-01"
        );
        Assert.Equal(
            ["cmek-sandbox", "cmek-policies", "cmek-walled", "cmek-premium"],
            listed.Items.Select(v => v!["name"]!.ToString())
        );
        const string KeyVaults = "/providers/Microsoft.KeyVault/vaults?api-version=";
        Assert.Equal(4, (await GetAsync(KeyVaults + "2026-02-01")).Items.Count);
        var group = "/resourceGroups/" + _azure.Sandbox.ResourceGroup;
        Assert.Equal(4, (await GetAsync(group + KeyVaults + "2023-07-01")).Items.Count);
    }

    [Fact]
    public async Task A_new_key_vault_registers_its_name_and_then_keeps_keys()
    {
        var created = await _azure.SendAsync("PUT", Url("fresh"), Body(",\"softDeleteRetentionInDays\":7"));
        Assert.Equal(
            (201, "true", "RegisteringDns", "https://fresh.vault.azure.net/"),
            (
                created.Status,
                created.Text("properties", "enableRbacAuthorization"),
                created.Text("properties", "provisioningState"),
                created.Text("properties", "vaultUri")
            )
        );
        _azure.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(
            "Succeeded",
            (await _azure.SendAsync("GET", Url("fresh"))).Text("properties", "provisioningState")
        );
        await _azure.CreateKeyAsync("k", "fresh", """{"kty":"EC"}""");
        Assert.Equal(
            "CustomizedRecoverable+Purgeable",
            (await _azure.SendAsync("GET", "https://fresh.vault.azure.net/keys/k?api-version=7.6")).Text(
                "attributes",
                "recoveryLevel"
            )
        );
    }

    [Fact]
    public async Task Purge_protection_can_be_turned_on_but_not_off()
    {
        await _azure.SendAsync("PUT", Url("fresh"), Body(""));
        Task<TestResponse> ProtectAsync(string value) =>
            _azure.SendAsync("PATCH", Url("fresh"), $$$"""{"properties":{"enablePurgeProtection":{{{value}}}}}""");
        Assert.Equal("true", (await ProtectAsync("true")).Text("properties", "enablePurgeProtection"));
        Assert.Equal("400 BadRequest", (await ProtectAsync("false")).Refusal);
    }

    [Fact]
    public async Task Before_2026_a_new_key_vault_needs_access_policies()
    {
        Assert.Equal("400 BadRequest", (await _azure.SendAsync("PUT", Url("older", "2023-07-01"), Body(""))).Refusal);
        Assert.Equal(
            "",
            (await _azure.SendAsync("PUT", Url("older", "2023-07-01"), Body(",\"accessPolicies\":[]"))).Text(
                "properties",
                "enableRbacAuthorization"
            )
        );
    }

    [Fact]
    public async Task A_taken_or_malformed_key_vault_name_is_refused()
    {
        Assert.Equal(
            "409 VaultAlreadyExists",
            (await _azure.SendAsync("PUT", Url(_azure.Sandbox.ForeignVaultName), Body(""))).Refusal
        );
        Assert.Equal("400 VaultNameNotValid", (await _azure.SendAsync("PUT", Url("no--name"), Body(""))).Refusal);
    }

    private Task<TestResponse> GetAsync(string path) => _azure.SendAsync("GET", _azure.Subscription + path);

    private string Url(string name, string version = "2026-02-01") =>
        $"{Arm}{_azure.KeyVaultId(name)}?api-version={version}";

    /// <summary>A standard key vault in the caller's tenant, with more properties.</summary>
    private string Body(string more)
    {
        var properties = $$"""
            "tenantId":"{{_azure.Sandbox.TenantId}}","sku":{"family":"A","name":"standard"}{{more}}
            """;
        return $$$"""{"location":"northeurope","properties":{{{{properties}}}}}""";
    }
}
