using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>IAM of the sandbox, over plain HTTP: accounts, policies, keys of accounts, roles.</summary>
public sealed class GcpIamTests : GcpClient
{
    private const string User = "roles/cloudkms.cryptoKeyEncrypterDecrypter";
    private const string TokenCreator = "roles/iam.serviceAccountTokenCreator";

    [Fact]
    public async Task A_new_account_is_first_unknown_then_forbidden_and_seen_after_ten_seconds()
    {
        var email = (string)
            (
                await OkAsync(
                    "POST",
                    Project + "/serviceAccounts",
                    """{"accountId":"cmek-user","serviceAccount":{"displayName":"CMEK"}}"""
                )
            )["email"]!;
        Assert.Equal("cmek-user@sandbox-customer.iam.gserviceaccount.com", email);
        foreach (var status in new[] { 404, 403, 404 })
            Assert.Equal(status, await StatusAsync(email));
        await MakeKeyAsync();
        var early = await CallAsync("POST", Key + ":setIamPolicy", Policy(User, "serviceAccount:" + email));
        Assert.Equal((400, "INVALID_ARGUMENT"), (early.Status, early.Refusal));
        Assert.Equal($"Service account {email} does not exist.", early.Message);
        Assert.Equal(
            "ALREADY_EXISTS",
            (await CallAsync("POST", Project + "/serviceAccounts", """{"accountId":"cmek-user"}""")).Refusal
        );

        Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(200, await StatusAsync(email));
        Assert.Equal(200, (await CallAsync("GET", "v1/projects/-/serviceAccounts/" + email)).Status);
        await OkAsync("POST", Key + ":setIamPolicy", Policy(User, "serviceAccount:" + email));
        Assert.Equal(email, (string)(await OkAsync("GET", Project + "/serviceAccounts"))["accounts"]![0]!["email"]!);
        await OkAsync(
            "PATCH",
            $"{Project}/serviceAccounts/{email}",
            """{"serviceAccount":{"displayName":"Renamed"},"updateMask":"display_name"}"""
        );
        Assert.Equal("Renamed", (string)(await OkAsync("GET", $"{Project}/serviceAccounts/{email}"))["displayName"]!);
    }

