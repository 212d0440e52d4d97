using System.Text;
using static CockroachCmek.Core.Tests.Sandbox.GcpTestBed;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Cloud KMS: key versions, encryption, rotation and destruction.</summary>
public sealed class GcpKeyVersionTests : IAsyncDisposable
{
    private const string Versions = Key + "/cryptoKeyVersions";
    private const string First = Versions + "/1";
    private const string Plaintext = """{"plaintext":"c2VjcmV0"}""";
    private readonly GcpTestBed _gcp = new();

    public ValueTask DisposeAsync() => _gcp.DisposeAsync();

    [Fact]
    public async Task A_new_primary_encrypts_after_a_delay_and_the_old_version_still_decrypts()
    {
        await _gcp.CreateKeyAsync();
        var (old, _) = await EncryptAsync();
        Assert.EndsWith("/2", (string)(await _gcp.OkAsync("POST", Versions, "{}"))["name"]!, StringComparison.Ordinal);
        Assert.EndsWith("/1", await PrimaryAsync(), StringComparison.Ordinal);
        await _gcp.OkAsync("POST", Key + ":updatePrimaryVersion", """{"cryptoKeyVersionId":"2"}""");
        Assert.EndsWith("/1", (await EncryptAsync()).Version, StringComparison.Ordinal);
        _gcp.Advance(TimeSpan.FromMinutes(1));
        var (fresh, version) = await EncryptAsync();
        Assert.EndsWith("/2", version, StringComparison.Ordinal);
        Assert.Equal("secret", await DecryptAsync(old));
        Assert.Equal("secret", await DecryptAsync(fresh));
    }

    [Fact]
    public async Task A_disabled_version_decrypts_for_another_minute_and_again_once_it_is_enabled()
    {
        await _gcp.CreateKeyAsync();
        var (ciphertext, _) = await EncryptAsync();
        await SetStateAsync("DISABLED");
        Assert.Equal("secret", await DecryptAsync(ciphertext));
        _gcp.Advance(TimeSpan.FromMinutes(1));
        var refused = await _gcp.SendAsync("POST", Key + ":decrypt", $$"""{"ciphertext":"{{ciphertext}}"}""");
        Assert.Equal("FAILED_PRECONDITION", refused.Error);
        Assert.Contains("DISABLED", refused.ErrorMessage, StringComparison.Ordinal);
        await SetStateAsync("ENABLED");
        Assert.Equal("secret", await DecryptAsync(ciphertext));
    }

    [Fact]
    public async Task A_disabled_version_cannot_encrypt_or_become_primary()
    {
        await _gcp.CreateKeyAsync();
        _gcp.Sandbox.KeyStateDelay = TimeSpan.Zero;
        await SetStateAsync("DISABLED");
        Assert.Equal("FAILED_PRECONDITION", (await _gcp.SendAsync("POST", Key + ":encrypt", Plaintext)).Error);
        Assert.Equal(
            "FAILED_PRECONDITION",
            (await _gcp.SendAsync("POST", Key + ":updatePrimaryVersion", """{"cryptoKeyVersionId":"1"}""")).Error
        );
    }

    [Fact]
    public async Task A_ciphertext_of_another_key_or_another_context_is_refused()
    {
        await _gcp.CreateKeyAsync();
        var (ciphertext, _) = await EncryptAsync();
        await _gcp.OkAsync("POST", Ring + "/cryptoKeys?cryptoKeyId=other", SymmetricKey);
        var plain = $$"""{"ciphertext":"{{ciphertext}}"}""";
        var inContext = $$"""{"ciphertext":"{{ciphertext}}","additionalAuthenticatedData":"eA=="}""";
        Assert.Equal(
            "INVALID_ARGUMENT",
            (await _gcp.SendAsync("POST", Ring + "/cryptoKeys/other:decrypt", plain)).Error
        );
        Assert.Equal("INVALID_ARGUMENT", (await _gcp.SendAsync("POST", Key + ":decrypt", inContext)).Error);
    }

    [Fact]
    public async Task A_key_with_a_rotation_period_rotates_on_schedule()
    {
        await _gcp.CreateKeyAsync();
        var next = _gcp.Time.GetUtcNow().AddDays(1);
        await _gcp.OkAsync(
            "PATCH",
            Key + "?updateMask=rotationPeriod,nextRotationTime",
            $$"""{"rotationPeriod":"86400s","nextRotationTime":"{{next:yyyy-MM-dd'T'HH:mm:ss'Z'}}"}"""
        );
        _gcp.Advance(TimeSpan.FromDays(2.5));
        Assert.EndsWith("/3", await PrimaryAsync(), StringComparison.Ordinal);
        Assert.Equal(3, (int)(await _gcp.OkAsync("GET", Versions))["totalSize"]!);
    }

    [Fact]
    public async Task A_version_can_be_restored_until_its_destruction_is_due()
    {
        await _gcp.CreateKeyAsync();
        Assert.Equal("FAILED_PRECONDITION", (await _gcp.SendAsync("POST", First + ":restore", "{}")).Error);
        Assert.Equal("DESTROY_SCHEDULED", await PostStateAsync(":destroy"));
        Assert.Equal("DISABLED", await PostStateAsync(":restore"));
        await PostStateAsync(":destroy");
        Assert.Equal("FAILED_PRECONDITION", (await _gcp.SendAsync("DELETE", First)).Error);
        _gcp.Advance(TimeSpan.FromDays(30));
        Assert.Equal("DESTROYED", (string)(await _gcp.OkAsync("GET", First))["state"]!);
        Assert.Equal("FAILED_PRECONDITION", (await _gcp.SendAsync("POST", First + ":restore", "{}")).Error);
    }

    [Fact]
    public async Task The_name_of_a_deleted_key_cannot_be_used_again()
    {
        await _gcp.CreateKeyAsync();
        await PostStateAsync(":destroy");
        _gcp.Advance(TimeSpan.FromDays(30));
        Assert.Equal("FAILED_PRECONDITION", (await _gcp.SendAsync("DELETE", Key)).Error);
        await _gcp.OkAsync("DELETE", First);
        Assert.True((bool)(await _gcp.OkAsync("DELETE", Key))["done"]!);
        Assert.Equal("NOT_FOUND", (await _gcp.SendAsync("GET", Key)).Error);
        Assert.Equal(
            "ALREADY_EXISTS",
            (await _gcp.SendAsync("POST", Ring + "/cryptoKeys?cryptoKeyId=key", SymmetricKey)).Error
        );
    }

    private async Task<string> PrimaryAsync() => (string)(await _gcp.OkAsync("GET", Key))["primary"]!["name"]!;

    private Task SetStateAsync(string state) =>
        _gcp.OkAsync("PATCH", First + "?updateMask=state", $$"""{"state":"{{state}}"}""");

    private async Task<string> PostStateAsync(string verb) =>
        (string)(await _gcp.OkAsync("POST", First + verb, "{}"))["state"]!;

    private async Task<(string Ciphertext, string Version)> EncryptAsync()
    {
        var response = await _gcp.OkAsync("POST", Key + ":encrypt", Plaintext);
        return ((string)response["ciphertext"]!, (string)response["name"]!);
    }

    private async Task<string> DecryptAsync(string ciphertext)
    {
        var response = await _gcp.OkAsync("POST", Key + ":decrypt", $$"""{"ciphertext":"{{ciphertext}}"}""");
        return Encoding.UTF8.GetString(Convert.FromBase64String((string)response["plaintext"]!));
    }
}
