using System.Security.Cryptography;
using System.Text;
using CockroachCmek.Sandbox;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Keys and providers of the engine, what it refuses, and what a recording holds.</summary>
public sealed class VaultKeyTests : IAsyncLifetime
{
    private readonly VaultCaller _vault = new();

    public async ValueTask InitializeAsync() =>
        await _vault.WriteAsync("sys/mounts/keymgmt", """{"type":"keymgmt"}""");

    public async ValueTask DisposeAsync() => await _vault.DisposeAsync();

    [Fact]
    public async Task A_key_shows_its_versions_and_is_deleted_only_when_that_is_allowed()
    {
        await _vault.WriteAsync("keymgmt/key/k", """{"type":"aes256-gcm96"}""");
        await _vault.WriteAsync("keymgmt/key/k/rotate");
        var key = await _vault.ReadAsync("keymgmt/key/k");
        Assert.Equal(
            """{"deletion_allowed":false,"latest_version":2,"min_enabled_version":1,"name":"k","type":"aes256-gcm96","versions":{"1":{},"2":{}}}""",
            System.Text.RegularExpressions.Regex.Replace(key.ToJsonString(), "\"creation_time\":\"[^\"]+Z\"", "")
        );

        Assert.Equal(400, (await _vault.SendAsync("DELETE", "keymgmt/key/k")).Status);
        await _vault.WriteAsync("keymgmt/key/k", """{"deletion_allowed":"true"}""");
        Assert.Equal(204, (await _vault.SendAsync("DELETE", "keymgmt/key/k")).Status);
        var (status, body) = await _vault.SendAsync("GET", "keymgmt/key/k");
        Assert.Equal((404, """{"errors":[]}"""), (status, body!.ToJsonString()));
        Assert.Equal(404, (await _vault.SendAsync("LIST", "keymgmt/key")).Status);
    }

