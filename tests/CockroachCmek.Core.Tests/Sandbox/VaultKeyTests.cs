using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using CockroachCmek.Sandbox;
using static CockroachCmek.Core.Tests.Sandbox.VaultTestBed;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>
/// Keys and providers of the key management engine, its refusals, and what a recording holds of them.
/// </summary>
public sealed class VaultKeyTests : IAsyncLifetime
{
    private const string Provider = "keymgmt/kms/aws";
    private const string AesKey = """{"type":"aes256-gcm96"}""";
    private readonly VaultTestBed _vault = new();

    public async ValueTask InitializeAsync() => await _vault.MountAsync();

    public ValueTask DisposeAsync() => _vault.DisposeAsync();

    [Fact]
    public async Task A_key_shows_its_versions_and_can_be_deleted_only_once_deletion_is_allowed()
    {
        await _vault.WriteAsync("keymgmt/key/k", AesKey);
        await _vault.WriteAsync("keymgmt/key/k/rotate");
        var key = (await _vault.ReadAsync("keymgmt/key/k")).ToJsonString();
        Assert.Equal(
            """
            {"deletion_allowed":false,"latest_version":2,"min_enabled_version":1,
            "name":"k","type":"aes256-gcm96","versions":{"1":{},"2":{}}}
            """.ReplaceLineEndings(""),
            Regex.Replace(key, "\"creation_time\":\"[^\"]+Z\"", "")
        );

        Assert.Equal(400, (await _vault.SendAsync("DELETE", "keymgmt/key/k")).Status);
        await _vault.WriteAsync("keymgmt/key/k", """{"deletion_allowed":"true"}""");
        await _vault.DeleteAsync("keymgmt/key/k");
        var (status, body) = await _vault.SendAsync("GET", "keymgmt/key/k");
        Assert.Equal((404, """{"errors":[]}"""), (status, body.ToJsonString()));
        Assert.Equal(404, (await _vault.SendAsync("LIST", "keymgmt/key")).Status);
    }

    [Theory]
    [InlineData("rsa-3072", 3072)]
    [InlineData("ecdsa-p256", 256)]
    [InlineData("ecdsa-p384", 384)]
    [InlineData("ecdsa-p521", 521)]
    public async Task An_asymmetric_key_shows_a_valid_public_key(string type, int bits)
    {
        await _vault.WriteAsync("keymgmt/key/k", $$"""{"type":"{{type}}"}""");
        var pem = (string)(await _vault.ReadAsync("keymgmt/key/k"))["versions"]!["1"]!["public_key"]!;
        using AsymmetricAlgorithm key = type.StartsWith("rsa", StringComparison.Ordinal)
            ? RSA.Create()
            : ECDsa.Create();
        key.ImportFromPem(pem);
        Assert.Equal(bits, key.KeySize);
    }

    [Theory]
    [InlineData("k", """{"type":"des"}""", "400 invalid key type")]
    [InlineData("aes", """{"type":"rsa-2048"}""", "cannot be changed")]
    [InlineData("aes", """{"min_enabled_version":2}""", "400 min_enabled_version")]
    [InlineData("aes", """{"min_enabled_version":"two"}""", "400 Field validation failed")]
    [InlineData("aes", """{"type":""", "400 failed to parse JSON input")]
    [InlineData("none/rotate", null, "not found")]
    [InlineData("-bad-", "{}", "unsupported path", 404)]
    [InlineData("aes/rotate", null, "unsupported operation", 405, "DELETE")]
    public async Task An_invalid_request_for_a_key_is_refused(
        string name,
        string? body,
        string reason,
        int status = 400,
        string method = "POST"
    )
    {
        await _vault.WriteAsync("keymgmt/key/aes", AesKey);
        await AssertRefusedAsync(status, reason, method, "keymgmt/key/" + name, body);
    }

    [Theory]
    [InlineData("new", """{"provider":"ibmkms","key_collection":"x"}""", "unsupported provider")]
    [InlineData("new", """{"provider":"awskms"}""", "key_collection is required")]
    [InlineData("aws", """{"key_collection":"eu-west-1"}""", "cannot be changed")]
    [InlineData("aws", """{"credentials":["noequals"]}""", "name=value")]
    public async Task An_invalid_provider_is_refused(string name, string body, string reason)
    {
        await AddProviderAsync();
        await AssertRefusedAsync(400, reason, "POST", "keymgmt/kms/" + name, body);
    }

