using static CockroachCmek.Core.Tests.Sandbox.AzureTestBed;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>A key vault's data plane: keys, their versions, and what the versions do.</summary>
public sealed class AzureKeyVaultKeyTests : IAsyncDisposable
{
    private readonly AzureTestBed _azure = new();

    public ValueTask DisposeAsync() => _azure.DisposeAsync();

    private string Key => $"{_azure.KeyVault}/keys/cmek";

    [Fact]
    public async Task Creating_a_key_again_or_rotating_it_adds_a_version_with_its_own_identifier()
    {
        var first = await _azure.CreateKeyAsync(
            "cmek",
            body: """{"kty":"RSA","key_size":3072,"key_ops":["wrapKey","unwrapKey"],"tags":{"for":"test"}}"""
        );
        var second = await _azure.CreateKeyAsync(
            "cmek",
            body: """{"kty":"RSA","key_ops":["wrapKey","unwrapKey"],"tags":{"for":"test"}}"""
        );
        var third = (await _azure.SendAsync("POST", $"{Key}/rotate{ApiVersion}")).Text("key", "kid");
        Assert.Equal(3, new[] { first, second, third }.Distinct().Count());
        Assert.All([first, second, third], kid =>
            Assert.Matches("^https://cmek-sandbox\\.vault\\.azure\\.net/keys/cmek/[0-9a-f]{32}$", kid)
        );
        Assert.Equal(third, (await _azure.SendAsync("GET", $"{Key}/{ApiVersion}")).Text("key", "kid"));
        var old = await _azure.SendAsync("GET", first + "?api%2Dversion=7.6");
        Assert.Equal(
            (first, "Recoverable", "test"),
            (old.Text("key", "kid"), old.Text("attributes", "recoveryLevel"), old.Text("tags", "for"))
        );
        Assert.Equal(512, old.Text("key", "n").Length);
        _azure.AssertConforms();
    }

    [Fact]
    public async Task An_unknown_key_or_API_version_is_refused()
    {
        await _azure.CreateKeyAsync("cmek", body: """{"kty":"EC"}""");
        Assert.Equal(
            "404 KeyNotFound",
            (await _azure.SendAsync("GET", $"{_azure.KeyVault}/keys/none{ApiVersion}")).Refusal
        );
        Assert.Equal("400 BadParameter", (await _azure.SendAsync("GET", $"{Key}?api-version=1.0")).Refusal);
        _azure.AssertConforms();
    }

    [Fact]
    public async Task Lists_come_in_pages()
    {
        for (var i = 0; i < 5; i++)
            await _azure.CreateKeyAsync("many", body: """{"kty":"EC"}""");
        await _azure.CreateKeyAsync("other", body: """{"kty":"EC","crv":"P-384"}""");
        var ids = new List<string>();
        var url = $"{_azure.KeyVault}/keys/many/versions{ApiVersion}&maxresults=2";
        while (url.Length > 0)
        {
            var page = await _azure.SendAsync("GET", url);
            ids.AddRange(page.Items.Select(v => v!["kid"]!.ToString()));
            url = page.Text("nextLink");
        }

        Assert.Equal(5, ids.Distinct().Count());
        var keys = await _azure.SendAsync("GET", $"{_azure.KeyVault}/keys{ApiVersion}");
        Assert.Equal(
            [$"{_azure.KeyVault}/keys/many", $"{_azure.KeyVault}/keys/other"],
            keys.Items.Select(v => v!["kid"]!.ToString())
        );
        Assert.Empty((await _azure.SendAsync("GET", $"{_azure.KeyVault}/keys/none/versions{ApiVersion}")).Items);
        Assert.Equal(
            "400 BadParameter",
            (await _azure.SendAsync("GET", $"{_azure.KeyVault}/keys{ApiVersion}&maxresults=26")).Refusal
        );
        _azure.AssertConforms();
    }

    [Fact]
    public async Task A_disabled_version_still_wraps_but_does_not_unwrap()
    {
        var kid = await _azure.CreateKeyAsync("cmek");
        var wrapped = (await _azure.UseKeyAsync(kid, "wrapkey", "c2VjcmV0")).Text("value");
        Assert.Equal("c2VjcmV0", (await _azure.UseKeyAsync(kid, "unwrapkey", wrapped)).Text("value"));
        await _azure.SendAsync("PATCH", kid + ApiVersion, """{"attributes":{"enabled":false}}""");
        Assert.Equal("403 KeyDisabled", (await _azure.UseKeyAsync(kid, "unwrapkey", wrapped)).Refusal);
        Assert.Equal(200, (await _azure.UseKeyAsync(kid, "wrapkey", "c2VjcmV0")).Status);
        Assert.Equal("false", (await _azure.SendAsync("GET", kid + ApiVersion)).Text("attributes", "enabled"));

        await _azure.SendAsync("PATCH", kid + ApiVersion, """{"attributes":{"enabled":true}}""");
        Assert.Equal("c2VjcmV0", (await _azure.UseKeyAsync(kid, "unwrapkey", wrapped)).Text("value"));
        _azure.AssertConforms();
    }

