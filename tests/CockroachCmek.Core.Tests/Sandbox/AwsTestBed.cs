using System.Text.Json.Nodes;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>The sandbox's CockroachDB Cloud and AWS, and a client for them.</summary>
internal sealed class AwsTestBed() : SandboxTestBed(timeScale: 600)
{
    /// <summary>Sends a request in the Query protocol with the administrator's access key.</summary>
    /// <param name="change">Changes the request after it was signed.</param>
    /// <param name="secret">Default: the administrator's.</param>
    public Task<TestResponse> QueryAsync(
        string service,
        string form,
        Action<HttpRequestMessage>? change = null,
        string? secret = null
    )
    {
        var request = TestSigner.Sign(
            Server.AwsEndpoint,
            Server.Aws.AccessKeyId,
            secret ?? Server.Aws.SecretAccessKey,
            service,
            "us-east-1",
            form
        );
        change?.Invoke(request);
        return ExchangeAsync(request);
    }

    /// <summary>Calls an operation of IAM; further parameters start with an ampersand.</summary>
    public Task<TestResponse> IamAsync(string action, string parameters = "") =>
        QueryAsync("iam", $"Action={action}&Version=2010-05-08{parameters}");

    /// <summary>Calls an operation of KMS with the administrator's access key, or another one.</summary>
    public Task<TestResponse> KmsAsync(
        string operation,
        JsonObject body,
        string region = "us-east-1",
        (string Id, string Secret)? user = null
    ) =>
        ExchangeAsync(
            TestSigner.Sign(
                Server.AwsEndpoint,
                user?.Id ?? Server.Aws.AccessKeyId,
                user?.Secret ?? Server.Aws.SecretAccessKey,
                "kms",
                region,
                body.ToJsonString(),
                "application/x-amz-json-1.1",
                "TrentService." + operation
            )
        );

    /// <summary>Starts enabling CMEK on "dev-aws"; returns the cluster's id and the name of the role.</summary>
    public async Task<(string ClusterId, string Role)> EnableCmekAsync()
    {
        var cluster = Server.Cloud.Clusters.Single(c => c.Name == "dev-aws");
        var key = Server.Aws.SeedKey(cluster.Name, cluster.AccountId, Server.Cloud.OrganizationId, "us-east-1");
        Assert.Equal(200, (await CmekAsync("POST", cluster.Id, "us-east-1", key)).Status);
        return (cluster.Id, key.AuthPrincipal.Split('/').Last());
    }

    public async Task<string> CmekStatusAsync(string clusterId) =>
        (await CloudAsync("GET", $"clusters/{clusterId}/cmek")).Text("status");
}
