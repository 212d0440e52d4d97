using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Cloud;
using static CockroachCmek.Core.Tests.Sandbox.VaultTestBed;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Vault distributes keys to AWS KMS, as Cockroach Labs' page describes and beyond it.</summary>
public sealed class VaultAwsTests : IAsyncDisposable
{
    private static readonly string Distributed = InProvider("awskms");
    private readonly VaultTestBed _vault = new();

    public ValueTask DisposeAsync() => _vault.DisposeAsync();

    [Fact]
    public async Task A_distributed_key_is_a_KMS_key_with_imported_material_and_an_alias()
    {
        await _vault.PrepareAwsAsync();
        await _vault.DistributeAsync();
        var distributed = await _vault.ReadAsync(Distributed);
        Assert.Matches("^crdb-cmek-vault-[0-9]{10}$", (string)distributed["name"]!);
        Assert.Equal(("decrypt,encrypt", "hsm"), ((string)distributed["purpose"]!, (string)distributed["protection"]!));
        var key = await DescribeAsync(Alias(distributed));
        Assert.Equal(
            (Version(distributed, 1), "EXTERNAL", "Enabled"),
            ((string)key["KeyId"]!, (string)key["Origin"]!, (string)key["KeyState"]!)
        );
    }

    [Fact]
    public async Task CockroachDB_wraps_with_each_version_once_its_key_policy_allows_it()
    {
        await _vault.PrepareAwsAsync();
        await _vault.DistributeAsync();
        var (cluster, role) = await CreateRoleAsync();
        var id = Version(await _vault.ReadAsync(Distributed), 1);
        var arn = (string)(await DescribeAsync(id))["Arn"]!;
        var refused = await EnableAsync("POST", cluster, arn, role);
        Assert.Equal(400, refused.Status);
        Assert.Contains("does not grant kms:Encrypt", refused.Text("message"), StringComparison.Ordinal);

        await GrantAsync(id, role);
        Assert.Equal(200, (await EnableAsync("POST", cluster, arn, role)).Status);
        _vault.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal("ENABLED", (await _vault.CloudAsync("GET", $"clusters/{cluster}/cmek")).Text("status"));

        await _vault.WriteAsync(Key + "/rotate");
        var next = Version(await _vault.ReadAsync(Distributed), 2);
        var nextArn = arn.Replace(id, next, StringComparison.Ordinal);
        Assert.Equal(400, (await EnableAsync("PUT", cluster, nextArn, role)).Status);
        await GrantAsync(next, role);
        Assert.Equal(200, (await EnableAsync("PUT", cluster, nextArn, role)).Status);
    }

    [Fact]
    public async Task A_rotation_creates_a_new_KMS_key_and_moves_the_alias()
    {
        await _vault.PrepareAwsAsync();
        await _vault.DistributeAsync();
        await _vault.WriteAsync(Key + "/rotate");
        var distributed = await _vault.ReadAsync(Distributed);
        Assert.NotEqual(Version(distributed, 1), Version(distributed, 2));
        Assert.Equal(Version(distributed, 2), (string)(await DescribeAsync(Alias(distributed)))["KeyId"]!);
        Assert.Equal("Enabled", await StateAsync(distributed, 1));
    }

    [Fact]
    public async Task Versions_below_the_minimum_are_disabled_in_KMS()
    {
        await _vault.PrepareAwsAsync();
        await _vault.DistributeAsync();
        await _vault.WriteAsync(Key + "/rotate");
        var distributed = await _vault.ReadAsync(Distributed);
        await _vault.WriteAsync(Key, """{"min_enabled_version":"2"}""");
        Assert.Equal("Disabled", await StateAsync(distributed, 1));
        Assert.Equal("Enabled", await StateAsync(distributed, 2));
        Assert.Equal(["2"], (await _vault.ReadAsync(Key))["versions"]!.AsObject().Select(v => v.Key));
        await _vault.WriteAsync(Key, """{"min_enabled_version":0}""");
        Assert.Equal("Enabled", await StateAsync(distributed, 1));
    }

    [Fact]
    public async Task Distributing_again_after_a_removal_puts_the_same_material_into_new_KMS_keys()
    {
        await _vault.PrepareAwsAsync();
        await _vault.DistributeAsync();
        var first = await _vault.ReadAsync(Distributed);
        await _vault.DeleteAsync(Distributed);
        Assert.Equal("PendingDeletion", await StateAsync(first, 1));
        Assert.Empty((await _vault.KmsOkAsync("ListAliases", "{}"))["Aliases"]!.AsArray());
        Assert.Equal(404, (await _vault.SendAsync("GET", Distributed)).Status);

        await _vault.DistributeAsync();
        var second = await _vault.ReadAsync(Distributed);
        Assert.NotEqual((string)first["name"]!, (string)second["name"]!);
        Assert.NotEqual(Version(first, 1), Version(second, 1));
        Assert.Equal(Material(first), Material(second));
    }

