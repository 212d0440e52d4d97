using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Vault;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Vault in AWS KMS: the page's steps, and what the page leaves out.</summary>
public sealed class VaultAwsTests : IAsyncLifetime
{
    private readonly VaultCaller _vault = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync() => await _vault.DisposeAsync();

    [Fact]
    public async Task The_pages_steps_give_a_key_that_CockroachDB_wraps_with_once_its_policy_is_put()
    {
        await _vault.PrepareAwsAsync();
        await _vault.DistributeAsync();
        var distributed = await _vault.ReadAsync("keymgmt/kms/awskms/key/crdb-cmek-vault");
        Assert.Matches("^crdb-cmek-vault-[0-9]{10}$", (string)distributed["name"]!);
        Assert.Equal(("decrypt,encrypt", "hsm"), ((string)distributed["purpose"]!, (string)distributed["protection"]!));
        var id = (string)distributed["versions"]!["1"]!;

        var found = (await _vault.KmsAsync("DescribeKey", $$"""{"KeyId":"alias/hashicorp/{{distributed["name"]}}"}"""))[
            "KeyMetadata"
        ]!;
        Assert.Equal(
            (id, "EXTERNAL", "Enabled"),
            ((string)found["KeyId"]!, (string)found["Origin"]!, (string)found["KeyState"]!)
        );
        var (cluster, role) = await RoleAsync();
        var (status, refusal) = await EnableAsync(cluster, (string)found["Arn"]!, role);
        Assert.Equal(400, status);
        Assert.Contains("does not grant kms:Encrypt", (string)refusal["message"]!, StringComparison.Ordinal);

        await GrantAsync(id, role);
        (status, _) = await EnableAsync(cluster, (string)found["Arn"]!, role);
        Assert.Equal(200, status);
        _vault.Pass(TimeSpan.FromMinutes(30));
        Assert.Equal("ENABLED", (string)(await _vault.CloudAsync("GET", $"clusters/{cluster}/cmek")).Body["status"]!);

        await _vault.WriteAsync("keymgmt/key/crdb-cmek-vault/rotate");
        var next = (string)(await _vault.ReadAsync("keymgmt/kms/awskms/key/crdb-cmek-vault"))["versions"]!["2"]!;
        var nextArn = ((string)found["Arn"]!).Replace(id, next, StringComparison.Ordinal);
        Assert.Equal(400, (await EnableAsync(cluster, nextArn, role, "PUT")).Status);
        await GrantAsync(next, role);
        Assert.Equal(200, (await EnableAsync(cluster, nextArn, role, "PUT")).Status);
    }

    [Fact]
    public async Task A_rotation_makes_a_new_KMS_key_and_moves_the_alias()
    {
        await _vault.PrepareAwsAsync();
        await _vault.DistributeAsync();
        await _vault.WriteAsync("keymgmt/key/crdb-cmek-vault/rotate");
        var distributed = await _vault.ReadAsync("keymgmt/kms/awskms/key/crdb-cmek-vault");
        Assert.NotEqual((string)distributed["versions"]!["1"]!, (string)distributed["versions"]!["2"]!);
        Assert.Equal(
            (string)distributed["versions"]!["2"]!,
            (string)
                (await _vault.KmsAsync("DescribeKey", $$"""{"KeyId":"alias/hashicorp/{{distributed["name"]}}"}"""))[
                    "KeyMetadata"
                ]!["KeyId"]!
        );
        Assert.Equal("Enabled", await StateAsync(distributed, "1"));

        await _vault.WriteAsync("keymgmt/key/crdb-cmek-vault", """{"min_enabled_version":"2"}""");
        Assert.Equal(("Disabled", "Enabled"), (await StateAsync(distributed, "1"), await StateAsync(distributed, "2")));
        Assert.Equal(
            ["2"],
            (await _vault.ReadAsync("keymgmt/key/crdb-cmek-vault"))["versions"]!.AsObject().Select(v => v.Key)
        );
        await _vault.WriteAsync("keymgmt/key/crdb-cmek-vault", """{"min_enabled_version":0}""");
        Assert.Equal("Enabled", await StateAsync(distributed, "1"));
    }