    [Theory]
    [InlineData("gcpkms", "aes", """{"purpose":"encrypt,decrypt"}""", "KMS provider \"gcpkms\" not found")]
    [InlineData("aws", "none", """{"purpose":"encrypt,decrypt"}""", "key \"none\" not found")]
    [InlineData("aws", "aes", """{"protection":"hsm"}""", "purpose is required")]
    [InlineData("aws", "aes", """{"purpose":"encrypt,frobnicate"}""", "invalid purpose \"frobnicate\"")]
    [InlineData("aws", "aes", """{"purpose":"encrypt,decrypt","protection":"paper"}""", "invalid protection")]
    [InlineData("aws", "aes", """{"purpose":"encrypt,decrypt","protection":"software"}""", "only the protection hsm")]
    [InlineData("aws", "aes", """{"purpose":["sign"]}""", "only the purposes encrypt and decrypt")]
    [InlineData(
        "aws",
        "rsa",
        """{"purpose":"encrypt,decrypt"}""",
        "key type \"rsa-2048\" is not supported by provider \"awskms\""
    )]
    public async Task An_invalid_distribution_is_refused(string provider, string key, string body, string reason)
    {
        await AddProviderAsync();
        await _vault.WriteAsync("keymgmt/key/aes", AesKey);
        if (key == "rsa")
            await _vault.WriteAsync("keymgmt/key/rsa");
        await AssertRefusedAsync(400, reason, "POST", $"keymgmt/kms/{provider}/key/{key}", body);
    }

    [Fact]
    public async Task A_provider_hides_its_credentials_and_cannot_be_deleted_while_it_holds_a_key()
    {
        await _vault.DeleteAsync("sys/mounts/keymgmt");
        await _vault.PrepareAwsAsync();
        await _vault.DistributeAsync();
        Assert.Equal(
            """{"key_collection":"us-east-1","provider":"awskms"}""",
            (await _vault.ReadAsync("keymgmt/kms/awskms")).ToJsonString()
        );
        Assert.Equal(400, (await _vault.SendAsync("DELETE", "keymgmt/kms/awskms")).Status);
        await _vault.WriteAsync(Key, """{"deletion_allowed":true}""");
        await AssertRefusedAsync(400, "must be removed from KMS provider", "DELETE", Key, null);
        await _vault.DeleteAsync(InProvider("awskms"));
        await _vault.DeleteAsync(Key);
        await _vault.DeleteAsync("keymgmt/kms/awskms");
    }

    [Theory]
    [InlineData("awskms", """{"access_key":"PLANTED-A","secret_key":"PLANTED-B"}""")]
    [InlineData("awskms", """["access_key=PLANTED-A","secret_key=PLANTED-B"]""")]
    [InlineData("gcpckms", """ "{\"private_key\":\"PLANTED-A\"}" """)]
    [InlineData("", """{"client_secret":"PLANTED-A" """)]
    public async Task A_recording_holds_no_token_and_no_credential(string provider, string credentials)
    {
        var body =
            provider.Length > 0
                ? $$"""{"provider":"{{provider}}","key_collection":"us-east-1","credentials":{{credentials}}}"""
                : $$"""{"credentials":{{credentials}}""";
        await _vault.SendAsync("POST", Provider, body);
        await _vault.ReadAsync("auth/token/lookup-self");
        var text = string.Concat(
            _vault.Server.Exchanges.Select(e =>
                string.Concat(e.Request.Headers.Select(h => h.Key + h.Value))
                + Encoding.UTF8.GetString(e.Request.Body)
                + Encoding.UTF8.GetString(e.Response!.Body)
            )
        );
        Assert.DoesNotContain("PLANTED", text, StringComparison.Ordinal);
        Assert.DoesNotContain(_vault.Sandbox.RootToken, text, StringComparison.Ordinal);
        Assert.Contains(_vault.Server.Exchanges, e =>
            Encoding.UTF8.GetString(e.Request.Body).Contains("(redacted)", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task An_injected_failure_has_the_shape_of_a_Vault_error_and_a_lost_response_leaves_the_key()
    {
        _vault.Server.Faults.Add(
            new FaultRule
            {
                Service = "vault",
                Method = "GET",
                Action = FaultAction.Status,
                Status = 503,
            }
        );
        _vault.Server.Faults.Add(
            new FaultRule
            {
                Service = "vault",
                Pattern = "key/k ",
                Action = FaultAction.CutAfter,
            }
        );
        Assert.Equal("503 The sandbox was told to fail.", (await _vault.SendAsync("GET", "keymgmt/key/k")).Refusal);
        await Assert.ThrowsAsync<HttpRequestException>(() => _vault.SendAsync("POST", "keymgmt/key/k", AesKey));
        Assert.Equal(1, (int)(await _vault.ReadAsync("keymgmt/key/k"))["latest_version"]!);
    }

    private Task AddProviderAsync() =>
        _vault.WriteAsync(Provider, """{"provider":"awskms","key_collection":"us-east-1"}""");

    private async Task AssertRefusedAsync(int status, string reason, string method, string path, string? body)
    {
        var response = await _vault.SendAsync(method, path, body);
        Assert.Equal(status, response.Status);
        Assert.Contains(reason, response.Refusal, StringComparison.Ordinal);
    }
}