    [Fact]
    public async Task An_expired_version_unwraps_but_does_not_wrap()
    {
        var expires = _azure.Time.GetUtcNow().AddMinutes(10).ToUnixTimeSeconds();
        var kid = await _azure.CreateKeyAsync("cmek", body: $$$"""{"kty":"RSA","attributes":{"exp":{{{expires}}}}}""");
        var wrapped = (await _azure.UseKeyAsync(kid, "wrapkey", "c2VjcmV0")).Text("value");
        _azure.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal("403 KeyExpired", (await _azure.UseKeyAsync(kid, "wrapkey", "c2VjcmV0")).Refusal);
        Assert.Equal("c2VjcmV0", (await _azure.UseKeyAsync(kid, "unwrapkey", wrapped)).Text("value"));
    }

    [Theory]
    [InlineData("""{"kty":"oct"}""")]
    [InlineData("""{"kty":"RSA","key_size":1024}""")]
    [InlineData("""{"kty":"RSA-HSM"}""")]
    [InlineData("""{"kty":"RSA","key_ops":["fly"]}""")]
    [InlineData("""[]""")]
    [InlineData("""{"kty":"EC","kty":"RSA"}""")]
    [InlineData("""{"kty":"EC","attributes":{"exp":999999999999999}}""")]
    [InlineData("""{"kty":"EC","attributes":{"enabled":true,"enabled":false}}""")]
    [InlineData("""{"kty":"EC","attributes":{"exp":1,"nbf":2}}""")]
    public async Task A_key_that_a_standard_key_vault_cannot_keep_is_refused(string body) =>
        Assert.Equal("400 BadParameter", (await _azure.SendAsync("POST", $"{Key}/create{ApiVersion}", body)).Refusal);

    [Fact]
    public async Task An_operation_or_a_value_that_does_not_fit_the_key_is_refused()
    {
        var hsm = await _azure.CreateKeyAsync(
            "hsm",
            _azure.Sandbox.PremiumVaultName,
            """{"kty":"RSA-HSM","key_ops":["wrapKey"]}"""
        );
        Assert.Equal(200, (await _azure.UseKeyAsync(hsm, "wrapkey", "AAAA")).Status);
        Assert.Equal("403 KeyOperationForbidden", (await _azure.UseKeyAsync(hsm, "unwrapkey", "AAAA")).Refusal);
        Assert.Equal(
            "400 BadParameter",
            (await _azure.UseKeyAsync(hsm, "wrapkey", "AAAA", algorithm: "RSA1_5")).Refusal
        );
        Assert.Equal("400 BadParameter", (await _azure.UseKeyAsync(hsm, "wrapkey", "not base64!")).Refusal);
        var key = await _azure.CreateKeyAsync("cmek");
        Assert.Equal("400 BadParameter", (await _azure.UseKeyAsync(key, "unwrapkey", "AAAA")).Refusal);
    }

    [Fact]
    public async Task A_rotation_policy_adds_versions_on_its_own()
    {
        var kid = await _azure.CreateKeyAsync("cmek", body: """{"kty":"EC"}""");
        var url = $"{Key}/rotationpolicy{ApiVersion}";
        Assert.Contains(
            "Notify",
            (await _azure.SendAsync("GET", url)).Text("lifetimeActions"),
            StringComparison.Ordinal
        );
        static string Rotate(string after) =>
            $$$"""{"lifetimeActions":[{"trigger":{"timeAfterCreate":"{{{after}}}"},"action":{"type":"Rotate"}}]""";
        Assert.Equal(
            "400 BadParameter",
            (await _azure.SendAsync("PUT", url, """{"attributes":{"expiryTime":"P27D"}}""")).Refusal
        );
        Assert.Equal("400 BadParameter", (await _azure.SendAsync("PUT", url, Rotate("P6D") + "}")).Refusal);
        await _azure.SendAsync("PUT", url, Rotate("P1M") + ""","attributes":{"expiryTime":"P2Y"}}""");
        Assert.Equal("P2Y", (await _azure.SendAsync("GET", url)).Text("attributes", "expiryTime"));
        _azure.AssertConforms();

        _azure.Advance(TimeSpan.FromDays(32));
        Assert.NotEqual(kid, (await _azure.SendAsync("GET", Key + ApiVersion)).Text("key", "kid"));
        Assert.Equal(2, (await _azure.SendAsync("GET", $"{Key}/versions{ApiVersion}")).Items.Count);
    }
}