    [Theory]
    [InlineData("rsa-3072", 3072)]
    [InlineData("ecdsa-p256", 256)]
    [InlineData("ecdsa-p384", 384)]
    [InlineData("ecdsa-p521", 521)]
    public async Task Asymmetric_keys_show_a_public_key_that_others_can_read(string type, int bits)
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
    [InlineData("POST", "keymgmt/key/k", """{"type":"des"}""", 400, "invalid key type")]
    [InlineData("POST", "keymgmt/key/aes", """{"type":"rsa-2048"}""", 400, "cannot be changed")]
    [InlineData("POST", "keymgmt/key/aes", """{"min_enabled_version":2}""", 400, "min_enabled_version")]
    [InlineData("POST", "keymgmt/key/aes", """{"min_enabled_version":"two"}""", 400, "Field validation failed")]
    [InlineData("POST", "keymgmt/key/aes", """{"type":""", 400, "failed to parse JSON input")]
    [InlineData("POST", "keymgmt/key/none/rotate", null, 400, "not found")]
    [InlineData("POST", "keymgmt/key/-bad-", "{}", 404, "unsupported path")]
    [InlineData("DELETE", "keymgmt/key/aes/rotate", null, 405, "unsupported operation")]
    [InlineData(
        "POST",
        "keymgmt/kms/new",
        """{"provider":"ibmkms","key_collection":"x"}""",
        400,
        "unsupported provider"
    )]
    [InlineData("POST", "keymgmt/kms/new", """{"provider":"awskms"}""", 400, "key_collection is required")]
    [InlineData("POST", "keymgmt/kms/aws", """{"key_collection":"eu-west-1"}""", 400, "cannot be changed")]
    [InlineData("POST", "keymgmt/kms/aws", """{"credentials":["noequals"]}""", 400, "name=value")]
    [InlineData(
        "POST",
        "keymgmt/kms/gcpkms/key/aes",
        """{"purpose":"encrypt,decrypt"}""",
        400,
        "KMS provider \"gcpkms\" not found"
    )]
    [InlineData("POST", "keymgmt/kms/aws/key/none", """{"purpose":"encrypt,decrypt"}""", 400, "key \"none\" not found")]
    [InlineData("POST", "keymgmt/kms/aws/key/aes", """{"protection":"hsm"}""", 400, "purpose is required")]
    [InlineData(
        "POST",
        "keymgmt/kms/aws/key/aes",
        """{"purpose":"encrypt,frobnicate"}""",
        400,
        "invalid purpose \"frobnicate\""
    )]
    [InlineData(
        "POST",
        "keymgmt/kms/aws/key/aes",
        """{"purpose":"encrypt,decrypt","protection":"paper"}""",
        400,
        "invalid protection"
    )]
    [InlineData(
        "POST",
        "keymgmt/kms/aws/key/aes",
        """{"purpose":"encrypt,decrypt","protection":"software"}""",
        400,
        "only the protection hsm"
    )]
    [InlineData(
        "POST",
        "keymgmt/kms/aws/key/aes",
        """{"purpose":["sign"]}""",
        400,
        "only the purposes encrypt and decrypt"
    )]
    [InlineData(
        "POST",
        "keymgmt/kms/aws/key/rsa",
        """{"purpose":"encrypt,decrypt"}""",
        400,
        "key type \"rsa-2048\" is not supported by provider \"awskms\""
    )]
    public async Task Bad_input_is_refused_with_its_reason(
        string method,
        string path,
        string? body,
        int status,
        string reason
    )
    {
        await _vault.WriteAsync("keymgmt/key/aes", """{"type":"aes256-gcm96"}""");
        if (path.EndsWith("/rsa", StringComparison.Ordinal))
            await _vault.WriteAsync("keymgmt/key/rsa");
        await _vault.WriteAsync("keymgmt/kms/aws", """{"provider":"awskms","key_collection":"us-east-1"}""");
        var refusal = await _vault.RefusalAsync(method, path, body);
        Assert.Equal(status, refusal.Status);
        Assert.Contains(reason, refusal.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Providers_never_show_credentials_and_stay_while_keys_are_distributed_to_them()
    {
        await _vault.SendAsync("DELETE", "sys/mounts/keymgmt");
        await _vault.PrepareAwsAsync();
        await _vault.DistributeAsync();
        Assert.Equal(
            """{"key_collection":"us-east-1","provider":"awskms"}""",
            (await _vault.ReadAsync("keymgmt/kms/awskms")).ToJsonString()
        );
        Assert.Equal(400, (await _vault.SendAsync("DELETE", "keymgmt/kms/awskms")).Status);
        await _vault.WriteAsync("keymgmt/key/crdb-cmek-vault", """{"deletion_allowed":true}""");
        Assert.Contains(
            "must be removed from KMS provider",
            (await _vault.RefusalAsync("DELETE", "keymgmt/key/crdb-cmek-vault")).Sentence,
            StringComparison.Ordinal
        );
        Assert.Equal(204, (await _vault.SendAsync("DELETE", "keymgmt/kms/awskms/key/crdb-cmek-vault")).Status);
        Assert.Equal(204, (await _vault.SendAsync("DELETE", "keymgmt/key/crdb-cmek-vault")).Status);
        Assert.Equal(204, (await _vault.SendAsync("DELETE", "keymgmt/kms/awskms")).Status);
    }

    [Theory]
    [InlineData(
        """{"provider":"awskms","key_collection":"us-east-1","credentials":{"access_key":"SPOKEN-A","secret_key":"SPOKEN-B"}}"""
    )]
    [InlineData(
        """{"provider":"awskms","key_collection":"us-east-1","credentials":["access_key=SPOKEN-A","secret_key=SPOKEN-B"]}"""
    )]
    [InlineData(
        """{"provider":"gcpckms","key_collection":"us-east-1","credentials":"{\"private_key\":\"SPOKEN-A\"}"}"""
    )]
    [InlineData("""{"credentials":{"client_secret":"SPOKEN-A" """)]
    public async Task Nothing_that_was_recorded_holds_a_token_or_a_credential(string body)
    {
        await _vault.SendAsync("POST", "keymgmt/kms/aws", body);
        await _vault.ReadAsync("auth/token/lookup-self");
        var text = string.Concat(
            _vault.Server.Exchanges.Select(e =>
                string.Concat(e.Request.Headers.Select(h => h.Key + h.Value))
                + Encoding.UTF8.GetString(e.Request.Body)
                + Encoding.UTF8.GetString(e.Response!.Body)
            )
        );
        Assert.DoesNotContain("SPOKEN", text, StringComparison.Ordinal);
        Assert.DoesNotContain(_vault.Server.Vault.RootToken, text, StringComparison.Ordinal);
        Assert.Contains(_vault.Server.Exchanges, e =>
            Encoding.UTF8.GetString(e.Request.Body).Contains("(redacted)", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_fault_comes_in_Vaults_shape_and_a_lost_answer_leaves_the_key_behind()
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
        Assert.Equal((503, "The sandbox was told to fail."), await _vault.RefusalAsync("GET", "keymgmt/key/k"));
        await Assert.ThrowsAsync<HttpRequestException>(() =>
            _vault.SendAsync("POST", "keymgmt/key/k", """{"type":"aes256-gcm96"}""")
        );
        Assert.Equal(1, (int)(await _vault.ReadAsync("keymgmt/key/k"))["latest_version"]!);
    }
}
