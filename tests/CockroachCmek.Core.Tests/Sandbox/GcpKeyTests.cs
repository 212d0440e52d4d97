using static CockroachCmek.Core.Tests.Sandbox.GcpTestBed;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Cloud KMS: key rings and keys, and what it refuses.</summary>
public sealed class GcpKeyTests : IAsyncDisposable
{
    private const string NewKey = Ring + "/cryptoKeys?cryptoKeyId=k";
    private const string SymmetricWith = """{"purpose":"ENCRYPT_DECRYPT",""";
    private readonly GcpTestBed _gcp = new();

    public ValueTask DisposeAsync() => _gcp.DisposeAsync();

    [Fact]
    public async Task Creating_what_exists_is_refused_and_changes_nothing()
    {
        var created = await _gcp.CreateKeyAsync();
        Assert.EndsWith(
            "/cryptoKeys/key/cryptoKeyVersions/1",
            (string)created["primary"]!["name"]!,
            StringComparison.Ordinal
        );
        Assert.Equal("2592000s", (string)created["destroyScheduledDuration"]!);
        Assert.Equal(
            "409 ALREADY_EXISTS",
            (await _gcp.SendAsync("POST", Location + "/keyRings?keyRingId=ring", "{}")).Refusal
        );
        Assert.Equal(
            "409 ALREADY_EXISTS",
            (await _gcp.SendAsync("POST", Ring + "/cryptoKeys?cryptoKeyId=key", SymmetricKey)).Refusal
        );
        Assert.Equal(created.ToJsonString(), (await _gcp.OkAsync("GET", Key)).ToJsonString());
        Assert.Equal(
            "ring",
            ((string)(await _gcp.OkAsync("GET", Location + "/keyRings"))["keyRings"]![0]!["name"]!).Split('/')[^1]
        );
        Assert.Null((await _gcp.OkAsync("GET", Project + "/locations/us-east4/keyRings"))["keyRings"]);
    }

    [Theory]
    [InlineData("GET", Project + "/locations/atlantis", "atlantis")]
    [InlineData("POST", Project + "/locations/atlantis/keyRings?keyRingId=r", "atlantis", "{}")]
    [InlineData("GET", Location + "/keyRings/none", "KeyRing")]
    [InlineData("GET", Ring + "/cryptoKeys/none", "CryptoKey")]
    [InlineData("GET", Key + "/cryptoKeyVersions/7", "CryptoKeyVersion")]
    [InlineData("POST", Location + "/keyRings/none/cryptoKeys?cryptoKeyId=k", "KeyRing", SymmetricKey)]
    [InlineData("POST", Key + ":updatePrimaryVersion", "CryptoKeyVersion", """{"cryptoKeyVersionId":"9"}""")]
    public async Task An_unknown_resource_is_NOT_FOUND(string method, string path, string says, string? body = null) =>
        await AssertRefusedAsync("NOT_FOUND", says, method, path, body);

    [Theory]
    [InlineData("{}", "purpose")]
    [InlineData("[]", "JSON")]
    [InlineData(SymmetricWith + """ "color":"red"}""", "color")]
    [InlineData(SymmetricWith + """ "purpose":"MAC"}""", "purpose")]
    [InlineData(SymmetricWith + """ "versionTemplate":{"protectionLevel":"EXTERNAL"}}""", "EXTERNAL")]
    [InlineData(SymmetricWith + """ "rotationPeriod":"7776000s"}""", "next_rotation_time")]
    [InlineData(SymmetricWith + """ "rotationPeriod":"60s","nextRotationTime":"2099-01-01T00:00:00Z"}""", "24 hours")]
    [InlineData(
        SymmetricWith + """ "rotationPeriod":"90 days","nextRotationTime":"2099-01-01T00:00:00Z"}""",
        "Duration"
    )]
    [InlineData(SymmetricWith + """ "labels":{"Upper":"x"}}""", "label")]
    [InlineData("""{"purpose":"ASYMMETRIC_SIGN"}""", "algorithm")]
    public async Task A_key_with_invalid_fields_is_refused(string body, string says) =>
        await AssertRefusedAsync("INVALID_ARGUMENT", says, "POST", NewKey, body);

