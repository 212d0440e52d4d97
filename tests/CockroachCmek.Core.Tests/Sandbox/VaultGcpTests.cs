using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Vault in Cloud KMS: the page's steps, from the role for Vault to the store key.</summary>
public sealed class VaultGcpTests : IAsyncLifetime
{
    private const string Ring = "projects/sandbox-customer/locations/us-east4/keyRings/cmek";
    private const string VaultNeeds =
        "cloudkms.cryptoKeys.create,cloudkms.cryptoKeys.update,cloudkms.importJobs.create,cloudkms.importJobs.get,cloudkms.cryptoKeyVersions.list,cloudkms.cryptoKeyVersions.destroy,cloudkms.cryptoKeyVersions.update,cloudkms.cryptoKeyVersions.create";

    private readonly VaultCaller _vault = new();
    private readonly HttpClient _http = new();
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"crdb-vault-{Guid.NewGuid():N}.json");

    public async ValueTask InitializeAsync()
    {
        await GcpAsync("projects/sandbox-customer/locations/us-east4/keyRings?keyRingId=cmek", "{}");
        await _vault.WriteAsync("sys/mounts/keymgmt", """{"type":"keymgmt"}""");
        await _vault.WriteAsync(
            "keymgmt/kms/gcpckms",
            $$$"""{"provider":"gcpckms","key_collection":"{{{Ring}}}","credentials":{"service_account_file":"{{{_file.Replace("\\", "\\\\", StringComparison.Ordinal)}}}"}}"""
        );
        await _vault.WriteAsync("keymgmt/key/crdb-cmek-vault", """{"type":"aes256-gcm96"}""");
    }

    public async ValueTask DisposeAsync()
    {
        File.Delete(_file);
        _http.Dispose();
        await _vault.DisposeAsync();
    }

    [Fact]
    public async Task The_pages_steps_give_a_key_that_CockroachDB_wraps_with_and_a_rotation_is_a_version_of_the_same_key()
    {
        await AgentAsync(VaultNeeds + ",cloudkms.importJobs.useToImport");
        await _vault.DistributeAsync("gcpckms");
        var distributed = await _vault.ReadAsync("keymgmt/kms/gcpckms/key/crdb-cmek-vault");
        Assert.Equal("""{"1":"1"}""", distributed["versions"]!.ToJsonString());
        var name = $"{Ring}/cryptoKeys/{distributed["name"]}";
        var key = await GcpAsync(name);
        Assert.Equal(
            ("ENCRYPT_DECRYPT", "HSM"),
            ((string)key["purpose"]!, (string)key["primary"]!["protectionLevel"]!)
        );
        Assert.NotNull(key["primary"]!["importJob"]);

        var (cluster, account) = await AccountAsync();
        var (status, refusal) = await EnableAsync("POST", cluster, name, account);
        Assert.Equal(400, status);
        Assert.Contains(
            "roles/cloudkms.cryptoKeyEncrypterDecrypter",
            (string)refusal["message"]!,
            StringComparison.Ordinal
        );
        await GrantAsync(name, "roles/cloudkms.cryptoKeyEncrypterDecrypter", account);
        Assert.Equal(200, (await EnableAsync("POST", cluster, name, account)).Status);
        _vault.Pass(TimeSpan.FromMinutes(30));

        await _vault.WriteAsync("keymgmt/key/crdb-cmek-vault/rotate");
        Assert.Equal(
            """{"1":"1","2":"2"}""",
            (await _vault.ReadAsync("keymgmt/kms/gcpckms/key/crdb-cmek-vault"))["versions"]!.ToJsonString()
        );
        Assert.Equal($"{name}/cryptoKeyVersions/2", (string)(await GcpAsync(name))["primary"]!["name"]!);
        Assert.Equal(200, (await EnableAsync("PUT", cluster, name, account)).Status);
        _vault.Pass(TimeSpan.FromMinutes(30));
        Assert.Equal("ENABLED", (string)(await _vault.CloudAsync("GET", $"clusters/{cluster}/cmek")).Body["status"]!);

        await _vault.WriteAsync("keymgmt/key/crdb-cmek-vault", """{"min_enabled_version":2}""");
        Assert.Equal("DISABLED", (string)(await GcpAsync($"{name}/cryptoKeyVersions/1"))["state"]!);
        Assert.Equal(204, (await _vault.SendAsync("DELETE", "keymgmt/kms/gcpckms/key/crdb-cmek-vault")).Status);
        Assert.Equal("DESTROY_SCHEDULED", (string)(await GcpAsync($"{name}/cryptoKeyVersions/2"))["state"]!);
    }

    [Fact]
    public async Task A_key_that_is_distributed_again_is_the_same_material_under_a_new_name()
    {
        await AgentAsync(VaultNeeds + ",cloudkms.importJobs.useToImport");
        var materials = new List<byte[]>();
        var names = new HashSet<string>();
        for (var i = 0; i < 2; i++)
        {
            await _vault.DistributeAsync("gcpckms");
            var name =
                $"{Ring}/cryptoKeys/{(await _vault.ReadAsync("keymgmt/kms/gcpckms/key/crdb-cmek-vault"))["name"]}";
            names.Add(name);
            materials.Add(_vault.Server.Gcp.Locked((_, _, keys) => keys.Find(name)!.Versions.Single().Material!));
            await _vault.SendAsync("DELETE", "keymgmt/kms/gcpckms/key/crdb-cmek-vault");
        }

        Assert.Equal(2, names.Count);
        Assert.Equal(materials[0], materials[1]);
    }

    [Fact]
    public async Task The_permission_that_HashiCorps_list_lacks_is_missed_by_name()
    {
        await AgentAsync(VaultNeeds);
        var (status, sentence) = await _vault.RefusalAsync(
            "POST",
            "keymgmt/kms/gcpckms/key/crdb-cmek-vault",
            """{"purpose":"encrypt,decrypt"}"""
        );
        Assert.Equal(502, status);
        Assert.StartsWith(
            "rpc error: code = PermissionDenied desc = Permission 'cloudkms.importJobs.useToImport' denied",
            sentence,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(
        "projects/sandbox-customer/locations/us-east4/keyRings/none",
        "code = NotFound desc = KeyRing projects/sandbox-customer/locations/us-east4/keyRings/none not found."
    )]
    [InlineData("projects/elsewhere/locations/us-east4/keyRings/cmek", "code = PermissionDenied")]
    [InlineData("us-east-1", "code = InvalidArgument")]
    public async Task A_wrong_key_ring_is_Googles_refusal(string ring, string sentence)
    {
        await AgentAsync(VaultNeeds + ",cloudkms.importJobs.useToImport", "projects/sandbox-customer");
        await _vault.WriteAsync("keymgmt/kms/wrong", $$"""{"provider":"gcpckms","key_collection":"{{ring}}"}""");
        _vault.Server.Vault.SetEnvironment("GOOGLE_CREDENTIALS", await File.ReadAllTextAsync(_file));
        var refusal = await _vault.RefusalAsync(
            "POST",
            "keymgmt/kms/wrong/key/crdb-cmek-vault",
            """{"purpose":"encrypt,decrypt"}"""
        );
        Assert.Equal(502, refusal.Status);
        Assert.Contains(sentence, refusal.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Credentials_are_a_file_on_Vaults_server_of_a_key_that_the_account_has()
    {
        async Task RefusedAsync(string sentence) =>
            Assert.Contains(
                sentence,
                (
                    await _vault.RefusalAsync(
                        "POST",
                        "keymgmt/kms/gcpckms/key/crdb-cmek-vault",
                        """{"purpose":"encrypt,decrypt"}"""
                    )
                ).Sentence,
                StringComparison.Ordinal
            );
        await RefusedAsync($"open {_file}: no such file or directory");
        await File.WriteAllTextAsync(
            _file,
            """{"client_email":"x@y.iam.gserviceaccount.com","private_key":"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"}"""
        );
        await RefusedAsync("the file is no key of a service account");
        await AgentAsync(VaultNeeds + ",cloudkms.importJobs.useToImport");
        var good = await File.ReadAllTextAsync(_file);
        await File.WriteAllTextAsync(
            _file,
            good.Replace("cmek-vault-agent@", "somebody-else@", StringComparison.Ordinal)
        );
        await RefusedAsync("invalid_grant");
        await File.WriteAllTextAsync(_file, good);
        await _vault.DistributeAsync("gcpckms");
    }

    [Theory]
    [InlineData("rsa-2048", "encrypt,decrypt", 400)]
    [InlineData("rsa-2048", "decrypt", 204)]
    [InlineData("ecdsa-p256", "sign", 204)]
    [InlineData("ecdsa-p521", "sign", 400)]
    [InlineData("aes256-gcm96", "encrypt", 400)]
    public async Task Cloud_KMS_takes_each_type_for_its_own_purposes(string type, string purpose, int status)
    {
        await AgentAsync(VaultNeeds + ",cloudkms.importJobs.useToImport");
        await _vault.WriteAsync("keymgmt/key/k", $$"""{"type":"{{type}}"}""");
        Assert.Equal(
            status,
            (
                await _vault.SendAsync(
                    "POST",
                    "keymgmt/kms/gcpckms/key/k",
                    $$"""{"purpose":"{{purpose}}","protection":"software"}"""
                )
            ).Status
        );
    }

    /// <summary>A custom role with these permissions, an account that has it on the ring or above it, and its key in the file.</summary>
    private async Task AgentAsync(string permissions, string on = Ring)
    {
        var list = new JsonArray([.. permissions.Split(',').Select(p => (JsonNode)p)]);
        await GcpAsync(
            "projects/sandbox-customer/roles",
            new JsonObject
            {
                ["roleId"] = "cmek_vault_role",
                ["role"] = new JsonObject { ["title"] = "cmek-vault-role", ["includedPermissions"] = list },
            }.ToJsonString()
        );
        var agent = (string)
            (
                await GcpAsync(
                    "projects/sandbox-customer/serviceAccounts",
                    """{"accountId":"cmek-vault-agent","serviceAccount":{"displayName":"Vault"}}"""
                )
            )["email"]!;
        _vault.Pass(TimeSpan.FromMinutes(1));
        await GrantAsync(on, "projects/sandbox-customer/roles/cmek_vault_role", agent);
        var data = (string)
            (await GcpAsync($"projects/sandbox-customer/serviceAccounts/{agent}/keys", "{}"))["privateKeyData"]!;
        await File.WriteAllBytesAsync(_file, Convert.FromBase64String(data));
    }

    private async Task<(string Cluster, string Account)> AccountAsync()
    {
        var cluster = _vault.Server.Cloud.Clusters.Single(c => c.Name == "gcp-us");
        var account = (string)
            (
                await GcpAsync(
                    "projects/sandbox-customer/serviceAccounts",
                    """{"accountId":"crdb-cmek","serviceAccount":{}}"""
                )
            )["email"]!;
        _vault.Pass(TimeSpan.FromMinutes(1));
        await GrantAsync(
            $"projects/sandbox-customer/serviceAccounts/{account}",
            "roles/iam.serviceAccountTokenCreator",
            $"crl-kms-user-{cluster.Id[^12..]}@{cluster.AccountId}.iam.gserviceaccount.com"
        );
        return (cluster.Id, account);
    }

    private async Task GrantAsync(string resource, string role, string email)
    {
        await GcpAsync(
            resource + ":setIamPolicy",
            $$$"""{"policy":{"bindings":[{"role":"{{{role}}}","members":["serviceAccount:{{{email}}}"]}]}}"""
        );
        _vault.Pass(TimeSpan.FromMinutes(3));
    }

    private Task<(int Status, JsonNode Body)> EnableAsync(string method, string cluster, string key, string account) =>
        _vault.CloudAsync(
            method,
            $"clusters/{cluster}/cmek",
            $$$$"""{"region_specs":[{"region":"us-east4","key_spec":{"type":"GCP_CLOUD_KMS","uri":"{{{{key}}}}","auth_principal":"{{{{account}}}}"}}]}"""
        );

    /// <summary>A POST when there is a body.</summary>
    private async Task<JsonNode> GcpAsync(string path, string? body = null)
    {
        using var request = new HttpRequestMessage(
            body is null ? HttpMethod.Get : HttpMethod.Post,
            new Uri(_vault.Server.GcpEndpoint, "v1/" + path)
        );
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _vault.Server.Gcp.AccessToken);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await _http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {text}");
        return JsonNode.Parse(text)!;
    }
}
