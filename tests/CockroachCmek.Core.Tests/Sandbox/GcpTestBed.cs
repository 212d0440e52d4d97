using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CockroachCmek.Sandbox.Gcp;
using CockroachCmek.Testing.Specs;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>
/// The sandbox's Google Cloud and a client for it. When a test ends, every exchange is checked against Google's
/// discovery documents.
/// </summary>
internal sealed class GcpTestBed : SandboxTestBed
{
    public const string ClusterId = "aaaaaaaa-0000-4000-8000-00000000abcd";
    public const string ClusterAccount = "crl-kms-user-00000000abcd@crl-sandbox.iam.gserviceaccount.com";
    public const string Project = "v1/projects/sandbox-customer";
    public const string Location = Project + "/locations/europe-west1";
    public const string Ring = Location + "/keyRings/ring";
    public const string Key = Ring + "/cryptoKeys/key";
    public const string SymmetricKey = """{"purpose":"ENCRYPT_DECRYPT"}""";
    public const string EncrypterDecrypter = "roles/cloudkms.cryptoKeyEncrypterDecrypter";
    public const string TokenCreator = "roles/iam.serviceAccountTokenCreator";

    public GcpTestBed() => Sandbox.AddForeignAccount(ClusterAccount);

    public GcpSandbox Sandbox => Server.Gcp;

    /// <summary>Sends a request. Default token: the administrator's; an empty one sends none.</summary>
    public Task<TestResponse> SendAsync(
        string method,
        string path,
        string? body = null,
        string? token = null,
        bool gzip = false
    )
    {
        var request = Request(method, new Uri(Server.GcpEndpoint, path), body);
        if (token != "")
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token ?? Sandbox.AccessToken);
        if (body is not null && gzip)
            request.Content = Compressed(body);
        return ExchangeAsync(request);
    }

    /// <summary>Sends a request that must succeed and returns the response's body.</summary>
    public async Task<JsonObject> OkAsync(string method, string path, string? body = null)
    {
        var response = await SendAsync(method, path, body);
        Assert.True(response.Status == 200, response.Body.ToJsonString());
        return response.Body;
    }

    /// <summary>Creates the key ring and the key.</summary>
    public async Task<JsonObject> CreateKeyAsync()
    {
        await OkAsync("POST", Location + "/keyRings?keyRingId=ring", "{}");
        return await OkAsync("POST", Ring + "/cryptoKeys?cryptoKeyId=key", SymmetricKey);
    }

    /// <summary>Creates a service account, waits until it is visible and returns its e-mail address.</summary>
    public async Task<string> CreateServiceAccountAsync(string id)
    {
        var created = await OkAsync("POST", Project + "/serviceAccounts", $$"""{"accountId":"{{id}}"}""");
        Advance(TimeSpan.FromSeconds(11));
        return (string)created["email"]!;
    }

    /// <summary>Replaces the IAM policy of a resource with one binding.</summary>
    public Task<JsonObject> BindAsync(string resource, string role, string member) =>
        OkAsync("POST", resource + ":setIamPolicy", Policy(role, member));

    /// <summary>The path of a project's, folder's or organization's deny policies.</summary>
    public static string DenyPolicies(string place) =>
        $"v2/policies/cloudresourcemanager.googleapis.com%2F{place.Replace("/", "%2F", StringComparison.Ordinal)}/denypolicies";

    /// <summary>The body of setIamPolicy with one binding.</summary>
    public static string Policy(
        string role,
        string member,
        string? condition = null,
        int version = 1,
        string? etag = null
    )
    {
        var binding = new JsonObject { ["role"] = role, ["members"] = new JsonArray(member) };
        if (condition is not null)
            binding["condition"] = new JsonObject { ["title"] = "limited", ["expression"] = condition };
        var policy = new JsonObject { ["version"] = version, ["bindings"] = new JsonArray(binding) };
        if (etag is not null)
            policy["etag"] = etag;
        return new JsonObject { ["policy"] = policy }.ToJsonString();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        AssertConforms();
    }

    private void AssertConforms()
    {
        foreach (
            var exchange in Server.Exchanges.Where(e =>
                e.Request.Service == "gcp"
                && e.Fault is null
                && e.Request.Header("Content-Encoding") is null
                && !Regex.IsMatch(e.Request.RawTarget, "[?&]([$]|%24)") // The documents have no such names.
                && !IsUndocumented(e.Request.Method, e.Request.Path)
            )
        )
        {
            var (method, target) = (exchange.Request.Method, exchange.Request.RawTarget);
            var validator = Specifications.Gcp.FirstOrDefault(v => v.Knows(method, target));
            Assert.True(validator is not null, $"No discovery document describes {method} {target}");
            var problems = validator.Check(
                method,
                target,
                Encoding.UTF8.GetString(exchange.Request.Body),
                exchange.Response!.Status,
                Encoding.UTF8.GetString(exchange.Response.Body)
            );
            Assert.True(
                problems.Count == 0,
                $"{method} {target}: {string.Join("; ", problems)}\n{Encoding.UTF8.GetString(exchange.Response.Body)}"
            );
        }
    }

    /// <summary>
    /// The documents cover neither deny policies, organization policies, Policy Troubleshooter nor the token endpoint.
    /// Key deletion is newer than the documents.
    /// </summary>
    private static bool IsUndocumented(string method, string path) =>
        path is "/token" or "/v1/token"
        || path.EndsWith(":generateAccessToken", StringComparison.Ordinal)
        || Regex.IsMatch(path, "^/v1/(projects|folders|organizations)/[^/]+$")
        || Regex.IsMatch(path, "^/(v2/(policies|[^/]+/[^/]+/policies)|v3/iam:)")
        || (method == "DELETE" && path.Contains("/cryptoKeys/", StringComparison.Ordinal));

    private static ByteArrayContent Compressed(string body)
    {
        using var packed = new MemoryStream();
        using (var zip = new GZipStream(packed, CompressionMode.Compress, leaveOpen: true))
            zip.Write(Encoding.UTF8.GetBytes(body));
        var content = new ByteArrayContent(packed.ToArray());
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        content.Headers.ContentEncoding.Add("gzip");
        return content;
    }
}
