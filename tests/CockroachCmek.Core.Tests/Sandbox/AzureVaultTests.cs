using CockroachCmek.Sandbox.Azure;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>The vault's data plane as another client sees it.</summary>
public sealed class AzureVaultTests : IAsyncLifetime
{
    private const string Version = "?api-version=2025-07-01";
    private const string Officer = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603";
    private const string EncryptionUser = "e147488a-f6f5-4113-8e2d-b22465e65bf6";
    private readonly AzureRehearsal _azure = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _azure.DisposeAsync();

    [Fact]
    public async Task A_call_without_a_token_is_told_where_to_get_one()
    {
        var answer = await _azure.RawAsync("POST", $"{_azure.Vault}/keys/k/create?api%2Dversion=2025-07-01", "");
        Assert.Equal("401 Unauthorized", answer.Refusal);
        Assert.Contains("AKV10000", answer.Text("error", "message"), StringComparison.Ordinal);
        var challenge = Assert.Single(answer.Message.Headers.WwwAuthenticate);
        Assert.Equal(
            $"Bearer authorization=\"https://login.microsoftonline.com/{_azure.Azure.TenantId}\", resource=\"https://vault.azure.net\"",
            challenge.ToString()
        );
    }

    [Fact]
    public async Task Creating_twice_and_rotating_make_versions_and_each_can_be_read()
    {
        var first = await _azure.CreateKeyAsync(
            "cmek",
            body: """{"kty":"RSA","key_size":3072,"key_ops":["wrapKey","unwrapKey"],"tags":{"for":"test"}}"""
        );
        var second = await _azure.CreateKeyAsync(
            "cmek",
            body: """{"kty":"RSA","key_ops":["wrapKey","unwrapKey"],"tags":{"for":"test"}}"""
        );
        var third = (await _azure.SendAsync("POST", $"{_azure.Vault}/keys/cmek/rotate{Version}")).Text("key", "kid");
        Assert.Equal(3, new[] { first, second, third }.Distinct().Count());
        Assert.All([first, second, third], kid =>
            Assert.Matches("^https://cmek-sandbox\\.vault\\.azure\\.net/keys/cmek/[0-9a-f]{32}$", kid)
        );
        Assert.Equal(third, (await _azure.SendAsync("GET", $"{_azure.Vault}/keys/cmek/{Version}")).Text("key", "kid"));
        var old = await _azure.SendAsync("GET", first + "?api%2Dversion=7.6");
        Assert.Equal(
            (first, "Recoverable", "test"),
            (old.Text("key", "kid"), old.Text("attributes", "recoveryLevel"), old.Text("tags", "for"))
        );
        Assert.Equal(512, old.Text("key", "n").Length);
        Assert.Equal("404 KeyNotFound", (await _azure.SendAsync("GET", $"{_azure.Vault}/keys/none{Version}")).Refusal);
        Assert.Equal(
            "400 BadParameter",
            (await _azure.SendAsync("GET", $"{_azure.Vault}/keys/cmek?api-version=1.0")).Refusal
        );
        Assert.NotEqual(0, _azure.Conforms());
    }

    [Fact]
    public async Task Lists_come_in_pages()
    {
        for (var i = 0; i < 5; i++)
            await _azure.CreateKeyAsync("many", body: """{"kty":"EC"}""");
        await _azure.CreateKeyAsync("other", body: """{"kty":"EC","crv":"P-384"}""");
        var ids = new List<string>();
        for (string? url = $"{_azure.Vault}/keys/many/versions{Version}&maxresults=2"; !string.IsNullOrEmpty(url); )
        {
            var page = await _azure.SendAsync("GET", url);
            ids.AddRange(page.Body["value"]!.AsArray().Select(v => v!["kid"]!.ToString()));
            url = page.Text("nextLink");
        }

        Assert.Equal(5, ids.Distinct().Count());
        var keys = await _azure.SendAsync("GET", $"{_azure.Vault}/keys{Version}");
        Assert.Equal(
            [$"{_azure.Vault}/keys/many", $"{_azure.Vault}/keys/other"],
            keys.Body["value"]!.AsArray().Select(v => v!["kid"]!.ToString())
        );
        Assert.Empty(
            (await _azure.SendAsync("GET", $"{_azure.Vault}/keys/none/versions{Version}")).Body["value"]!.AsArray()
        );
        Assert.Equal(
            "400 BadParameter",
            (await _azure.SendAsync("GET", $"{_azure.Vault}/keys{Version}&maxresults=26")).Refusal
        );
        Assert.NotEqual(0, _azure.Conforms());
    }