    [Theory]
    [InlineData("roles/cloudkms.cryptoKeyEncrypterDecryptor", "serviceAccount:" + Cockroach, "not supported")]
    [InlineData(TokenCreator, "serviceAccount:" + Cockroach, "not supported")]
    [InlineData("projects/sandbox-customer/roles/none", "serviceAccount:" + Cockroach, "not found")]
    [InlineData(
        User,
        "serviceAccount:crl-kms-user-" + ClusterId + "@crl-sandbox.iam.gserviceaccount.com",
        "does not exist"
    )]
    [InlineData(User, Cockroach, "Invalid member")]
    [InlineData(User + "_withcond_0123", "user:someone@example.com", "does not exist")]
    public async Task Bindings_that_mean_nothing_are_refused(string role, string member, string says)
    {
        await MakeKeyAsync();
        var answer = await CallAsync("POST", Key + ":setIamPolicy", Policy(role, member));
        Assert.Equal("INVALID_ARGUMENT", answer.Refusal);
        Assert.Contains(says, answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stale_etag_is_ABORTED_either_alphabet_is_read_and_without_an_etag_the_last_writer_wins()
    {
        await MakeKeyAsync();
        var first = (string)(await OkAsync("GET", Key + ":getIamPolicy?options.requestedPolicyVersion=3"))["etag"]!;
        Assert.Equal("ACAB", first);
        var second = (string)
            (await OkAsync("POST", Key + ":setIamPolicy", Policy(User, "user:a@example.com", etag: first)))["etag"]!;
        var stale = await CallAsync("POST", Key + ":setIamPolicy", Policy(User, "user:b@example.com", etag: first));
        Assert.Equal((409, "ABORTED"), (stale.Status, stale.Refusal));
        var urlSafe = second.Replace('+', '-').Replace('/', '_');
        Assert.NotEqual(second, urlSafe);
        await OkAsync("POST", Key + ":setIamPolicy", Policy(User, "user:b@example.com", etag: urlSafe));
        await OkAsync("POST", Key + ":setIamPolicy", Policy(User, "user:c@example.com"));
        Assert.Equal(
            "user:c@example.com",
            (string)(await OkAsync("GET", Key + ":getIamPolicy"))["bindings"]![0]!["members"]![0]!
        );
    }

    [Fact]
    public async Task Conditions_are_shown_and_taken_in_version_3_only_and_lost_by_who_writes_without_etag()
    {
        await MakeKeyAsync();
        Assert.Equal(
            "INVALID_ARGUMENT",
            (await CallAsync("POST", Key + ":setIamPolicy", Policy(User, "user:a@example.com", "true"))).Refusal
        );
        await OkAsync("POST", Key + ":setIamPolicy", Policy(User, "user:a@example.com", "true", version: 3));
        var whole = await OkAsync("GET", Key + ":getIamPolicy?options.requestedPolicyVersion=3");
        Assert.Equal(
            (3, "true"),
            ((int)whole["version"]!, (string)whole["bindings"]![0]!["condition"]!["expression"]!)
        );
        var half = await OkAsync("GET", Key + ":getIamPolicy");
        Assert.Equal(1, (int)half["version"]!);
        Assert.StartsWith(User + "_withcond_", (string)half["bindings"]![0]!["role"]!, StringComparison.Ordinal);
        Assert.Equal(
            "INVALID_ARGUMENT",
            (await CallAsync("GET", Key + ":getIamPolicy?options.requestedPolicyVersion=2")).Refusal
        );
        Assert.Equal(
            "INVALID_ARGUMENT",
            (
                await CallAsync(
                    "POST",
                    Key + ":setIamPolicy",
                    Policy(User, "user:a@example.com", etag: (string)whole["etag"]!)
                )
            ).Refusal
        );
        await OkAsync("POST", Key + ":setIamPolicy", Policy(User, "user:a@example.com"));
        Assert.Null(
            (await OkAsync("GET", Key + ":getIamPolicy?options.requestedPolicyVersion=3"))["bindings"]![0]!["condition"]
        );
    }

    [Fact]
    public async Task An_account_that_is_deleted_is_marked_so_in_policies_and_one_of_the_same_name_is_somebody_else()
    {
        await MakeKeyAsync();
        var email = await MakeAccountAsync("cmek-user");
        var id = (string)(await OkAsync("GET", $"{Project}/serviceAccounts/{email}"))["uniqueId"]!;
        await OkAsync("POST", Key + ":setIamPolicy", Policy(User, "serviceAccount:" + email));
        await OkAsync("DELETE", $"{Project}/serviceAccounts/{email}");
        var policy = await OkAsync("GET", Key + ":getIamPolicy?options.requestedPolicyVersion=3");
        Assert.Equal($"deleted:serviceAccount:{email}?uid={id}", (string)policy["bindings"]![0]!["members"]![0]!);
        await OkAsync("POST", Key + ":setIamPolicy", new JsonObject { ["policy"] = policy.DeepClone() }.ToJsonString());

        await MakeAccountAsync("cmek-user");
        Assert.Contains(
            "deleted:",
            (string)(await OkAsync("GET", Key + ":getIamPolicy"))["bindings"]![0]!["members"]![0]!,
            StringComparison.Ordinal
        );
        Assert.Equal(
            "FAILED_PRECONDITION",
            (await CallAsync("POST", $"{Project}/serviceAccounts/{id}:undelete", "{}")).Refusal
        );
        await OkAsync("DELETE", $"{Project}/serviceAccounts/{email}");
        Assert.Equal(
            id,
            (string)
                (await OkAsync("POST", $"{Project}/serviceAccounts/{id}:undelete", "{}"))["restoredAccount"]![
                    "uniqueId"
                ]!
        );
        Assert.Equal(
            "serviceAccount:" + email,
            (string)(await OkAsync("GET", Key + ":getIamPolicy"))["bindings"]![0]!["members"]![0]!
        );
    }

    [Fact]
    public async Task An_organization_that_restricts_members_keeps_Cockroachs_account_out()
    {
        var email = await MakeAccountAsync("cmek-user");
        Server.Gcp.RestrictMembers = true;
        var answer = await CallAsync(
            "POST",
            $"{Project}/serviceAccounts/{email}:setIamPolicy",
            Policy(TokenCreator, "serviceAccount:" + Cockroach)
        );
        Assert.Equal((400, "FAILED_PRECONDITION"), (answer.Status, answer.Refusal));
        Assert.Equal(
            "constraints/iam.allowedPolicyMemberDomains",
            (string)answer.Body["error"]!["details"]![0]!["violations"]![0]!["type"]!
        );
        await MakeKeyAsync();
        await OkAsync("POST", Key + ":setIamPolicy", Policy(User, "serviceAccount:" + email));
    }

    [Fact]
    public async Task The_organizations_policy_is_told_to_who_may_read_it()
    {
        const string Question = """{"constraint":"constraints/iam.allowedPolicyMemberDomains"}""";
        var open = await OkAsync("POST", Project + ":getEffectiveOrgPolicy", Question);
        Assert.Equal("ALLOW", (string)open["listPolicy"]!["allValues"]!);
        Server.Gcp.RestrictMembers = true;
        var closed = await OkAsync("POST", Project + ":getEffectiveOrgPolicy", Question);
        Assert.Null(closed["listPolicy"]!["allValues"]);
        Assert.Single(closed["listPolicy"]!["allowedValues"]!.AsArray());
        Assert.Equal(
            "PERMISSION_DENIED",
            (
                await CallAsync(
                    "POST",
                    Project + ":getEffectiveOrgPolicy",
                    Question,
                    token: Server.Gcp.AddPrincipal("nobody@example.com")
                )
            ).Refusal
        );
        Assert.Equal("INVALID_ARGUMENT", (await CallAsync("POST", Project + ":getEffectiveOrgPolicy", "{}")).Refusal);
    }

    [Fact]
    public async Task A_key_file_gives_tokens_that_may_what_the_projects_bindings_say_once_they_took_effect()
    {
        await MakeKeyAsync();
        var email = await MakeAccountAsync("vault-agent");
        var key = await OkAsync("POST", $"{Project}/serviceAccounts/{email}/keys", "{}");
        var file = JsonNode.Parse(Convert.FromBase64String((string)key["privateKeyData"]!))!;
        Assert.Equal(new Uri(Server.GcpEndpoint, "token").ToString(), (string)file["token_uri"]!);
        await OkAsync(
            "POST",
            Project + "/roles",
            """{"roleId":"vault","role":{"title":"Vault","includedPermissions":["cloudkms.cryptoKeys.get"],"stage":"GA"}}"""
        );
        Assert.Equal(
            "projects/sandbox-customer/roles/vault",
            (string)(await OkAsync("GET", Project + "/roles"))["roles"]![0]!["name"]!
        );
        await OkAsync(
            "POST",
            Project + ":setIamPolicy",
            Policy("projects/sandbox-customer/roles/vault", "serviceAccount:" + email)
        );
        Assert.NotNull(
            (await OkAsync("POST", Project + ":getIamPolicy", """{"options":{"requestedPolicyVersion":3}}"""))[
                "bindings"
            ]
        );

        var token = await TokenAsync(file);
        Assert.Equal(403, (await CallAsync("GET", Key, token: token)).Status);
        Time.Advance(Server.Gcp.PropagationDelay);
        Assert.Equal(200, (await CallAsync("GET", Key, token: token)).Status);
        Assert.Equal(
            """["cloudkms.cryptoKeys.get"]""",
            (
                await CallAsync(
                    "POST",
                    Key + ":testIamPermissions",
                    """{"permissions":["cloudkms.cryptoKeys.get","cloudkms.cryptoKeys.update"]}""",
                    token
                )
            ).Body["permissions"]!.ToJsonString()
        );

        var keyId = ((string)key["name"]!).Split('/')[^1];
        Assert.Equal(
            keyId,
            (
                (string)
                    (await OkAsync("GET", $"{Project}/serviceAccounts/{email}/keys?keyTypes=USER_MANAGED"))["keys"]![
                        0
                    ]!["name"]!
            ).Split('/')[^1]
        );
        await OkAsync("DELETE", $"{Project}/serviceAccounts/{email}/keys/{keyId}");
        Assert.Null(await TokenAsync(file));
        await OkAsync("POST", $"{Project}/serviceAccounts/{email}:disable", "{}");
        Assert.Equal(401, (await CallAsync("GET", Key, token: token)).Status);
        await OkAsync("POST", $"{Project}/serviceAccounts/{email}:enable", "{}");
        Assert.Equal(200, (await CallAsync("GET", Key, token: token)).Status);
    }

    [Fact]
    public async Task Reading_an_accounts_policy_is_a_POST_without_body()
    {
        var email = await MakeAccountAsync("cmek-user");
        await OkAsync(
            "POST",
            $"{Project}/serviceAccounts/{email}:setIamPolicy",
            Policy(TokenCreator, "serviceAccount:" + Cockroach)
        );
        Assert.Equal(
            TokenCreator,
            (string)
                (
                    await OkAsync(
                        "POST",
                        $"{Project}/serviceAccounts/{email}:getIamPolicy?options.requestedPolicyVersion=3"
                    )
                )["bindings"]![0]!["role"]!
        );
        Assert.Equal(
            400,
            (
                await CallAsync(
                    "POST",
                    $"{Project}/serviceAccounts/{email}:getIamPolicy",
                    """{"options":{"requestedPolicyVersion":3}}"""
                )
            ).Status
        );
    }

    [Theory]
    [InlineData("{\"policy\":{\"bindings\":[{\"role\":\"roles/viewer\",\"members\":[null]}]}}")]
    [InlineData("{\"policy\":{\"bindings\":[\"roles/viewer\"]}}")]
    [InlineData("{\"policy\":{\"bindings\":{},\"etag\":7}}")]
    [InlineData("{\"policy\":{\"etag\":\"not base64!\"}}")]
    [InlineData("{\"policy\":{\"version\":\"three\"}}")]
    [InlineData("{\"policy\":{\"bindings\":[],\"bindings\":[]}}")]
    [InlineData(
        "{\"policy\":{\"bindings\":[{\"role\":\"roles/viewer\",\"members\":[\"user:a@example.com\"],\"condition\":\"true\"}]}}"
    )]
    [InlineData("{\"policy\":{}")]
    public async Task Malformed_policies_are_refused_and_change_nothing(string body)
    {
        Assert.Equal("INVALID_ARGUMENT", (await CallAsync("POST", Project + ":setIamPolicy", body)).Refusal);
        Assert.Equal("ACAB", (string)(await OkAsync("POST", Project + ":getIamPolicy", "{}"))["etag"]!);
    }

    [Theory]
    [InlineData("grant_type=password", "unsupported_grant_type")]
    [InlineData("grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer", "invalid_grant")]
    [InlineData("grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion=a.b.c", "invalid_grant")]
    [InlineData(
        "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion=eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhIn0.",
        "invalid_grant"
    )]
    [InlineData("grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion=W10.W10.W10", "invalid_grant")]
    public async Task Assertions_that_prove_nothing_get_no_token(string form, string error)
    {
        var answer = await CallAsync("POST", "token", form, token: "");
        Assert.Equal((400, error), (answer.Status, (string?)answer.Body["error"]));
    }

    private async Task<int> StatusAsync(string email) =>
        (await CallAsync("GET", $"{Project}/serviceAccounts/{email}")).Status;

    /// <summary>What Google's clients do with a key file; null when the grant is refused.</summary>
    private async Task<string?> TokenAsync(JsonNode file)
    {
        using var rsa = RSA.Create();
        rsa.ImportFromPem((string)file["private_key"]!);
        var now = Time.GetUtcNow().ToUnixTimeSeconds();
        var unsigned =
            Base64Url("""{"alg":"RS256","typ":"JWT"}"""u8.ToArray())
            + "."
            + Base64Url(
                Encoding.UTF8.GetBytes(
                    new JsonObject
                    {
                        ["iss"] = (string)file["client_email"]!,
                        ["scope"] = "https://www.googleapis.com/auth/cloud-platform",
                        ["aud"] = (string)file["token_uri"]!,
                        ["iat"] = now,
                        ["exp"] = now + 3600,
                    }.ToJsonString()
                )
            );
        var assertion =
            unsigned
            + "."
            + Base64Url(
                rsa.SignData(Encoding.ASCII.GetBytes(unsigned), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            );
        using var http = new HttpClient();
        using var answer = await http.PostAsync(
            new Uri((string)file["token_uri"]!),
            new FormUrlEncodedContent(
                new Dictionary<string, string>
                {
                    ["grant_type"] = "urn:ietf:params:oauth:grant-type:jwt-bearer",
                    ["assertion"] = assertion,
                }
            )
        );
        var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        if ((int)answer.StatusCode == 200)
            return (string)body["access_token"]!;
        Assert.Equal("invalid_grant", (string)body["error"]!);
        return null;
    }

    private static string Base64Url(byte[] bytes) =>
        Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');
}
