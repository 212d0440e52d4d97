using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox;
using CockroachCmek.Testing;
using CockroachCmek.Testing.Specs;
using Microsoft.Extensions.Time.Testing;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>A Google Cloud in the sandbox, on a clock that stands still, and a plain HTTP client for it. In the end every exchange is checked against Google's discovery documents, where they are there.</summary>
public abstract class GcpClient : IAsyncLifetime
{
    protected const string Cockroach = "crl-kms-user-00000000abcd@crl-sandbox.iam.gserviceaccount.com";
    protected const string ClusterId = "aaaaaaaa-0000-4000-8000-00000000abcd";
    protected const string Project = "v1/projects/sandbox-customer";
    protected const string Location = Project + "/locations/europe-west1";
    protected const string Ring = Location + "/keyRings/ring";
    protected const string Key = Ring + "/cryptoKeys/key";
    protected const string Symmetric = """{"purpose":"ENCRYPT_DECRYPT"}""";
    private static readonly string[] Specs = ["cloudkms.v1.discovery.json", "iam.v1.discovery.json"];
    private readonly HttpClient _http = new();

    protected GcpClient() =>
        Server = SandboxServer.Start(
            new SandboxOptions
            {
                TimeScale = 1,
                Record = true,
                Time = Time,
            }
        );

    protected FakeTimeProvider Time { get; } = new(DateTimeOffset.UtcNow);

    protected SandboxServer Server { get; }

    public ValueTask InitializeAsync()
    {
        Server.Gcp.AddForeignAccount(Cockroach);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Server.StopAsync();
        Server.Dispose();
        if (Specs.Any(s => Repository.Spec(s) is null))
            return;
        var validators = Specs.Select(s => new DiscoveryValidator(Repository.Spec(s)!)).ToArray();
        foreach (
            var exchange in Server.Exchanges.Where(e =>
                e.Request.Service == "gcp"
                && e.Fault is null
                && e.Request.Header("Content-Encoding") is null
                && !IsNewerThanTheDocuments(e.Request.Method, e.Request.Path)
            )
        )
        {
            var (method, target) = (exchange.Request.Method, exchange.Request.RawTarget);
            var validator = Array.Find(validators, v => v.Knows(method, target));
            Assert.True(validator is not null, $"No discovery document has {method} {target}");
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

    /// <summary>One call; the body as JSON, the answer too.</summary>
    protected async Task<Answer> CallAsync(
        string method,
        string path,
        string? body = null,
        string? token = null,
        bool gzip = false
    )
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(Server.GcpEndpoint, path));
        if (token != "")
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token ?? Server.Gcp.AccessToken);
        if (body is not null)
        {
            var bytes = Encoding.UTF8.GetBytes(body);
            using var packed = new MemoryStream();
            await using (
                var zip = new System.IO.Compression.GZipStream(
                    packed,
                    System.IO.Compression.CompressionMode.Compress,
                    leaveOpen: true
                )
            )
                await zip.WriteAsync(bytes);
            request.Content = new ByteArrayContent(gzip ? packed.ToArray() : bytes);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            if (gzip)
                request.Content.Headers.ContentEncoding.Add("gzip");
        }

        using var answer = await _http.SendAsync(request);
        return new Answer((int)answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync())!.AsObject());
    }

    /// <summary>A call that must succeed.</summary>
    protected async Task<JsonObject> OkAsync(string method, string path, string? body = null)
    {
        var answer = await CallAsync(method, path, body);
        Assert.True(answer.Status == 200, answer.Body.ToJsonString());
        return answer.Body;
    }

    /// <summary>A ring and in it a key.</summary>
    protected async Task<JsonObject> MakeKeyAsync()
    {
        await OkAsync("POST", Location + "/keyRings?keyRingId=ring", "{}");
        return await OkAsync("POST", Ring + "/cryptoKeys?cryptoKeyId=key", Symmetric);
    }

    /// <summary>A service account that others can see already; the answer is its e-mail address.</summary>
    protected async Task<string> MakeAccountAsync(string id)
    {
        var made = await OkAsync("POST", Project + "/serviceAccounts", $$"""{"accountId":"{{id}}"}""");
        Time.Advance(TimeSpan.FromSeconds(11));
        return (string)made["email"]!;
    }

    /// <summary>A setIamPolicy request with one binding.</summary>
    protected static string Policy(
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

    /// <summary>Resource Manager has its own document, the token endpoint none, and the deletion of keys is younger than the documents.</summary>
    private static bool IsNewerThanTheDocuments(string method, string path) =>
        path == "/token"
        || path.StartsWith("/v1/projects/sandbox-customer:", StringComparison.Ordinal)
        || (method == "DELETE" && path.Contains("/cryptoKeys/", StringComparison.Ordinal));

    protected sealed record Answer(int Status, JsonObject Body)
    {
        /// <summary>Google's name of the refusal.</summary>
        public string? Refusal => (string?)Body["error"]?["status"];

        public string Message => (string?)Body["error"]?["message"] ?? "";
    }
}
