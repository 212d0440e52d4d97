using System.Security.Cryptography;
using static CockroachCmek.Core.Tests.Sandbox.GcpTestBed;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Cloud KMS: import of wrapped key material.</summary>
public sealed class GcpKeyImportTests : IAsyncDisposable
{
    private const string Versions = Key + "/cryptoKeyVersions";
    private const string Plaintext = """{"plaintext":"c2VjcmV0"}""";
    private readonly GcpTestBed _gcp = new();

    public ValueTask DisposeAsync() => _gcp.DisposeAsync();

    [Theory]
    [InlineData("RSA_OAEP_3072_SHA256")]
    [InlineData("RSA_OAEP_3072_SHA256_AES_256")]
    [InlineData("RSA_OAEP_3072_SHA1_AES_256")]
    public async Task Imported_material_encrypts_once_its_version_is_primary(string method)
    {
        var import = await ImportAsync(method, damage: false);
        Assert.Equal("ENABLED", (string)(await _gcp.OkAsync("GET", Versions + "/1"))["state"]!);
        await _gcp.OkAsync("POST", Key + ":updatePrimaryVersion", """{"cryptoKeyVersionId":"1"}""");
        await _gcp.OkAsync("POST", Key + ":encrypt", Plaintext);
        _gcp.Advance(TimeSpan.FromDays(3));
        Assert.Equal("FAILED_PRECONDITION", (await _gcp.SendAsync("POST", Versions + ":import", import)).Error);
    }

    [Fact]
    public async Task Material_that_cannot_be_unwrapped_leaves_a_failed_version()
    {
        var import = await ImportAsync("RSA_OAEP_3072_SHA256_AES_256", damage: true);
        var version = await _gcp.OkAsync("GET", Versions + "/1");
        Assert.Equal("IMPORT_FAILED", (string)version["state"]!);
        Assert.Contains("unwrapped", (string)version["importFailureReason"]!, StringComparison.Ordinal);
        Assert.Equal("FAILED_PRECONDITION", (await _gcp.SendAsync("POST", Key + ":encrypt", Plaintext)).Error);
        _gcp.Advance(TimeSpan.FromDays(3));
        Assert.Equal("FAILED_PRECONDITION", (await _gcp.SendAsync("POST", Versions + ":import", import)).Error);
    }

    /// <summary>
    /// Creates an import-only key and an import job, imports material, and returns the import's body.
    /// </summary>
    private async Task<string> ImportAsync(string method, bool damage)
    {
        await _gcp.OkAsync("POST", Location + "/keyRings?keyRingId=ring", "{}");
        await _gcp.OkAsync(
            "POST",
            Ring + "/cryptoKeys?cryptoKeyId=key&skipInitialVersionCreation=true",
            """{"purpose":"ENCRYPT_DECRYPT","importOnly":true}"""
        );
        Assert.Equal("FAILED_PRECONDITION", (await _gcp.SendAsync("POST", Versions, "{}")).Error);
        var job = await _gcp.OkAsync(
            "POST",
            Ring + "/importJobs?importJobId=job",
            $$"""{"importMethod":"{{method}}","protectionLevel":"SOFTWARE"}"""
        );
        Assert.Equal("PENDING_GENERATION", (string)job["state"]!);
        _gcp.Advance(TimeSpan.FromSeconds(5));
        job = await _gcp.OkAsync("GET", Ring + "/importJobs/job");
        var wrapped = Wrap(method, (string)job["publicKey"]!["pem"]!);
        if (damage)
            wrapped[^1] ^= 1;

        var body = $$"""
            {"importJob":"{{(string)job["name"]!}}","algorithm":"GOOGLE_SYMMETRIC_ENCRYPTION",
             "wrappedKey":"{{Convert.ToBase64String(wrapped)}}"}
            """;
        var version = await _gcp.OkAsync("POST", Versions + ":import", body);
        Assert.Equal("PENDING_IMPORT", (string)version["state"]!);
        _gcp.Advance(TimeSpan.FromSeconds(5));
        return body;
    }

    private static byte[] Wrap(string method, string publicKey)
    {
        using var rsa = RSA.Create();
        rsa.ImportFromPem(publicKey);
        var padding = method.Contains("SHA1", StringComparison.Ordinal)
            ? RSAEncryptionPadding.OaepSHA1
            : RSAEncryptionPadding.OaepSHA256;
        var material = RandomNumberGenerator.GetBytes(32);
        using var aes = Aes.Create();
        return method.EndsWith("_AES_256", StringComparison.Ordinal)
            ? [.. rsa.Encrypt(aes.Key, padding), .. aes.EncryptKeyWrapPadded(material)]
            : rsa.Encrypt(material, padding);
    }
}
