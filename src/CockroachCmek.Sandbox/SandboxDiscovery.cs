using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox;

/// <summary>
/// GET /.well-known/cockroachcmek-sandbox at the address of the CockroachDB Cloud API: the addresses and credentials of
/// this sandbox's clouds. A client that finds it uses these clouds and never real credentials. It needs any API key of
/// the sandbox.
/// </summary>
internal static class SandboxDiscovery
{
    public const string Path = "/.well-known/cockroachcmek-sandbox";

    public static bool IsAskedFor(string service, ParsedRequest request) =>
        service == "cloud" && request.Method == "GET" && request.Target.Split('?')[0] == Path;

    public static SandboxResponse Respond(SandboxServer server, ParsedRequest request)
    {
        var authorization = request
            .Headers.FirstOrDefault(h => string.Equals(h.Key, "Authorization", StringComparison.OrdinalIgnoreCase))
            .Value;
        var isAllowed = server.Cloud.IsAuthorized(authorization);
        var body = isAllowed
            ? Describe(server)
            : new JsonObject
            {
                ["code"] = 16,
                ["message"] = "unauthorized",
                ["details"] = new JsonArray(),
            };
        return new SandboxResponse(
            isAllowed ? 200 : 401,
            Encoding.UTF8.GetBytes(body.ToJsonString()),
            "application/json"
        )
        {
            Headers = [new("Cache-Control", "no-store"), new("X-CockroachCmek-Sandbox", "1")],
        };
    }

    private static JsonObject Describe(SandboxServer server) =>
        new()
        {
            ["timeScale"] = server.Clock.Scale,
            ["time"] = server.Clock.UtcNow.ToString("O", CultureInfo.InvariantCulture),
            ["aws"] = new JsonObject
            {
                ["endpoint"] = server.AwsEndpoint.ToString(),
                ["accessKeyId"] = server.Aws.AccessKeyId,
                ["secretAccessKey"] = server.Aws.SecretAccessKey,
            },
            ["gcp"] = new JsonObject
            {
                ["endpoint"] = server.GcpEndpoint.ToString(),
                ["accessToken"] = server.Gcp.AccessToken,
                ["project"] = server.Gcp.ProjectId,
            },
            ["azure"] = new JsonObject
            {
                ["port"] = server.AzureEndpoint.Port,
                ["caCertificate"] = Convert.ToBase64String(server.Azure.CaCertificate.RawData),
                ["tenantId"] = server.Azure.TenantId,
                ["clientId"] = server.Azure.Admin.ClientId,
                ["clientSecret"] = server.Azure.Admin.Secret,
                ["keyVaultName"] = server.Azure.VaultName,
            },
            ["vault"] = new JsonObject
            {
                ["address"] = server.VaultEndpoint.ToString(),
                ["token"] = server.Vault.RootToken,
            },
        };
}
