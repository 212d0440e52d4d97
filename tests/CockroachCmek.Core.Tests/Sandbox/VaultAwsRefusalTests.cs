using System.Text.Json.Nodes;
using System.Xml.Linq;
using static CockroachCmek.Core.Tests.Sandbox.VaultTestBed;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>What Vault and AWS refuse when a key is distributed to AWS KMS, and which credentials count.</summary>
public sealed class VaultAwsRefusalTests : IAsyncLifetime
{
    private static readonly string Distributed = InProvider("awskms");
    private readonly VaultTestBed _vault = new();

    public async ValueTask InitializeAsync() => await _vault.PrepareAwsAsync();

    public ValueTask DisposeAsync() => _vault.DisposeAsync();

    [Fact]
    public async Task Distributing_again_changes_nothing_and_with_other_purposes_is_refused()
    {
        await _vault.DistributeAsync();
        var before = (await _vault.ReadAsync(Distributed)).ToJsonString();
        await _vault.DistributeAsync();
        Assert.Equal(before, (await _vault.ReadAsync(Distributed)).ToJsonString());
        Assert.Equal(
            $"400 purpose and protection of key \"{KeyName}\" cannot be changed after it has been distributed",
            (await _vault.SendAsync("PUT", Distributed, """{"purpose":["encrypt"]}""")).Refusal
        );
    }

    [Fact]
    public async Task A_key_is_distributed_to_one_provider_only()
    {
        await _vault.DistributeAsync();
        await _vault.WriteAsync("keymgmt/kms/other", """{"provider":"awskms","key_collection":"eu-west-1"}""");
        Assert.Equal(
            $"400 key \"{KeyName}\" is already distributed to KMS provider \"awskms\"",
            (await _vault.TryDistributeAsync("other", "encrypt,decrypt")).Refusal
        );
        async Task<IEnumerable<string>> ListAsync(string path) =>
            (await _vault.ReadAsync(path + "?list=true"))["keys"]!.AsArray().Select(n => (string)n!);
        Assert.Equal(["awskms"], await ListAsync(Key + "/kms"));
        Assert.Equal([KeyName], await ListAsync("keymgmt/kms/awskms/key"));
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
    public async Task A_refusal_of_AWS_is_502_with_its_message(
        string region,
        string accessKey,
        string secretKey,
        string message
    )
    {
        var provider = new JsonObject { ["provider"] = "awskms", ["key_collection"] = region };
        if (accessKey.Length > 0)
            provider["credentials"] = new JsonArray(
                accessKey.Replace("ID", _vault.Server.Aws.AccessKeyId, StringComparison.Ordinal),
                secretKey.Replace("SECRET", _vault.Server.Aws.SecretAccessKey, StringComparison.Ordinal)
            );
        await _vault.WriteAsync("keymgmt/kms/bad", provider.ToJsonString());
        var response = await _vault.TryDistributeAsync("bad", "encrypt,decrypt");
        Assert.Equal(502, response.Status);
        Assert.Contains(message, response.Error, StringComparison.Ordinal);
        Assert.Equal(404, (await _vault.SendAsync("GET", InProvider("bad"))).Status);
    }

    [Fact]
    public async Task A_provider_without_credentials_uses_those_of_the_Vault_server()
    {
        await _vault.WriteAsync("keymgmt/kms/server", """{"provider":"awskms","key_collection":"us-east-1"}""");
        _vault.Sandbox.SetEnvironment("AWS_ACCESS_KEY_ID", _vault.Server.Aws.AccessKeyId);
        _vault.Sandbox.SetEnvironment("AWS_SECRET_ACCESS_KEY", _vault.Server.Aws.SecretAccessKey);
        await _vault.DistributeAsync("server");
        Assert.Single((await _vault.ReadAsync(InProvider("server")))["versions"]!.AsObject());
    }

    [Fact]
    public async Task An_IAM_user_without_permissions_is_refused_by_AWS()
    {
        await UseIamUserAsync();
        Assert.Contains(
            "not authorized to perform: kms:CreateKey",
            (await _vault.TryDistributeAsync("awskms", "encrypt,decrypt")).Error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_version_that_AWS_refused_is_distributed_by_the_next_distribution()
    {
        await UseIamUserAsync();
        await AllowAsync("kms:*");
        await _vault.DistributeAsync();
        await AllowAsync("kms:DescribeKey");
        Assert.Equal(502, (await _vault.SendAsync("POST", Key + "/rotate")).Status);
        Assert.Equal(2, (int)(await _vault.ReadAsync(Key))["latest_version"]!);
        Assert.Single((await _vault.ReadAsync(Distributed))["versions"]!.AsObject());
        await AllowAsync("kms:*");
        await _vault.DistributeAsync();
        Assert.Equal(2, (await _vault.ReadAsync(Distributed))["versions"]!.AsObject().Count);
    }

    /// <summary>Gives the provider the access key of a new IAM user without permissions.</summary>
    private async Task UseIamUserAsync()
    {
        await _vault.IamOkAsync("Action=CreateUser&UserName=vault");
        var key = XDocument.Parse(await _vault.IamOkAsync("Action=CreateAccessKey&UserName=vault"));
        string Value(string name) => key.Descendants().Single(e => e.Name.LocalName == name).Value;
        var credentials = new JsonObject
        {
            ["access_key"] = Value("AccessKeyId"),
            ["secret_key"] = Value("SecretAccessKey"),
        };
        await _vault.WriteAsync("keymgmt/kms/awskms", new JsonObject { ["credentials"] = credentials }.ToJsonString());
    }

    private Task AllowAsync(string action)
    {
        var policy = $$"""
            {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["{{action}}"],"Resource":"*"}]}
            """;
        return _vault.IamOkAsync(
            $"Action=PutUserPolicy&UserName=vault&PolicyName=kms&PolicyDocument={Uri.EscapeDataString(policy)}"
        );
    }
}