    [Fact]
    public async Task A_key_that_is_distributed_again_is_the_same_material_in_new_KMS_keys_under_a_new_name()
    {
        await _vault.PrepareAwsAsync();
        await _vault.DistributeAsync();
        var first = await _vault.ReadAsync("keymgmt/kms/awskms/key/crdb-cmek-vault");
        Assert.Equal(204, (await _vault.SendAsync("DELETE", "keymgmt/kms/awskms/key/crdb-cmek-vault")).Status);
        Assert.Equal("PendingDeletion", await StateAsync(first, "1"));
        Assert.Empty((await _vault.KmsAsync("ListAliases", "{}"))["Aliases"]!.AsArray());
        Assert.Equal(404, (await _vault.SendAsync("GET", "keymgmt/kms/awskms/key/crdb-cmek-vault")).Status);

        await _vault.DistributeAsync();
        var second = await _vault.ReadAsync("keymgmt/kms/awskms/key/crdb-cmek-vault");
        Assert.NotEqual((string)first["name"]!, (string)second["name"]!);
        Assert.NotEqual((string)first["versions"]!["1"]!, (string)second["versions"]!["1"]!);
        Assert.Equal(Material(first), Material(second));
    }

    [Fact]
    public async Task Distributing_again_in_the_same_way_changes_nothing_and_in_another_way_is_refused()
    {
        await _vault.PrepareAwsAsync();
        await _vault.DistributeAsync();
        var before = (await _vault.ReadAsync("keymgmt/kms/awskms/key/crdb-cmek-vault")).ToJsonString();
        await _vault.DistributeAsync();
        Assert.Equal(before, (await _vault.ReadAsync("keymgmt/kms/awskms/key/crdb-cmek-vault")).ToJsonString());
        Assert.Equal(
            (400, "purpose and protection of key \"crdb-cmek-vault\" cannot be changed after it has been distributed"),
            await _vault.RefusalAsync("PUT", "keymgmt/kms/awskms/key/crdb-cmek-vault", """{"purpose":["encrypt"]}""")
        );

        await _vault.WriteAsync("keymgmt/kms/other", """{"provider":"awskms","key_collection":"eu-west-1"}""");
        Assert.Equal(
            (400, "key \"crdb-cmek-vault\" is already distributed to KMS provider \"awskms\""),
            await _vault.RefusalAsync(
                "PUT",
                "keymgmt/kms/other/key/crdb-cmek-vault",
                """{"purpose":"encrypt,decrypt"}"""
            )
        );
        Assert.Equal(["awskms"], Names(await _vault.ReadAsync("keymgmt/key/crdb-cmek-vault/kms?list=true")));
        Assert.Equal(["crdb-cmek-vault"], Names(await _vault.ReadAsync("keymgmt/kms/awskms/key?list=true")));
    }

    [Theory]
    [InlineData(
        "us-east-1",
        "access_key=nobody",
        "secret_key=x",
        "UnrecognizedClientException: The security token included in the request is invalid."
    )]
    [InlineData("us-east-1", "access_key=ID", "secret_key=x", "InvalidSignatureException: ")]
    [InlineData("us-east-1", "", "", "NoCredentialProviders: ")]
    [InlineData("eu-nowhere-1", "access_key=ID", "secret_key=SECRET", "kms.eu-nowhere-1.amazonaws.com: no such host")]
    public async Task What_AWS_refuses_is_502_with_its_sentence(
        string region,
        string id,
        string secret,
        string sentence
    )
    {
        await _vault.PrepareAwsAsync();
        var credentials =
            id.Length == 0
                ? ""
                : $$""","credentials":["{{id.Replace("ID", _vault.Server.Aws.AccessKeyId, StringComparison.Ordinal)}}","{{secret.Replace("SECRET", _vault.Server.Aws.SecretAccessKey, StringComparison.Ordinal)}}"]""";
        await _vault.WriteAsync(
            "keymgmt/kms/bad",
            $$"""{"provider":"awskms","key_collection":"{{region}}"{{credentials}}}"""
        );
        var (status, said) = await _vault.RefusalAsync(
            "PUT",
            "keymgmt/kms/bad/key/crdb-cmek-vault",
            """{"purpose":"encrypt,decrypt"}"""
        );
        Assert.Equal(502, status);
        Assert.Contains(sentence, said, StringComparison.Ordinal);
        Assert.Equal(404, (await _vault.SendAsync("GET", "keymgmt/kms/bad/key/crdb-cmek-vault")).Status);
    }

