using System.Text.Json.Nodes;
using static CockroachCmek.Core.Tests.Sandbox.GcpTestBed;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>What Google's own clients send and expect beside the methods themselves.</summary>
public sealed class GcpWireTests : IAsyncDisposable
{
    private const string AsNumbers = "$alt=json;enum-encoding=int";
    private readonly GcpTestBed _gcp = new();

    public ValueTask DisposeAsync() => _gcp.DisposeAsync();

    [Fact]
    public async Task Enums_are_numbers_for_a_client_that_wants_them()
    {
        await _gcp.OkAsync("POST", Location + "/keyRings?keyRingId=empty");
        await _gcp.OkAsync("POST", Location + "/keyRings?keyRingId=ring&" + AsNumbers, "\"\"");
        var created = await _gcp.OkAsync(
            "POST",
            Ring + "/cryptoKeys?cryptoKeyId=key&" + AsNumbers,
            """{"purpose":1,"versionTemplate":{"protectionLevel":2,"algorithm":1}}"""
        );
        Assert.Equal((1, 2), ((int)created["purpose"]!, (int)created["versionTemplate"]!["protectionLevel"]!));
        Assert.Equal(1, (int)created["primary"]!["state"]!);
        var read = await _gcp.OkAsync("GET", Key + "?$prettyPrint=false&%24alt=json");
        Assert.Equal("HSM", (string)read["versionTemplate"]!["protectionLevel"]!);
        var list = await _gcp.OkAsync("GET", Ring + "/cryptoKeys?" + AsNumbers);
        Assert.Equal(1, (int)list["cryptoKeys"]![0]!["purpose"]!);
        Assert.Equal(400, (await _gcp.SendAsync("GET", Key + "?$unknown=1")).Status);
    }

    [Fact]
    public async Task Checksums_are_verified_and_returned_as_text()
    {
        await _gcp.CreateKeyAsync();
        // The check value of CRC-32C: 0xE3069283 for "123456789".
        var encrypted = await _gcp.OkAsync(
            "POST",
            Key + ":encrypt",
            """{"plaintext":"MTIzNDU2Nzg5","plaintextCrc32c":"3808858755","additionalAuthenticatedDataCrc32c":"0"}"""
        );
        Assert.True((bool)encrypted["verifiedPlaintextCrc32c"]!);
        Assert.True((bool)encrypted["verifiedAdditionalAuthenticatedDataCrc32c"]!);
        var ciphertext = new JsonObject
        {
            ["ciphertext"] = (string)encrypted["ciphertext"]!,
            ["ciphertextCrc32c"] = (string)encrypted["ciphertextCrc32c"]!,
        };
        var decrypted = await _gcp.OkAsync("POST", Key + ":decrypt", ciphertext.ToJsonString());
        Assert.Equal("3808858755", (string)decrypted["plaintextCrc32c"]!);
        ciphertext["ciphertextCrc32c"] = "1";
        var wrong = await _gcp.SendAsync("POST", Key + ":decrypt", ciphertext.ToJsonString());
        Assert.Equal("400 INVALID_ARGUMENT", wrong.Refusal);
    }

    [Fact]
    public async Task An_unknown_location_is_not_found()
    {
        var response = await _gcp.SendAsync("POST", Project + "/locations/nowhere-1/keyRings?keyRingId=ring", "{}");
        Assert.Equal("404 NOT_FOUND", response.Refusal);
        Assert.Contains("The request concerns location 'nowhere-1'", response.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_is_generated_for_who_may_act_as_the_account_and_exchanged_for_another()
    {
        await _gcp.CreateKeyAsync();
        var email = await _gcp.CreateServiceAccountAsync("cmek-user");
        var path = $"v1/projects/-/serviceAccounts/{email}:generateAccessToken";
        const string Body = """{"scope":["https://www.googleapis.com/auth/cloud-platform"],"lifetime":"300s"}""";
        var user = _gcp.Sandbox.AddPrincipal("user@example.com");
        var refused = await _gcp.SendAsync("POST", path, Body, user);
        Assert.Equal(
            "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).",
            refused.ErrorMessage
        );
        await _gcp.BindAsync($"{Project}/serviceAccounts/{email}", TokenCreator, "user:user@example.com");
        await _gcp.BindAsync(Key, "roles/cloudkms.viewer", "serviceAccount:" + email);
        _gcp.Advance(_gcp.Sandbox.PropagationDelay);
        var token = (await _gcp.SendAsync("POST", path, Body, user)).Text("accessToken");
        Assert.Equal(200, (await _gcp.SendAsync("GET", Key, token: token)).Status);

        const string Exchange = "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token=";
        var exchanged = await _gcp.SendAsync("POST", "v1/token", Exchange + token, token: "");
        Assert.Equal(200, (await _gcp.SendAsync("GET", Key, token: exchanged.Text("access_token"))).Status);
        Assert.Equal("invalid_grant", (await _gcp.SendAsync("POST", "v1/token", Exchange + "x", token: "")).Error);

        await _gcp.OkAsync("POST", $"{Project}/serviceAccounts/{email}:disable", "{}");
        var disabled = await _gcp.SendAsync("GET", Key, token: token);
        Assert.Equal(401, disabled.Status);
        Assert.Equal("ACCOUNT_STATE_INVALID", (string)disabled.Body["error"]!["details"]![0]!["reason"]!);
    }
}
