using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Vault;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>The sandbox's HashiCorp Vault and a client for it and for the clouds that it distributes keys to.</summary>
internal sealed class VaultTestBed() : SandboxTestBed(timeScale: 600)
{
    /// <summary>The key that tests distribute.</summary>
    public const string KeyName = "crdb-cmek-vault";
    public const string Key = "keymgmt/key/" + KeyName;

    public VaultSandbox Sandbox => Server.Vault;

    /// <summary>The path of the key in a KMS provider.</summary>
    public static string InProvider(string provider) => $"keymgmt/kms/{provider}/key/{KeyName}";

    /// <summary>Sends a request. Default token: the root token; an empty one sends none.</summary>
    public Task<TestResponse> SendAsync(
        string method,
        string path,
        string? body = null,
        string? token = null,
        string? inNamespace = null
    )
    {
        var request = Request(method, new Uri(Server.VaultEndpoint, "v1/" + path), body);
        if (token != "")
            request.Headers.Add("X-Vault-Token", token ?? Sandbox.RootToken);
        if (inNamespace is not null)
            request.Headers.Add("X-Vault-Namespace", inNamespace);
        return ExchangeAsync(request);
    }

    /// <summary>Reads a path that must exist and returns its data.</summary>
    public async Task<JsonNode> ReadAsync(string path)
    {
        var response = await SendAsync("GET", path);
        Assert.Equal(200, response.Status);
        return response.Body["data"]!;
    }

    public Task WriteAsync(string path, string? body = null) => DoneAsync("POST", path, body);

    public Task DeleteAsync(string path) => DoneAsync("DELETE", path, null);

    public Task MountAsync() => WriteAsync("sys/mounts/keymgmt", """{"type":"keymgmt"}""");

    /// <summary>
    /// Mounts the engine, adds the provider "awskms" with the sandbox's credentials, and creates the key.
    /// </summary>
    public async Task PrepareAwsAsync()
    {
        await MountAsync();
        await WriteAsync(
            "keymgmt/kms/awskms",
            $$"""
            {"provider":"awskms","key_collection":"us-east-1",
             "credentials":["access_key={{Server.Aws.AccessKeyId}}","secret_key={{Server.Aws.SecretAccessKey}}"]}
            """
        );
        await WriteAsync(Key, """{"type":"aes256-gcm96"}""");
    }

    public Task DistributeAsync(string provider = "awskms", string purpose = "encrypt,decrypt") =>
        WriteAsync(InProvider(provider), $$"""{"purpose":"{{purpose}}","protection":"hsm"}""");

    /// <summary>Distributes the key, which Vault or the cloud should refuse. Default protection: Vault's.</summary>
    public Task<TestResponse> TryDistributeAsync(string provider, string purpose, string? protection = null)
    {
        var more = protection is null ? "" : $",\"protection\":\"{protection}\"";
        return SendAsync("POST", InProvider(provider), $$"""{"purpose":"{{purpose}}"{{more}}}""");
    }

    /// <summary>Sends a request to AWS KMS with the sandbox's credentials.</summary>
    public Task<TestResponse> KmsAsync(string operation, string body, string region = "us-east-1") =>
        ExchangeAsync(
            TestSigner.Sign(
                Server.AwsEndpoint,
                Server.Aws.AccessKeyId,
                Server.Aws.SecretAccessKey,
                "kms",
                region,
                body,
                "application/x-amz-json-1.1",
                "TrentService." + operation
            )
        );

    /// <summary>Sends a request to AWS KMS that must succeed and returns the response's body.</summary>
    public async Task<JsonObject> KmsOkAsync(string operation, string body, string region = "us-east-1")
    {
        var response = await KmsAsync(operation, body, region);
        Assert.True(response.Status == 200, response.Body.ToJsonString());
        return response.Body;
    }

    /// <summary>Sends a request to AWS IAM that must succeed and returns the response's XML.</summary>
    public async Task<string> IamOkAsync(string form)
    {
        var response = await ExchangeAsync(
            TestSigner.Sign(
                Server.AwsEndpoint,
                Server.Aws.AccessKeyId,
                Server.Aws.SecretAccessKey,
                "iam",
                "us-east-1",
                "Version=2010-05-08&" + form
            )
        );
        Assert.True(response.Status == 200, response.Text("text"));
        return response.Text("text");
    }

    /// <summary>Sends a request to Google Cloud that must succeed: GET without a body, POST with one.</summary>
    public async Task<JsonObject> GcpOkAsync(string path, string? body = null)
    {
        var request = Request(body is null ? "GET" : "POST", new Uri(Server.GcpEndpoint, "v1/" + path), body);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Server.Gcp.AccessToken);
        var response = await ExchangeAsync(request);
        Assert.True(response.Status == 200, $"{path}: {response.Body}");
        return response.Body;
    }

    private async Task DoneAsync(string method, string path, string? body)
    {
        var response = await SendAsync(method, path, body);
        Assert.True(response.Status == 204, $"{method} {path}: {response.Refusal}");
    }
}