    [Fact]
    public async Task A_provider_without_credentials_uses_those_of_Vaults_server()
    {
        await _vault.PrepareAwsAsync();
        await _vault.WriteAsync("keymgmt/kms/server", """{"provider":"awskms","key_collection":"us-east-1"}""");
        _vault.Server.Vault.SetEnvironment("AWS_ACCESS_KEY_ID", _vault.Server.Aws.AccessKeyId);
        _vault.Server.Vault.SetEnvironment("AWS_SECRET_ACCESS_KEY", _vault.Server.Aws.SecretAccessKey);
        await _vault.DistributeAsync("server");
        Assert.Single((await _vault.ReadAsync("keymgmt/kms/server/key/crdb-cmek-vault"))["versions"]!.AsObject());
    }

    [Fact]
    public async Task A_user_of_AWS_without_the_permissions_gets_AWSs_refusal_and_the_missing_version_comes_later()
    {
        await _vault.PrepareAwsAsync();
        await _vault.QueryAsync("iam", "Action=CreateUser&Version=2010-05-08&UserName=vault");
        var key = System.Xml.Linq.XDocument.Parse(
            await _vault.QueryAsync("iam", "Action=CreateAccessKey&Version=2010-05-08&UserName=vault")
        );
        string Value(string name) => key.Descendants().Single(e => e.Name.LocalName == name).Value;
        await _vault.WriteAsync(
            "keymgmt/kms/awskms",
            $$$"""{"credentials":{"access_key":"{{{Value("AccessKeyId")}}}","secret_key":"{{{Value("SecretAccessKey")}}}"}}"""
        );
        Assert.Contains(
            "not authorized to perform: kms:CreateKey",
            (
                await _vault.RefusalAsync(
                    "POST",
                    "keymgmt/kms/awskms/key/crdb-cmek-vault",
                    """{"purpose":"encrypt,decrypt"}"""
                )
            ).Sentence,
            StringComparison.Ordinal
        );

        await AllowAsync("\"kms:*\"");
        await _vault.DistributeAsync();
        await AllowAsync("\"kms:DescribeKey\"");
        Assert.Equal(502, (await _vault.RefusalAsync("POST", "keymgmt/key/crdb-cmek-vault/rotate")).Status);
        Assert.Equal(2, (int)(await _vault.ReadAsync("keymgmt/key/crdb-cmek-vault"))["latest_version"]!);
        Assert.Single((await _vault.ReadAsync("keymgmt/kms/awskms/key/crdb-cmek-vault"))["versions"]!.AsObject());
        await AllowAsync("\"kms:*\"");
        await _vault.DistributeAsync();
        Assert.Equal(
            2,
            (await _vault.ReadAsync("keymgmt/kms/awskms/key/crdb-cmek-vault"))["versions"]!.AsObject().Count
        );
    }