    [Fact]
    public async Task A_disabled_version_still_wraps_but_does_not_unwrap()
    {
        var kid = await _azure.CreateKeyAsync("cmek");
        var wrapped = (await _azure.UseAsync(kid, "wrapkey", "c2VjcmV0")).Text("value");
        Assert.Equal("c2VjcmV0", (await _azure.UseAsync(kid, "unwrapkey", wrapped)).Text("value"));
        await _azure.SendAsync("PATCH", kid + Version, """{"attributes":{"enabled":false}}""");
        Assert.Equal("403 KeyDisabled", (await _azure.UseAsync(kid, "unwrapkey", wrapped)).Refusal);
        Assert.Equal(200, (await _azure.UseAsync(kid, "wrapkey", "c2VjcmV0")).Status);
        Assert.Equal("false", (await _azure.SendAsync("GET", kid + Version)).Text("attributes", "enabled"));

        await _azure.SendAsync("PATCH", kid + Version, """{"attributes":{"enabled":true}}""");
        Assert.Equal("c2VjcmV0", (await _azure.UseAsync(kid, "unwrapkey", wrapped)).Text("value"));
        Assert.NotEqual(0, _azure.Conforms());
    }

    [Fact]
    public async Task An_expired_version_unwraps_but_does_not_wrap()
    {
        var kid = await _azure.CreateKeyAsync(
            "cmek",
            body: $$$"""{"kty":"RSA","attributes":{"exp":{{{_azure.Time.GetUtcNow().AddMinutes(10).ToUnixTimeSeconds()}}}}}"""
        );
        var wrapped = (await _azure.UseAsync(kid, "wrapkey", "c2VjcmV0")).Text("value");
        _azure.Time.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal("403 KeyExpired", (await _azure.UseAsync(kid, "wrapkey", "c2VjcmV0")).Refusal);
        Assert.Equal("c2VjcmV0", (await _azure.UseAsync(kid, "unwrapkey", wrapped)).Text("value"));
    }

    [Theory]
    [InlineData("""{"kty":"oct"}""", "400 BadParameter")]
    [InlineData("""{"kty":"RSA","key_size":1024}""", "400 BadParameter")]
    [InlineData("""{"kty":"RSA-HSM"}""", "400 BadParameter")]
    [InlineData("""{"kty":"RSA","key_ops":["fly"]}""", "400 BadParameter")]
    [InlineData("""[]""", "400 BadParameter")]
    [InlineData("""{"kty":"EC","kty":"RSA"}""", "400 BadParameter")]
    [InlineData("""{"kty":"EC","attributes":{"exp":999999999999999}}""", "400 BadParameter")]
    [InlineData("""{"kty":"EC","attributes":{"enabled":true,"enabled":false}}""", "400 BadParameter")]
    [InlineData("""{"kty":"EC","attributes":{"exp":1,"nbf":2}}""", "400 BadParameter")]
    public async Task Keys_that_a_vault_cannot_keep_are_refused(string body, string refusal) =>
        Assert.Equal(refusal, (await _azure.SendAsync("POST", $"{_azure.Vault}/keys/k/create{Version}", body)).Refusal);

    [Fact]
    public async Task What_does_not_fit_the_key_is_refused()
    {
        var hsm = await _azure.CreateKeyAsync(
            "hsm",
            _azure.Azure.PremiumVaultName,
            """{"kty":"RSA-HSM","key_ops":["wrapKey"]}"""
        );
        Assert.Equal(200, (await _azure.UseAsync(hsm, "wrapkey", "AAAA")).Status);
        Assert.Equal("403 KeyOperationForbidden", (await _azure.UseAsync(hsm, "unwrapkey", "AAAA")).Refusal);
        Assert.Equal("400 BadParameter", (await _azure.UseAsync(hsm, "wrapkey", "AAAA", algorithm: "RSA1_5")).Refusal);
        Assert.Equal("400 BadParameter", (await _azure.UseAsync(hsm, "wrapkey", "not base64!")).Refusal);
        Assert.Equal(
            "400 BadParameter",
            (await _azure.UseAsync(await _azure.CreateKeyAsync("k"), "unwrapkey", "AAAA")).Refusal
        );
    }

