using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Cloud;
using static CockroachCmek.Core.Tests.Sandbox.VaultTestBed;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>
/// Vault distributes keys to Cloud KMS, with a service account whose permissions are exactly those it needs.
/// </summary>
public sealed class VaultGcpTests : IAsyncLifetime
{
    private const string Project = "projects/sandbox-customer";
    private const string Ring = Project + "/locations/us-east4/keyRings/cmek";
    private static readonly string Distributed = InProvider("gcpckms");

    /// <summary>The permissions that HashiCorp's page lists.</summary>
    private static readonly string[] Listed =
    [
        "cloudkms.cryptoKeys.create",
        "cloudkms.cryptoKeys.update",
        "cloudkms.importJobs.create",
        "cloudkms.importJobs.get",
        "cloudkms.cryptoKeyVersions.list",
        "cloudkms.cryptoKeyVersions.destroy",
        "cloudkms.cryptoKeyVersions.update",
        "cloudkms.cryptoKeyVersions.create",
    ];

    /// <summary>The permissions that Vault needs: the page lacks one.</summary>
    private static readonly string[] Needed = [.. Listed, "cloudkms.importJobs.useToImport"];
    private readonly VaultTestBed _vault = new();
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"crdb-vault-{Guid.NewGuid():N}.json");

    public async ValueTask InitializeAsync()
    {
        await _vault.GcpOkAsync($"{Project}/locations/us-east4/keyRings?keyRingId=cmek", "{}");
        await _vault.MountAsync();
        var credentials = new JsonObject { ["service_account_file"] = _file };
        var provider = new JsonObject
        {
            ["provider"] = "gcpckms",
            ["key_collection"] = Ring,
            ["credentials"] = credentials,
        };
        await _vault.WriteAsync("keymgmt/kms/gcpckms", provider.ToJsonString());
        await _vault.WriteAsync(Key, """{"type":"aes256-gcm96"}""");
    }

    public async ValueTask DisposeAsync()
    {
        File.Delete(_file);
        await _vault.DisposeAsync();
    }

    [Fact]
    public async Task A_distributed_key_is_an_HSM_key_with_an_imported_version()
    {
        await CreateAgentAsync(Needed);
        await _vault.DistributeAsync("gcpckms");
        var distributed = await _vault.ReadAsync(Distributed);
        Assert.Equal("""{"1":"1"}""", distributed["versions"]!.ToJsonString());
        var key = await _vault.GcpOkAsync(KeyNameOf(distributed));
        var primary = key["primary"]!;
        Assert.Equal(("ENCRYPT_DECRYPT", "HSM"), ((string)key["purpose"]!, (string)primary["protectionLevel"]!));
        Assert.NotNull(primary["importJob"]);
    }

    [Fact]
    public async Task CockroachDB_wraps_with_a_distributed_key_and_a_rotation_adds_a_version_to_it()
    {
        await CreateAgentAsync(Needed);
        await _vault.DistributeAsync("gcpckms");
        var name = KeyNameOf(await _vault.ReadAsync(Distributed));
        var (cluster, account) = await CreateClusterAccountAsync();
        var refused = await EnableAsync("POST", cluster, name, account);
        Assert.Equal(400, refused.Status);
        Assert.Contains(GcpTestBed.EncrypterDecrypter, refused.Text("message"), StringComparison.Ordinal);
        await GrantAsync(name, GcpTestBed.EncrypterDecrypter, account);
        Assert.Equal(200, (await EnableAsync("POST", cluster, name, account)).Status);
        _vault.Advance(TimeSpan.FromMinutes(30));

        await _vault.WriteAsync(Key + "/rotate");
        Assert.Equal("""{"1":"1","2":"2"}""", (await _vault.ReadAsync(Distributed))["versions"]!.ToJsonString());
        Assert.Equal($"{name}/cryptoKeyVersions/2", (string)(await _vault.GcpOkAsync(name))["primary"]!["name"]!);
        Assert.Equal(200, (await EnableAsync("PUT", cluster, name, account)).Status);
        _vault.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal("ENABLED", (await _vault.CloudAsync("GET", $"clusters/{cluster}/cmek")).Text("status"));
    }

    [Fact]
    public async Task Vault_disables_old_versions_and_schedules_removed_ones_for_destruction()
    {
        await CreateAgentAsync(Needed);
        await _vault.DistributeAsync("gcpckms");
        await _vault.WriteAsync(Key + "/rotate");
        var versions = KeyNameOf(await _vault.ReadAsync(Distributed)) + "/cryptoKeyVersions/";
        await _vault.WriteAsync(Key, """{"min_enabled_version":2}""");
        Assert.Equal("DISABLED", (string)(await _vault.GcpOkAsync(versions + "1"))["state"]!);
        await _vault.DeleteAsync(Distributed);
        Assert.Equal("DESTROY_SCHEDULED", (string)(await _vault.GcpOkAsync(versions + "2"))["state"]!);
    }

    [Fact]
    public async Task Distributing_again_after_a_removal_puts_the_same_material_under_a_new_name()
    {
        await CreateAgentAsync(Needed);
        var materials = new List<byte[]>();
        var names = new HashSet<string>();
        for (var i = 0; i < 2; i++)
        {
            await _vault.DistributeAsync("gcpckms");
            var name = KeyNameOf(await _vault.ReadAsync(Distributed));
            names.Add(name);
            materials.Add(_vault.Server.Gcp.Locked(gcp => gcp.Keys.Find(name)!.Versions.Single().Material!));
            await _vault.DeleteAsync(Distributed);
        }

        Assert.Equal(2, names.Count);
        Assert.Equal(materials[0], materials[1]);
    }

    [Fact]
    public async Task The_permission_that_the_page_lacks_is_named_when_it_is_missing()
    {
        await CreateAgentAsync(Listed);
        await AssertRefusedAsync(
            "rpc error: code = PermissionDenied desc = Permission 'cloudkms.importJobs.useToImport' denied"
        );
    }

    [Theory]
    [InlineData(
        Project + "/locations/us-east4/keyRings/none",
        "code = NotFound desc = KeyRing projects/sandbox-customer/locations/us-east4/keyRings/none not found."
    )]
    [InlineData("projects/elsewhere/locations/us-east4/keyRings/cmek", "code = PermissionDenied")]
    [InlineData("us-east-1", "code = InvalidArgument")]
    public async Task A_wrong_key_ring_is_refused_by_Google(string ring, string message)
    {
        await CreateAgentAsync(Needed, Project);
        await _vault.WriteAsync("keymgmt/kms/wrong", $$"""{"provider":"gcpckms","key_collection":"{{ring}}"}""");
        _vault.Sandbox.SetEnvironment("GOOGLE_CREDENTIALS", await File.ReadAllTextAsync(_file));
        await AssertRefusedAsync(message, "wrong");
    }

    [Fact]
    public async Task The_credentials_file_must_exist_and_belong_to_the_account_that_it_names()
    {
        await AssertRefusedAsync($"open {_file}: no such file or directory");
        await File.WriteAllTextAsync(
            _file,
            """
            {"client_email":"x@y.iam.gserviceaccount.com",
             "private_key":"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"}
            """
        );
        await AssertRefusedAsync("the file is not a service account key");
        await CreateAgentAsync(Needed);
        var good = await File.ReadAllTextAsync(_file);
        var other = good.Replace("cmek-vault-agent@", "somebody-else@", StringComparison.Ordinal);
        await File.WriteAllTextAsync(_file, other);
        await AssertRefusedAsync("invalid_grant");
        await File.WriteAllTextAsync(_file, good);
        await _vault.DistributeAsync("gcpckms");
    }

    [Theory]
    [InlineData("rsa-2048", "encrypt,decrypt", 400)]
    [InlineData("rsa-2048", "decrypt", 204)]
    [InlineData("ecdsa-p256", "sign", 204)]
    [InlineData("ecdsa-p521", "sign", 400)]
    [InlineData("aes256-gcm96", "encrypt", 400)]
    public async Task A_key_type_is_accepted_only_with_its_own_purposes(string type, string purpose, int status)
    {
        await CreateAgentAsync(Needed);
        await _vault.WriteAsync("keymgmt/key/k", $$"""{"type":"{{type}}"}""");
        var response = await _vault.SendAsync(
            "POST",
            "keymgmt/kms/gcpckms/key/k",
            $$"""{"purpose":"{{purpose}}","protection":"software"}"""
        );
        Assert.Equal(status, response.Status);
    }

    /// <summary>Creates an account with a custom role on the ring or above it, and writes its key file.</summary>
    private async Task CreateAgentAsync(string[] permissions, string on = Ring)
    {
        var role = new JsonObject
        {
            ["title"] = "cmek-vault-role",
            ["includedPermissions"] = new JsonArray([.. permissions.Select(p => (JsonNode)p)]),
        };
        await _vault.GcpOkAsync(
            Project + "/roles",
            new JsonObject { ["roleId"] = "cmek_vault_role", ["role"] = role }.ToJsonString()
        );
        var agent = await CreateAccountAsync("cmek-vault-agent");
        await GrantAsync(on, Project + "/roles/cmek_vault_role", agent);
        var key = await _vault.GcpOkAsync($"{Project}/serviceAccounts/{agent}/keys", "{}");
        await File.WriteAllBytesAsync(_file, Convert.FromBase64String((string)key["privateKeyData"]!));
    }

    private async Task<(string Cluster, string Account)> CreateClusterAccountAsync()
    {
        var cluster = _vault.Server.Cloud.Clusters.Single(c => c.Name == "gcp-us");
        var account = await CreateAccountAsync("crdb-cmek");
        await GrantAsync(
            $"{Project}/serviceAccounts/{account}",
            GcpTestBed.TokenCreator,
            $"crl-kms-user-{cluster.Id[^12..]}@{cluster.AccountId}.iam.gserviceaccount.com"
        );
        return (cluster.Id, account);
    }

    private async Task<string> CreateAccountAsync(string id)
    {
        var created = await _vault.GcpOkAsync(Project + "/serviceAccounts", $$"""{"accountId":"{{id}}"}""");
        _vault.Advance(TimeSpan.FromMinutes(1));
        return (string)created["email"]!;
    }

    private async Task GrantAsync(string resource, string role, string email)
    {
        await _vault.GcpOkAsync(resource + ":setIamPolicy", GcpTestBed.Policy(role, "serviceAccount:" + email));
        _vault.Advance(TimeSpan.FromMinutes(3));
    }

    private async Task AssertRefusedAsync(string message, string provider = "gcpckms")
    {
        var response = await _vault.TryDistributeAsync(provider, "encrypt,decrypt");
        Assert.Equal(502, response.Status);
        Assert.Contains(message, response.Error, StringComparison.Ordinal);
    }

    private Task<TestResponse> EnableAsync(string method, string cluster, string key, string account) =>
        _vault.CmekAsync(method, cluster, "us-east4", new SandboxKeySpec("GCP_CLOUD_KMS", key, account));

    private static string KeyNameOf(JsonNode distributed) => $"{Ring}/cryptoKeys/{distributed["name"]}";
}
