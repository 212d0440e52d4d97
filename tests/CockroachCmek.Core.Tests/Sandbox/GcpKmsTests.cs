using System.Security.Cryptography;
using System.Text;
using CockroachCmek.Sandbox;
using CockroachCmek.Testing;
using CockroachCmek.Testing.Specs;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Cloud KMS of the sandbox, over plain HTTP.</summary>
public sealed class GcpKmsTests : GcpClient
{
    [Fact]
    public async Task What_exists_already_is_said_and_is_never_changed()
    {
        var made = await MakeKeyAsync();
        Assert.EndsWith(
            "/cryptoKeys/key/cryptoKeyVersions/1",
            (string)made["primary"]!["name"]!,
            StringComparison.Ordinal
        );
        Assert.Equal("2592000s", (string)made["destroyScheduledDuration"]!);
        var again = await CallAsync("POST", Location + "/keyRings?keyRingId=ring", "{}");
        Assert.Equal((409, "ALREADY_EXISTS"), (again.Status, again.Refusal));
        again = await CallAsync("POST", Ring + "/cryptoKeys?cryptoKeyId=key", Symmetric);
        Assert.Equal((409, "ALREADY_EXISTS"), (again.Status, again.Refusal));
        Assert.Equal(made.ToJsonString(), (await OkAsync("GET", Key)).ToJsonString());
        Assert.Equal(
            "ring",
            ((string)(await OkAsync("GET", Location + "/keyRings"))["keyRings"]![0]!["name"]!).Split('/')[^1]
        );
        Assert.Null((await OkAsync("GET", Project + "/locations/us-east4/keyRings"))["keyRings"]);
    }