    [Fact]
    public async Task A_key_with_replica_regions_becomes_one_multi_region_key()
    {
        await _vault.PrepareAwsAsync();
        await _vault.WriteAsync(
            "keymgmt/key/wide",
            """{"type":"aes256-gcm96","replica_regions":["us-west-2","us-east-2"]}"""
        );
        await _vault.WriteAsync("keymgmt/kms/awskms/key/wide", """{"purpose":"encrypt,decrypt"}""");
        await _vault.WriteAsync("keymgmt/kms/awskms/key/wide/replicate", "{}");
        await _vault.WriteAsync("keymgmt/kms/awskms/key/wide/replicate", "{}");
        var distributed = await _vault.ReadAsync("keymgmt/kms/awskms/key/wide");
        foreach (var region in new[] { "us-east-1", "us-west-2", "us-east-2" })
        {
            var key = await DescribeAsync(Alias(distributed), region);
            Assert.Equal(Version(distributed, 1), (string)key["KeyId"]!);
            Assert.True((bool)key["MultiRegion"]!);
        }
    }

    [Fact]
    public async Task Vault_before_2_0_ignores_replica_regions_and_cannot_replicate()
    {
        await _vault.PrepareAwsAsync();
        await _vault.DistributeAsync();
        _vault.Sandbox.Version = new Version(1, 19, 0);
        Assert.Equal(404, (await _vault.SendAsync("POST", Distributed + "/replicate", "{}")).Status);
        var response = await _vault.SendAsync(
            "POST",
            "keymgmt/key/old",
            """{"type":"aes256-gcm96","replica_regions":["us-west-2"]}"""
        );
        Assert.Equal(200, response.Status);
        Assert.Equal(
            "Endpoint ignored these unrecognized parameters: [replica_regions]",
            (string)response.Body["warnings"]![0]!
        );
    }

    [Fact]
    public async Task KMS_does_not_rotate_imported_material()
    {
        await _vault.PrepareAwsAsync();
        await _vault.DistributeAsync();
        var id = Version(await _vault.ReadAsync(Distributed), 1);
        var response = await _vault.KmsAsync("RotateKeyOnDemand", $$"""{"KeyId":"{{id}}"}""");
        Assert.Equal((400, "KMSInvalidStateException"), (response.Status, response.Text("__type")));
        Assert.Contains("No available key material pending rotation", response.Text("message"));
    }

    private async Task<(string Cluster, string Role)> CreateRoleAsync()
    {
        var cluster = _vault.Server.Cloud.Clusters.Single(c => c.Name == "dev-aws");
        var trust = $$$$"""
            {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",
             "Principal":{"AWS":"arn:aws:iam::{{{{cluster.AccountId}}}}:root"},
             "Condition":{"StringEquals":{"sts:ExternalId":"{{{{_vault.Server.Cloud.OrganizationId}}}}"}}}]}
            """;
        await _vault.IamOkAsync(
            $"Action=CreateRole&RoleName=cmek&AssumeRolePolicyDocument={Uri.EscapeDataString(trust)}"
        );
        _vault.Advance(TimeSpan.FromMinutes(1));
        return (cluster.Id, $"arn:aws:iam::{_vault.Server.Aws.AccountId}:role/cmek");
    }

    private Task GrantAsync(string id, string role)
    {
        var policy = $$"""
            {"Version":"2012-10-17","Statement":[
             {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::{{_vault.Server.Aws.AccountId}}:root"},
              "Action":"kms:*","Resource":"*"},
             {"Effect":"Allow","Principal":{"AWS":"{{role}}"},
              "Action":["kms:Encrypt","kms:Decrypt","kms:GenerateDataKey*","kms:DescribeKey","kms:ReEncrypt*"],
              "Resource":"*"}]}
            """;
        return _vault.KmsOkAsync("PutKeyPolicy", new JsonObject { ["KeyId"] = id, ["Policy"] = policy }.ToJsonString());
    }

    private Task<TestResponse> EnableAsync(string method, string cluster, string arn, string role) =>
        _vault.CmekAsync(method, cluster, "us-east-1", new SandboxKeySpec("AWS_KMS", arn, role));

    private async Task<JsonNode> DescribeAsync(string key, string region = "us-east-1") =>
        (await _vault.KmsOkAsync("DescribeKey", $$"""{"KeyId":"{{key}}"}""", region))["KeyMetadata"]!;

    private async Task<string> StateAsync(JsonNode distributed, int version) =>
        (string)(await DescribeAsync(Version(distributed, version)))["KeyState"]!;

    private byte[] Material(JsonNode distributed) =>
        _vault.Server.Aws.Locked(
            (_, kms) =>
                kms.Find($"arn:aws:kms:us-east-1:{_vault.Server.Aws.AccountId}:key/{Version(distributed, 1)}")!
                    .Material.Versions.Single()
                    .Bytes
        );

    private static string Alias(JsonNode distributed) => $"alias/hashicorp/{distributed["name"]}";

    /// <summary>The KMS key id of a version.</summary>
    private static string Version(JsonNode distributed, int number) => (string)distributed["versions"]![$"{number}"]!;
}
