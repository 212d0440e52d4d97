using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using static CockroachCmek.Core.Tests.Sandbox.GcpTestBed;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Key files of service accounts, the tokens they give, and custom roles.</summary>
public sealed class GcpKeyFileTests : IAsyncDisposable
{
    private const string Grant = "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer";
    private readonly GcpTestBed _gcp = new();

    public ValueTask DisposeAsync() => _gcp.DisposeAsync();

    [Fact]
    public async Task A_token_from_a_key_file_has_the_permissions_of_a_custom_role_once_it_takes_effect()
    {
        const string Role = "projects/sandbox-customer/roles/vault";
        await _gcp.CreateKeyAsync();
        var email = await _gcp.CreateServiceAccountAsync("vault-agent");
        var (file, _) = await CreateKeyFileAsync(email);
        await _gcp.OkAsync(
            "POST",
            Project + "/roles",
            """
            {"roleId":"vault",
             "role":{"title":"Vault","includedPermissions":["cloudkms.cryptoKeys.get"],"stage":"GA"}}
            """
        );
        Assert.Equal(Role, (string)(await _gcp.OkAsync("GET", Project + "/roles"))["roles"]![0]!["name"]!);
        await _gcp.BindAsync(Project, Role, "serviceAccount:" + email);
        const string Version3 = """{"options":{"requestedPolicyVersion":3}}""";
        Assert.NotNull((await _gcp.OkAsync("POST", Project + ":getIamPolicy", Version3))["bindings"]);

        var token = await TokenAsync(file);
        Assert.Equal(403, (await _gcp.SendAsync("GET", Key, token: token)).Status);
        _gcp.Advance(_gcp.Sandbox.PropagationDelay);
        Assert.Equal(200, (await _gcp.SendAsync("GET", Key, token: token)).Status);
        var tested = await _gcp.SendAsync(
            "POST",
            Key + ":testIamPermissions",
            """{"permissions":["cloudkms.cryptoKeys.get","cloudkms.cryptoKeys.update"]}""",
            token
        );
        Assert.Equal("""["cloudkms.cryptoKeys.get"]""", tested.Body["permissions"]!.ToJsonString());
    }

    [Fact]
    public async Task A_deleted_key_file_gives_no_token()
    {
        var email = await _gcp.CreateServiceAccountAsync("vault-agent");
        var (file, id) = await CreateKeyFileAsync(email);
        Assert.NotNull(await TokenAsync(file));
        var keys = await _gcp.OkAsync("GET", $"{Project}/serviceAccounts/{email}/keys?keyTypes=USER_MANAGED");
        Assert.Equal(id, ((string)keys["keys"]![0]!["name"]!).Split('/')[^1]);
        await _gcp.OkAsync("DELETE", $"{Project}/serviceAccounts/{email}/keys/{id}");
        Assert.Null(await TokenAsync(file));
    }

    [Fact]
    public async Task A_token_of_a_disabled_account_is_rejected_until_the_account_is_enabled()
    {
        await _gcp.CreateKeyAsync();
        var email = await _gcp.CreateServiceAccountAsync("vault-agent");
        await _gcp.BindAsync(Project, "roles/cloudkms.viewer", "serviceAccount:" + email);
        _gcp.Advance(_gcp.Sandbox.PropagationDelay);
        var token = await TokenAsync((await CreateKeyFileAsync(email)).File);
        await _gcp.OkAsync("POST", $"{Project}/serviceAccounts/{email}:disable", "{}");
        Assert.Equal(401, (await _gcp.SendAsync("GET", Key, token: token)).Status);
        await _gcp.OkAsync("POST", $"{Project}/serviceAccounts/{email}:enable", "{}");
        Assert.Equal(200, (await _gcp.SendAsync("GET", Key, token: token)).Status);
    }

    [Theory]
    [InlineData("grant_type=password", "unsupported_grant_type")]
    [InlineData(Grant, "invalid_grant")]
    [InlineData(Grant + "&assertion=a.b.c", "invalid_grant")]
    [InlineData(Grant + "&assertion=eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhIn0.", "invalid_grant")]
    [InlineData(Grant + "&assertion=W10.W10.W10", "invalid_grant")]
    public async Task An_invalid_assertion_gets_no_token(string form, string error) =>
        Assert.Equal("400 " + error, (await _gcp.SendAsync("POST", "token", form, token: "")).Refusal);

    private async Task<(JsonNode File, string Id)> CreateKeyFileAsync(string email)
    {
        var key = await _gcp.OkAsync("POST", $"{Project}/serviceAccounts/{email}/keys", "{}");
        var file = JsonNode.Parse(Convert.FromBase64String((string)key["privateKeyData"]!))!;
        Assert.Equal(new Uri(_gcp.Server.GcpEndpoint, "token").ToString(), (string)file["token_uri"]!);
        return (file, ((string)key["name"]!).Split('/')[^1]);
    }

    /// <summary>Asks for a token as Google's clients do; null when the grant is refused.</summary>
    private async Task<string?> TokenAsync(JsonNode file)
    {
        var form = $"{Grant}&assertion={Sign(file, _gcp.Time.GetUtcNow().ToUnixTimeSeconds())}";
        var response = await _gcp.SendAsync("POST", "token", form, token: "");
        if (response.Status == 200)
            return response.Text("access_token");
        Assert.Equal("invalid_grant", response.Error);
        return null;
    }

    private static string Sign(JsonNode file, long now)
    {
        using var rsa = RSA.Create();
        rsa.ImportFromPem((string)file["private_key"]!);
        var claims = new JsonObject
        {
            ["iss"] = (string)file["client_email"]!,
            ["scope"] = "https://www.googleapis.com/auth/cloud-platform",
            ["aud"] = (string)file["token_uri"]!,
            ["iat"] = now,
            ["exp"] = now + 3600,
        };
        var unsigned = Base64Url("""{"alg":"RS256","typ":"JWT"}""") + "." + Base64Url(claims.ToJsonString());
        var signature = rsa.SignData(
            Encoding.ASCII.GetBytes(unsigned),
            HashAlgorithmName.SHA256,
            RSASignaturePadding.Pkcs1
        );
        return unsigned + "." + System.Buffers.Text.Base64Url.EncodeToString(signature);
    }

    private static string Base64Url(string text) =>
        System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
}