    [Theory]
    [InlineData("POST", Location + "/keyRings?keyRingId=a.b", "{}", "INVALID_ARGUMENT", "key_ring_id")]
    [InlineData("POST", Project + "/locations/atlantis/keyRings?keyRingId=r", "{}", "INVALID_ARGUMENT", "atlantis")]
    [InlineData("GET", Project + "/locations/atlantis", null, "NOT_FOUND", "atlantis")]
    [InlineData("GET", Location + "/keyRings/none", null, "NOT_FOUND", "KeyRing")]
    [InlineData("GET", Ring + "/cryptoKeys/none", null, "NOT_FOUND", "CryptoKey")]
    [InlineData("GET", Key + "/cryptoKeyVersions/7", null, "NOT_FOUND", "CryptoKeyVersion")]
    [InlineData("POST", Location + "/keyRings/none/cryptoKeys?cryptoKeyId=k", Symmetric, "NOT_FOUND", "KeyRing")]
    [InlineData("POST", Ring + "/cryptoKeys?cryptoKeyId=k", "{}", "INVALID_ARGUMENT", "purpose")]
    [InlineData(
        "POST",
        Ring + "/cryptoKeys?cryptoKeyId=k",
        """{"purpose":"ENCRYPT_DECRYPT","color":"red"}""",
        "INVALID_ARGUMENT",
        "color"
    )]
    [InlineData(
        "POST",
        Ring + "/cryptoKeys?cryptoKeyId=k",
        """{"purpose":"ENCRYPT_DECRYPT","purpose":"MAC"}""",
        "INVALID_ARGUMENT",
        "purpose"
    )]
    [InlineData(
        "POST",
        Ring + "/cryptoKeys?cryptoKeyId=k",
        """{"purpose":"ENCRYPT_DECRYPT","versionTemplate":{"protectionLevel":"EXTERNAL"}}""",
        "INVALID_ARGUMENT",
        "EXTERNAL"
    )]
    [InlineData(
        "POST",
        Ring + "/cryptoKeys?cryptoKeyId=k",
        """{"purpose":"ENCRYPT_DECRYPT","rotationPeriod":"7776000s"}""",
        "INVALID_ARGUMENT",
        "next_rotation_time"
    )]
    [InlineData(
        "POST",
        Ring + "/cryptoKeys?cryptoKeyId=k",
        """{"purpose":"ENCRYPT_DECRYPT","rotationPeriod":"60s","nextRotationTime":"2099-01-01T00:00:00Z"}""",
        "INVALID_ARGUMENT",
        "24 hours"
    )]
    [InlineData(
        "POST",
        Ring + "/cryptoKeys?cryptoKeyId=k",
        """{"purpose":"ENCRYPT_DECRYPT","rotationPeriod":"90 days","nextRotationTime":"2099-01-01T00:00:00Z"}""",
        "INVALID_ARGUMENT",
        "Duration"
    )]
    [InlineData(
        "POST",
        Ring + "/cryptoKeys?cryptoKeyId=k",
        """{"purpose":"ENCRYPT_DECRYPT","labels":{"Upper":"x"}}""",
        "INVALID_ARGUMENT",
        "label"
    )]
    [InlineData(
        "POST",
        Ring + "/cryptoKeys?cryptoKeyId=k",
        """{"purpose":"ASYMMETRIC_SIGN"}""",
        "INVALID_ARGUMENT",
        "algorithm"
    )]
    [InlineData("POST", Ring + "/cryptoKeys?cryptoKeyId=k&dryRun=true", Symmetric, "INVALID_ARGUMENT", "dryRun")]
    [InlineData("POST", Ring + "/cryptoKeys?cryptoKeyId=k", "[]", "INVALID_ARGUMENT", "JSON")]
    [InlineData("PATCH", Key + "?updateMask=purpose", """{"purpose":"MAC"}""", "INVALID_ARGUMENT", "immutable")]
    [InlineData(
        "PATCH",
        Key + "?updateMask=destroy_scheduled_duration",
        """{"destroyScheduledDuration":"86400s"}""",
        "INVALID_ARGUMENT",
        "immutable"
    )]
    [InlineData("PATCH", Key, """{"labels":{}}""", "INVALID_ARGUMENT", "update_mask")]
    [InlineData(
        "PATCH",
        Key + "/cryptoKeyVersions/1?updateMask=state",
        """{"state":"DESTROYED"}""",
        "INVALID_ARGUMENT",
        "DESTROYED"
    )]
    [InlineData("POST", Key + "/cryptoKeyVersions/1:restore", "{}", "FAILED_PRECONDITION", "ENABLED")]
    [InlineData(
        "POST",
        Key + ":updatePrimaryVersion",
        """{"cryptoKeyVersionId":"9"}""",
        "NOT_FOUND",
        "CryptoKeyVersion"
    )]
    [InlineData("GET", Ring + "/cryptoKeys?filter=name:x", null, "INVALID_ARGUMENT", "filter")]
    [InlineData("GET", Ring + "/cryptoKeys?pageToken=nonsense", null, "INVALID_ARGUMENT", "token")]
    public async Task What_Cloud_KMS_refuses_is_refused_in_its_words(
        string method,
        string path,
        string? body,
        string status,
        string says
    )
    {
        await MakeKeyAsync();
        var answer = await CallAsync(method, path, body);
        Assert.Equal(status, answer.Refusal);
        Assert.Contains(says, answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_patch_changes_what_its_mask_names_and_nothing_else()
    {
        await MakeKeyAsync();
        var patched = await OkAsync(
            "PATCH",
            Key + "?updateMask=labels,rotation_period,nextRotationTime",
            """{"labels":{"cluster":"a"},"rotationPeriod":"7776000s","nextRotationTime":"2099-01-01T00:00:00Z"}"""
        );
        Assert.Equal("7776000s", (string)patched["rotationPeriod"]!);
        patched = await OkAsync("PATCH", Key + "?updateMask=rotationPeriod,nextRotationTime", "{}");
        Assert.Null(patched["rotationPeriod"]);
        Assert.Equal("a", (string)patched["labels"]!["cluster"]!);
    }

    [Fact]
    public async Task A_new_primary_encrypts_and_the_old_version_still_decrypts_until_it_is_disabled()
    {
        await MakeKeyAsync();
        var (old, _) = await EncryptAsync();
        Assert.Equal("2", ((string)(await OkAsync("POST", Key + "/cryptoKeyVersions", "{}"))["name"]!).Split('/')[^1]);
        Assert.EndsWith("/1", (string)(await OkAsync("GET", Key))["primary"]!["name"]!, StringComparison.Ordinal);
        await OkAsync("POST", Key + ":updatePrimaryVersion", """{"cryptoKeyVersionId":"2"}""");
        Assert.EndsWith("/1", (await EncryptAsync()).Version, StringComparison.Ordinal); // the change is not there at once
        Time.Advance(TimeSpan.FromMinutes(1));
        var (fresh, version) = await EncryptAsync();
        Assert.EndsWith("/2", version, StringComparison.Ordinal);
        Assert.Equal("secret", await DecryptAsync(old));
        Assert.Equal("secret", await DecryptAsync(fresh));

        await OkAsync("PATCH", Key + "/cryptoKeyVersions/1?updateMask=state", """{"state":"DISABLED"}""");
        Assert.Equal("secret", await DecryptAsync(old));
        Time.Advance(TimeSpan.FromMinutes(1));
        var refused = await CallAsync("POST", Key + ":decrypt", $$"""{"ciphertext":"{{old}}"}""");
        Assert.Equal("FAILED_PRECONDITION", refused.Refusal);
        Assert.Contains("DISABLED", refused.Message, StringComparison.Ordinal);
        await OkAsync("PATCH", Key + "/cryptoKeyVersions/1?updateMask=state", """{"state":"ENABLED"}""");
        Assert.Equal("secret", await DecryptAsync(old));
    }

    [Fact]
    public async Task A_disabled_primary_encrypts_nothing_and_cannot_be_chosen()
    {
        await MakeKeyAsync();
        Server.Gcp.KeyStateDelay = TimeSpan.Zero;
        await OkAsync("PATCH", Key + "/cryptoKeyVersions/1?updateMask=state", """{"state":"DISABLED"}""");
        Assert.Equal(
            "FAILED_PRECONDITION",
            (await CallAsync("POST", Key + ":encrypt", """{"plaintext":"c2VjcmV0"}""")).Refusal
        );
        Assert.Equal(
            "FAILED_PRECONDITION",
            (await CallAsync("POST", Key + ":updatePrimaryVersion", """{"cryptoKeyVersionId":"1"}""")).Refusal
        );
    }

    [Fact]
    public async Task A_ciphertext_of_another_key_or_another_context_is_refused()
    {
        await MakeKeyAsync();
        var (cipher, _) = await EncryptAsync();
        await OkAsync("POST", Ring + "/cryptoKeys?cryptoKeyId=other", Symmetric);
        Assert.Equal(
            "INVALID_ARGUMENT",
            (await CallAsync("POST", Ring + "/cryptoKeys/other:decrypt", $$"""{"ciphertext":"{{cipher}}"}""")).Refusal
        );
        Assert.Equal(
            "INVALID_ARGUMENT",
            (
                await CallAsync(
                    "POST",
                    Key + ":decrypt",
                    $$"""{"ciphertext":"{{cipher}}","additionalAuthenticatedData":"eA=="}"""
                )
            ).Refusal
        );
    }

    [Fact]
    public async Task Keys_rotate_by_themselves_when_their_time_comes()
    {
        await MakeKeyAsync();
        var next = Time.GetUtcNow().AddDays(1);
        await OkAsync(
            "PATCH",
            Key + "?updateMask=rotationPeriod,nextRotationTime",
            $$"""{"rotationPeriod":"86400s","nextRotationTime":"{{next:yyyy-MM-dd'T'HH:mm:ss'Z'}}"}"""
        );
        Time.Advance(TimeSpan.FromDays(2.5));
        Assert.EndsWith("/3", (string)(await OkAsync("GET", Key))["primary"]!["name"]!, StringComparison.Ordinal);
        Assert.Equal(3, (int)(await OkAsync("GET", Key + "/cryptoKeyVersions"))["totalSize"]!);
    }

    [Fact]
    public async Task A_version_is_destroyed_by_time_may_be_restored_before_and_its_keys_name_is_never_free_again()
    {
        await MakeKeyAsync();
        Assert.Equal(
            "DESTROY_SCHEDULED",
            (string)(await OkAsync("POST", Key + "/cryptoKeyVersions/1:destroy", "{}"))["state"]!
        );
        Assert.Equal("DISABLED", (string)(await OkAsync("POST", Key + "/cryptoKeyVersions/1:restore", "{}"))["state"]!);
        await OkAsync("POST", Key + "/cryptoKeyVersions/1:destroy", "{}");
        Assert.Equal("FAILED_PRECONDITION", (await CallAsync("DELETE", Key + "/cryptoKeyVersions/1")).Refusal);
        Time.Advance(TimeSpan.FromDays(30));
        Assert.Equal("DESTROYED", (string)(await OkAsync("GET", Key + "/cryptoKeyVersions/1"))["state"]!);
        Assert.Equal(
            "FAILED_PRECONDITION",
            (await CallAsync("POST", Key + "/cryptoKeyVersions/1:restore", "{}")).Refusal
        );
        Assert.Equal("FAILED_PRECONDITION", (await CallAsync("DELETE", Key)).Refusal);
        await OkAsync("DELETE", Key + "/cryptoKeyVersions/1");
        Assert.True((bool)(await OkAsync("DELETE", Key))["done"]!);
        Assert.Equal("NOT_FOUND", (await CallAsync("GET", Key)).Refusal);
        Assert.Equal(
            "ALREADY_EXISTS",
            (await CallAsync("POST", Ring + "/cryptoKeys?cryptoKeyId=key", Symmetric)).Refusal
        );
    }

    [Fact]
    public async Task Lists_come_in_pages()
    {
        await MakeKeyAsync();
        foreach (var name in new[] { "a", "b", "c" })
            await OkAsync("POST", Ring + "/cryptoKeys?cryptoKeyId=" + name, Symmetric);
        var names = new List<string>();
        var token = "";
        do
        {
            var page = await OkAsync("GET", Ring + "/cryptoKeys?pageSize=3" + token);
            Assert.Equal(4, (int)page["totalSize"]!);
            names.AddRange(page["cryptoKeys"]!.AsArray().Select(k => ((string)k!["name"]!).Split('/')[^1]));
            token = page["nextPageToken"] is { } next ? "&pageToken=" + Uri.EscapeDataString((string)next!) : "";
        } while (token.Length > 0);

        Assert.Equal(["a", "b", "c", "key"], names);
    }

    [Fact]
    public async Task Compressed_bodies_are_read()
    {
        Assert.Equal(200, (await CallAsync("POST", Location + "/keyRings?keyRingId=ring", "{}", gzip: true)).Status);
        Assert.Equal(
            400,
            (await CallAsync("POST", Ring + "/cryptoKeys?cryptoKeyId=k", """{"color":"red"}""", gzip: true)).Status
        );
    }

    [Fact]
    public async Task Whoever_lacks_a_permission_is_told_which_and_whoever_has_no_token_or_no_service_too()
    {
        await MakeKeyAsync();
        var token = Server.Gcp.AddPrincipal("auditor@example.com", "cloudkms.cryptoKeys.get");
        Assert.Equal(200, (await CallAsync("GET", Key, token: token)).Status);
        var denied = await CallAsync("POST", Location + "/keyRings?keyRingId=r2", "{}", token);
        Assert.Equal((403, "PERMISSION_DENIED"), (denied.Status, denied.Refusal));
        Assert.Contains("'cloudkms.keyRings.create'", denied.Message, StringComparison.Ordinal);
        Assert.Equal("UNAUTHENTICATED", (await CallAsync("GET", Key, token: "")).Refusal);
        Assert.Equal("UNAUTHENTICATED", (await CallAsync("GET", Key, token: "guessed")).Refusal);

        var disabled = await CallAsync("GET", "v1/projects/no-kms-project/locations/global/keyRings");
        Assert.Equal(
            (403, "SERVICE_DISABLED"),
            (disabled.Status, (string?)disabled.Body["error"]!["details"]![0]!["reason"])
        );
        Assert.Equal(
            "cloudkms.googleapis.com",
            (string?)disabled.Body["error"]!["details"]![0]!["metadata"]!["service"]
        );
        Assert.Equal(
            "PERMISSION_DENIED",
            (await CallAsync("GET", "v1/projects/somebody-elses/locations/global/keyRings")).Refusal
        );
    }

    [Theory]
    [InlineData("RSA_OAEP_3072_SHA256", false)]
    [InlineData("RSA_OAEP_3072_SHA256_AES_256", false)]
    [InlineData("RSA_OAEP_3072_SHA1_AES_256", false)]
    [InlineData("RSA_OAEP_3072_SHA256_AES_256", true)]
    public async Task Key_material_is_imported_wrapped_for_a_job(string importMethod, bool spoiled)
    {
        await OkAsync("POST", Location + "/keyRings?keyRingId=ring", "{}");
        await OkAsync(
            "POST",
            Ring + "/cryptoKeys?cryptoKeyId=key&skipInitialVersionCreation=true",
            """{"purpose":"ENCRYPT_DECRYPT","importOnly":true}"""
        );
        Assert.Equal("FAILED_PRECONDITION", (await CallAsync("POST", Key + "/cryptoKeyVersions", "{}")).Refusal);
        var job = await OkAsync(
            "POST",
            Ring + "/importJobs?importJobId=job",
            $$"""{"importMethod":"{{importMethod}}","protectionLevel":"SOFTWARE"}"""
        );
        Assert.Equal("PENDING_GENERATION", (string)job["state"]!);
        Time.Advance(TimeSpan.FromSeconds(5));
        job = await OkAsync("GET", Ring + "/importJobs/job");
        using var rsa = RSA.Create();
        rsa.ImportFromPem((string)job["publicKey"]!["pem"]!);
        var padding = importMethod.Contains("SHA1", StringComparison.Ordinal)
            ? RSAEncryptionPadding.OaepSHA1
            : RSAEncryptionPadding.OaepSHA256;
        var material = RandomNumberGenerator.GetBytes(32);
        using var aes = Aes.Create();
        byte[] wrapped = importMethod.EndsWith("_AES_256", StringComparison.Ordinal)
            ? [.. rsa.Encrypt(aes.Key, padding), .. aes.EncryptKeyWrapPadded(material)]
            : rsa.Encrypt(material, padding);
        if (spoiled)
            wrapped[^1] ^= 1;

        var body =
            $$"""{"importJob":"{{(string)job["name"]!}}","algorithm":"GOOGLE_SYMMETRIC_ENCRYPTION","wrappedKey":"{{Convert.ToBase64String(wrapped)}}"}""";
        Assert.Equal(
            "PENDING_IMPORT",
            (string)(await OkAsync("POST", Key + "/cryptoKeyVersions:import", body))["state"]!
        );
        Time.Advance(TimeSpan.FromSeconds(5));
        var version = await OkAsync("GET", Key + "/cryptoKeyVersions/1");
        Assert.Equal(spoiled ? "IMPORT_FAILED" : "ENABLED", (string)version["state"]!);
        if (spoiled)
            Assert.Contains("unwrapped", (string)version["importFailureReason"]!, StringComparison.Ordinal);
        else
            await OkAsync("POST", Key + ":updatePrimaryVersion", """{"cryptoKeyVersionId":"1"}""");
        Assert.Equal(
            spoiled ? "FAILED_PRECONDITION" : null,
            (await CallAsync("POST", Key + ":encrypt", """{"plaintext":"c2VjcmV0"}""")).Refusal
        );
        Time.Advance(TimeSpan.FromDays(3));
        Assert.Equal("FAILED_PRECONDITION", (await CallAsync("POST", Key + "/cryptoKeyVersions:import", body)).Refusal);
    }

    [Fact]
    public async Task A_fault_is_worded_as_Googles()
    {
        Server.Faults.Add(
            new FaultRule
            {
                Service = "gcp",
                Action = FaultAction.Status,
                Status = 503,
            }
        );
        Assert.Equal("UNAVAILABLE", (await CallAsync("GET", Location + "/keyRings")).Refusal);
    }

    [Fact]
    public void The_check_against_the_discovery_documents_can_fail()
    {
        var spec = Repository.Spec("cloudkms.v1.discovery.json");
        Assert.SkipWhen(spec is null, "The discovery documents are not beside the repository.");
        var validator = new DiscoveryValidator(spec!);
        Assert.Empty(
            validator.Check(
                "POST",
                "/" + Ring + "/cryptoKeys?cryptoKeyId=k",
                Symmetric,
                200,
                """{"name":"n","createTime":"2026-01-01T00:00:00.000001Z","rotationPeriod":"5s"}"""
            )
        );
        Assert.NotEmpty(validator.Check("POST", "/" + Ring + "/cryptoKeys?keyId=k", Symmetric, 200, "{}"));
        Assert.NotEmpty(validator.Check("POST", "/" + Ring + "/cryptoKeys", """{"purpose":"SECRECY"}""", 200, "{}"));
        Assert.NotEmpty(validator.Check("POST", "/" + Ring + "/cryptoKeys", Symmetric, 200, """{"createTime":1}"""));
        Assert.NotEmpty(
            validator.Check("POST", "/" + Ring + "/cryptoKeys", Symmetric, 200, """{"rotationPeriod":"5 days"}""")
        );
        Assert.NotEmpty(validator.Check("POST", "/" + Key + ":getIamPolicy", "", 200, "{}"));
        Assert.NotEmpty(validator.Check("GET", "/" + Key, "", 404, """{"error":{"code":400,"message":"m"}}"""));
    }

    private async Task<(string Cipher, string Version)> EncryptAsync()
    {
        var answer = await OkAsync(
            "POST",
            Key + ":encrypt",
            $$"""{"plaintext":"{{Convert.ToBase64String(Encoding.UTF8.GetBytes("secret"))}}"}"""
        );
        return ((string)answer["ciphertext"]!, (string)answer["name"]!);
    }

    private async Task<string> DecryptAsync(string cipher) =>
        Encoding.UTF8.GetString(
            Convert.FromBase64String(
                (string)(await OkAsync("POST", Key + ":decrypt", $$"""{"ciphertext":"{{cipher}}"}"""))["plaintext"]!
            )
        );
}