    [Fact]
    public async Task A_deleted_key_keeps_its_name_until_it_is_recovered()
    {
        var kid = await _azure.CreateKeyAsync("cmek");
        var deleted = await _azure.SendAsync("DELETE", $"{_azure.Vault}/keys/cmek{Version}");
        Assert.Equal($"{_azure.Vault}/deletedkeys/cmek", deleted.Text("recoveryId"));
        Assert.Equal(
            "404 KeyNotFound",
            (await _azure.SendAsync("GET", $"{_azure.Vault}/deletedkeys/cmek{Version}")).Refusal
        );
        Assert.Equal(
            "409 ObjectIsBeingDeleted",
            (await _azure.SendAsync("POST", $"{_azure.Vault}/keys/cmek/create{Version}", """{"kty":"EC"}""")).Refusal
        );
        _azure.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(
            kid,
            (await _azure.SendAsync("GET", $"{_azure.Vault}/deletedkeys/cmek{Version}")).Text("key", "kid")
        );
        Assert.Single((await _azure.SendAsync("GET", $"{_azure.Vault}/deletedkeys{Version}")).Body["value"]!.AsArray());
        Assert.Equal("404 KeyNotFound", (await _azure.SendAsync("GET", kid + Version)).Refusal);
        Assert.Equal(
            "409 ObjectIsDeletedButRecoverable",
            (await _azure.SendAsync("POST", $"{_azure.Vault}/keys/cmek/create{Version}", """{"kty":"EC"}""")).Refusal
        );
        Assert.Equal(
            "403 ForbiddenByPolicy",
            (await _azure.SendAsync("DELETE", $"{_azure.Vault}/deletedkeys/cmek{Version}")).Refusal
        );

        await _azure.SendAsync("POST", $"{_azure.Vault}/deletedkeys/cmek/recover{Version}");
        Assert.Equal("404 KeyNotFound", (await _azure.SendAsync("GET", $"{_azure.Vault}/keys/cmek/{Version}")).Refusal);
        _azure.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(kid, (await _azure.SendAsync("GET", $"{_azure.Vault}/keys/cmek/{Version}")).Text("key", "kid"));
        Assert.NotEqual(0, _azure.Conforms());
    }

    [Fact]
    public async Task Where_nothing_protects_from_purging_a_key_can_be_gone_for_good()
    {
        var vault = $"https://{_azure.Azure.PolicyVaultName}.vault.azure.net";
        await _azure.CreateKeyAsync("gone", _azure.Azure.PolicyVaultName, """{"kty":"EC"}""");
        await _azure.SendAsync("DELETE", $"{vault}/keys/gone{Version}");
        _azure.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(204, (await _azure.SendAsync("DELETE", $"{vault}/deletedkeys/gone{Version}")).Status);
        Assert.Equal("404 KeyNotFound", (await _azure.SendAsync("GET", $"{vault}/deletedkeys/gone{Version}")).Refusal);
    }

    [Fact]
    public async Task A_rotation_policy_makes_versions_by_itself()
    {
        var kid = await _azure.CreateKeyAsync("cmek", body: """{"kty":"EC"}""");
        var url = $"{_azure.Vault}/keys/cmek/rotationpolicy{Version}";
        Assert.Contains(
            "Notify",
            (await _azure.SendAsync("GET", url)).Text("lifetimeActions"),
            StringComparison.Ordinal
        );
        Assert.Equal(
            "400 BadParameter",
            (await _azure.SendAsync("PUT", url, """{"attributes":{"expiryTime":"P27D"}}""")).Refusal
        );
        Assert.Equal(
            "400 BadParameter",
            (
                await _azure.SendAsync(
                    "PUT",
                    url,
                    """{"lifetimeActions":[{"trigger":{"timeAfterCreate":"P6D"},"action":{"type":"Rotate"}}]}"""
                )
            ).Refusal
        );
        await _azure.SendAsync(
            "PUT",
            url,
            """{"lifetimeActions":[{"trigger":{"timeAfterCreate":"P1M"},"action":{"type":"Rotate"}}],"attributes":{"expiryTime":"P2Y"}}"""
        );
        Assert.Equal("P2Y", (await _azure.SendAsync("GET", url)).Text("attributes", "expiryTime"));
        Assert.NotEqual(0, _azure.Conforms());
        _azure.Time.Advance(TimeSpan.FromDays(32));
        Assert.NotEqual(kid, (await _azure.SendAsync("GET", $"{_azure.Vault}/keys/cmek{Version}")).Text("key", "kid"));
        Assert.Equal(
            2,
            (await _azure.SendAsync("GET", $"{_azure.Vault}/keys/cmek/versions{Version}")).Body["value"]!
                .AsArray()
                .Count
        );
    }