    [Fact]
    public async Task A_key_with_replica_regions_is_one_multi_region_key_from_version_2_on()
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
            var found = (
                await _vault.KmsAsync(
                    "DescribeKey",
                    $$"""{"KeyId":"alias/hashicorp/{{distributed["name"]}}"}""",
                    region
                )
            )["KeyMetadata"]!;
            Assert.Equal((string)distributed["versions"]!["1"]!, (string)found["KeyId"]!);
            Assert.True((bool)found["MultiRegion"]!);
        }

        _vault.Server.Vault.Version = new Version(1, 19, 0);
        Assert.Equal(404, (await _vault.SendAsync("POST", "keymgmt/kms/awskms/key/wide/replicate", "{}")).Status);
        var (status, answer) = await _vault.SendAsync(
            "POST",
            "keymgmt/key/old",
            """{"type":"aes256-gcm96","replica_regions":["us-west-2"]}"""
        );
        Assert.Equal(
            (200, "Endpoint ignored these unrecognized parameters: [replica_regions]"),
            (status, (string)answer!["warnings"]![0]!)
        );
    }

    [Fact]
    public async Task Imported_material_cannot_be_rotated_in_KMS()
    {
        await _vault.PrepareAwsAsync();
        await _vault.DistributeAsync();
        var id = (string)(await _vault.ReadAsync("keymgmt/kms/awskms/key/crdb-cmek-vault"))["versions"]!["1"]!;
        var (status, refusal) = await _vault.TryKmsAsync("RotateKeyOnDemand", $$"""{"KeyId":"{{id}}"}""");
        Assert.Equal((400, "UnsupportedOperationException"), (status, (string)refusal["__type"]!));
        Assert.Contains("origin is EXTERNAL", (string)refusal["message"]!, StringComparison.Ordinal);
    }

    private async Task<(string Cluster, string Role)> RoleAsync()
    {
        var cluster = _vault.Server.Cloud.Clusters.Single(c => c.Name == "dev-aws");
        var trust =
            $$$$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::{{{{cluster.AccountId}}}}:root"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"{{{{_vault.Server.Cloud.OrganizationId}}}}"}}}]}""";
        await _vault.QueryAsync(
            "iam",
            $"Action=CreateRole&Version=2010-05-08&RoleName=cmek&AssumeRolePolicyDocument={Uri.EscapeDataString(trust)}"
        );
        _vault.Pass(TimeSpan.FromMinutes(1));
        return (cluster.Id, $"arn:aws:iam::{_vault.Server.Aws.AccountId}:role/cmek");
    }

    private Task<JsonNode> GrantAsync(string id, string role) =>
        _vault.KmsAsync(
            "PutKeyPolicy",
            new JsonObject
            {
                ["KeyId"] = id,
                ["Policy"] =
                    $$$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::{{{_vault.Server.Aws.AccountId}}}:root"},"Action":"kms:*","Resource":"*"},{"Effect":"Allow","Principal":{"AWS":"{{{role}}}"},"Action":["kms:Encrypt","kms:Decrypt","kms:GenerateDataKey*","kms:DescribeKey","kms:ReEncrypt*"],"Resource":"*"}]}""",
            }.ToJsonString()
        );

    private Task<(int Status, JsonNode Body)> EnableAsync(
        string cluster,
        string arn,
        string role,
        string method = "POST"
    ) =>
        _vault.CloudAsync(
            method,
            $"clusters/{cluster}/cmek",
            $$$$"""{"region_specs":[{"region":"us-east-1","key_spec":{"type":"AWS_KMS","uri":"{{{{arn}}}}","auth_principal":"{{{{role}}}}"}}]}"""
        );

    private Task<string> AllowAsync(string actions) =>
        _vault.QueryAsync(
            "iam",
            "Action=PutUserPolicy&Version=2010-05-08&UserName=vault&PolicyName=kms&PolicyDocument="
                + Uri.EscapeDataString(
                    $$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[{{actions}}],"Resource":"*"}]}"""
                )
        );

    private async Task<string> StateAsync(JsonNode distributed, string version) =>
        (string)
            (await _vault.KmsAsync("DescribeKey", $$"""{"KeyId":"{{distributed["versions"]![version]}}"}"""))[
                "KeyMetadata"
            ]!["KeyState"]!;

    private byte[] Material(JsonNode distributed) =>
        _vault.Server.Aws.Locked(
            (_, kms) =>
                kms.Find($"arn:aws:kms:us-east-1:{_vault.Server.Aws.AccountId}:key/{distributed["versions"]!["1"]}")!
                    .Material.Versions.Single()
                    .Bytes
        );

    private static IEnumerable<string> Names(JsonNode data) => data["keys"]!.AsArray().Select(n => (string)n!);
}