    [Theory]
    [InlineData("POST", Location + "/keyRings?keyRingId=a.b", "key_ring_id", "{}")]
    [InlineData("POST", NewKey + "&dryRun=true", "dryRun", SymmetricKey)]
    [InlineData("GET", Ring + "/cryptoKeys?filter=name:x", "filter")]
    [InlineData("GET", Ring + "/cryptoKeys?pageToken=nonsense", "token")]
    public async Task Invalid_arguments_are_refused(string method, string path, string says, string? body = null) =>
        await AssertRefusedAsync("INVALID_ARGUMENT", says, method, path, body);

    [Theory]
    [InlineData("?updateMask=purpose", """{"purpose":"MAC"}""", "immutable")]
    [InlineData("?updateMask=destroy_scheduled_duration", """{"destroyScheduledDuration":"86400s"}""", "immutable")]
    [InlineData("", """{"labels":{}}""", "update_mask")]
    [InlineData("/cryptoKeyVersions/1?updateMask=state", """{"state":"DESTROYED"}""", "DESTROYED")]
    public async Task A_patch_of_an_immutable_field_or_without_a_mask_is_refused(
        string path,
        string body,
        string says
    ) => await AssertRefusedAsync("INVALID_ARGUMENT", says, "PATCH", Key + path, body);

    [Fact]
    public async Task A_patch_changes_exactly_the_fields_of_its_mask()
    {
        await _gcp.CreateKeyAsync();
        var patched = await _gcp.OkAsync(
            "PATCH",
            Key + "?updateMask=labels,rotation_period,nextRotationTime",
            """{"labels":{"cluster":"a"},"rotationPeriod":"7776000s","nextRotationTime":"2099-01-01T00:00:00Z"}"""
        );
        Assert.Equal("7776000s", (string)patched["rotationPeriod"]!);
        patched = await _gcp.OkAsync("PATCH", Key + "?updateMask=rotationPeriod,nextRotationTime", "{}");
        Assert.Null(patched["rotationPeriod"]);
        Assert.Equal("a", (string)patched["labels"]!["cluster"]!);
    }

    [Fact]
    public async Task Lists_come_in_pages()
    {
        await _gcp.CreateKeyAsync();
        foreach (var name in new[] { "a", "b", "c" })
            await _gcp.OkAsync("POST", Ring + "/cryptoKeys?cryptoKeyId=" + name, SymmetricKey);
        var names = new List<string>();
        var token = "";
        do
        {
            var page = await _gcp.OkAsync("GET", Ring + "/cryptoKeys?pageSize=3" + token);
            Assert.Equal(4, (int)page["totalSize"]!);
            names.AddRange(page["cryptoKeys"]!.AsArray().Select(k => ((string)k!["name"]!).Split('/')[^1]));
            token = page["nextPageToken"] is { } next ? "&pageToken=" + Uri.EscapeDataString((string)next!) : "";
        } while (token.Length > 0);

        Assert.Equal(["a", "b", "c", "key"], names);
    }

    [Fact]
    public async Task Compressed_bodies_are_read()
    {
        var ring = await _gcp.SendAsync("POST", Location + "/keyRings?keyRingId=ring", "{}", gzip: true);
        Assert.Equal(200, ring.Status);
        Assert.Equal(400, (await _gcp.SendAsync("POST", NewKey, """{"color":"red"}""", gzip: true)).Status);
    }

    private async Task AssertRefusedAsync(string error, string says, string method, string path, string? body)
    {
        await _gcp.CreateKeyAsync();
        var response = await _gcp.SendAsync(method, path, body);
        Assert.Equal(error, response.Error);
        Assert.Contains(says, response.ErrorMessage, StringComparison.Ordinal);
    }
}