    [Fact]
    public async Task A_role_reaches_the_vault_late_and_leaves_it_late()
    {
        var kid = await _azure.CreateKeyAsync("cmek");
        var user = _azure.Azure.AddPrincipal("user", AzureRights.None);
        var made = await _azure.AssignAsync(EncryptionUser, user.ObjectId);
        Assert.Equal("403 ForbiddenByRbac", (await _azure.UseAsync(kid, "wrapkey", "AAAA", user)).Refusal);
        _azure.Wait();
        Assert.Equal(200, (await _azure.UseAsync(kid, "wrapkey", "AAAA", user)).Status);
        Assert.Equal(200, (await _azure.SendAsync("GET", kid + Version, caller: user)).Status);
        Assert.Equal("403 ForbiddenByRbac", (await _azure.UseAsync(kid, "encrypt", "AAAA", user)).Refusal);
        Assert.Equal(
            "403 ForbiddenByRbac",
            (await _azure.SendAsync("POST", $"{_azure.Vault}/keys/cmek/rotate{Version}", caller: user)).Refusal
        );

        await _azure.SendAsync("DELETE", $"https://management.azure.com{made.Text("id")}?api-version=2022-04-01");
        Assert.Equal(200, (await _azure.UseAsync(kid, "wrapkey", "AAAA", user)).Status);
        _azure.Wait();
        Assert.Equal("403 ForbiddenByRbac", (await _azure.UseAsync(kid, "wrapkey", "AAAA", user)).Refusal);
        Assert.NotEqual(0, _azure.Conforms());
    }

    [Fact]
    public async Task A_role_on_one_key_says_nothing_of_the_others()
    {
        var (one, other) = (
            await _azure.CreateKeyAsync("one"),
            await _azure.CreateKeyAsync("other", body: """{"kty":"EC"}""")
        );
        var user = _azure.Azure.AddPrincipal("user", AzureRights.None);
        await _azure.AssignAsync(Officer, user.ObjectId, scope: _azure.VaultId() + "/keys/one");
        _azure.Wait();
        Assert.Equal(200, (await _azure.SendAsync("GET", one + Version, caller: user)).Status);
        Assert.Equal("403 ForbiddenByRbac", (await _azure.SendAsync("GET", other + Version, caller: user)).Refusal);
        Assert.Equal(
            "403 ForbiddenByRbac",
            (await _azure.SendAsync("GET", $"{_azure.Vault}/keys{Version}", caller: user)).Refusal
        );
    }

    [Fact]
    public async Task Roles_mean_nothing_to_a_vault_with_access_policies()
    {
        var vault = _azure.Azure.PolicyVaultName;
        var kid = await _azure.CreateKeyAsync("cmek", vault);
        var user = _azure.Azure.AddPrincipal("user", AzureRights.None);
        Assert.Equal(
            201,
            (await _azure.AssignAsync(EncryptionUser, user.ObjectId, scope: _azure.VaultId(vault))).Status
        );
        _azure.Wait();
        Assert.Equal("403 ForbiddenByPolicy", (await _azure.UseAsync(kid, "wrapkey", "AAAA", user)).Refusal);

        var policy =
            $$$"""{"properties":{"accessPolicies":[{"tenantId":"{{{_azure.Azure.TenantId}}}","objectId":"{{{user.ObjectId}}}","permissions":{"keys":["get","wrapKey"]}}]}}""";
        var url = $"https://management.azure.com{_azure.VaultId(vault)}/accessPolicies";
        await _azure.SendAsync("PUT", $"{url}/add?api-version=2026-02-01", policy);
        Assert.Equal("403 ForbiddenByPolicy", (await _azure.UseAsync(kid, "wrapkey", "AAAA", user)).Refusal);
        _azure.Wait();
        Assert.Equal(200, (await _azure.UseAsync(kid, "wrapkey", "AAAA", user)).Status);
        Assert.Equal("403 ForbiddenByPolicy", (await _azure.UseAsync(kid, "unwrapkey", "AAAA", user)).Refusal);
        await _azure.SendAsync(
            "PUT",
            $"{url}/remove?api-version=2026-02-01",
            policy.Replace("\"get\",", "", StringComparison.Ordinal)
        );
        _azure.Wait();
        Assert.Equal("403 ForbiddenByPolicy", (await _azure.UseAsync(kid, "wrapkey", "AAAA", user)).Refusal);
        Assert.Equal(200, (await _azure.SendAsync("GET", kid + Version, caller: user)).Status);
    }

    [Fact]
    public async Task Walls_tenants_and_unknown_names_keep_a_caller_out()
    {
        Task<AzureReply> ListAsync(string vault) =>
            _azure.SendAsync("GET", $"https://{vault}.vault.azure.net/keys{Version}");
        Assert.Equal("403 ForbiddenByFirewall", (await ListAsync(_azure.Azure.WalledVaultName)).Refusal);
        var foreign = await ListAsync(_azure.Azure.ForeignVaultName);
        Assert.Equal("401 Unauthorized", foreign.Refusal);
        Assert.Contains(
            _azure.Azure.ForeignTenantId,
            foreign.Message.Headers.WwwAuthenticate.ToString(),
            StringComparison.Ordinal
        );
        Assert.Equal("404 VaultNotFound", (await ListAsync("cmek-nowhere")).Refusal);
    }
}
