using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys.Gcp;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Gcp.Access;

/// <summary>
/// A Google Cloud of policies alone: a key, its ring, project, folder and organization, a service account, roles and
/// deny policies. It refuses what the caller has no permission for, and knows no other request.
/// </summary>
internal sealed class GcpPolicyCloud : HttpMessageHandler
{
    public const string Project = "crdb-prod";
    public const string Ring = $"projects/{Project}/locations/europe-west1/keyRings/crdb-cmek";
    public const string Key = $"{Ring}/cryptoKeys/crdb";
    public const string Account = $"crdb-cmek@{Project}.iam.gserviceaccount.com";
    public const string AccountResource = $"projects/{Project}/serviceAccounts/{Account}";
    public const string Folder = "folders/111";
    public const string Organization = "organizations/222";
    public const string ProjectResource = $"projects/{Project}";
    public const string AnyRole = "iam.roles.get";

    private static readonly string[] Above = [ProjectResource, Folder, Organization];

    private readonly Dictionary<string, JsonArray> _policies = [];
    private readonly Dictionary<string, JsonArray> _denies = [];

    /// <summary>Permissions that the caller lacks.</summary>
    public HashSet<string> Withheld { get; } = [];

    /// <summary>Custom roles, by their permissions.</summary>
    public Dictionary<string, string[]> Roles { get; } = [];

    /// <summary>Policy Troubleshooter's answer by permission; empty when its API is not enabled.</summary>
    public Dictionary<string, string> Troubleshooter { get; } = [];

    /// <summary>The service account is disabled.</summary>
    public bool IsDisabled { get; init; }

    public List<string> Requests { get; } = [];

    public RecordingLog Log { get; } = new();

    public static CrdbCluster Cluster { get; } =
        new()
        {
            Id = "00000000-0000-0000-0000-0123456789ab",
            Name = "prod",
            CloudProvider = "GCP",
            AccountId = "crl-prod",
            Regions = [new CrdbRegion { Name = "europe-west1" }],
        };

    public static string Member => $"serviceAccount:{Account}";

    public static string KmsUser => "serviceAccount:crl-kms-user-0123456789ab@crl-prod.iam.gserviceaccount.com";

    public static CmekRegionSpec Spec { get; } = CmekRegionSpec.Create("europe-west1", "GCP_CLOUD_KMS", Key, Account);

    /// <summary>One run of the module.</summary>
    public OperationContext Context =>
        new(Log, new ScaledTimeProvider(TimeProvider.System, 20_000), CancellationToken.None);

    /// <summary>Sets the bindings of a resource.</summary>
    public GcpPolicyCloud Bind(string resource, params string[] bindings) =>
        Bind(resource, (JsonArray)JsonNode.Parse($"[{string.Join(',', bindings)}]")!);

    public GcpPolicyCloud Bind(string resource, JsonArray bindings)
    {
        _policies[resource] = bindings;
        return this;
    }

    /// <summary>Attaches a deny policy with one rule to a project, a folder or an organization.</summary>
    public GcpPolicyCloud Deny(string resource, string rule)
    {
        var all = _denies.TryGetValue(resource, out var known) ? known : _denies[resource] = [];
        all.Add(
            new JsonObject
            {
                ["name"] = $"policies/{Attachment(resource)}/denypolicies/d{all.Count}",
                ["displayName"] = $"guardrail {all.Count}",
                ["rules"] = new JsonArray(new JsonObject { ["denyRule"] = JsonNode.Parse(rule) }),
            }
        );
        return this;
    }

    public GcpKeyProvider Connect() =>
        new(
            new GcpCustomerCloud(),
            new GcpConnection
            {
                AccessToken = new Secret("tok-for-tests"),
                Project = Project,
                Handler = this,
            }
        );

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request,
        CancellationToken cancellationToken
    )
    {
        var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
        var path = request.RequestUri!.AbsolutePath;
        lock (Requests)
        {
            Requests.Add($"{request.Method} {path}");
            return Respond(path, body);
        }
    }

    private HttpResponseMessage Respond(string path, string body)
    {
        if (path == "/v3/iam:troubleshoot")
            return Troubleshoot(JsonNode.Parse(body)!["accessTuple"]!);
        if (path.StartsWith("/v2/policies/", StringComparison.Ordinal))
            return RespondDenies(path);
        var (resource, verb) = path.Split(':') is [var r, var v] ? (r, v) : (path, "");
        resource = resource[4..]; // "/v1/" and "/v3/"
        return verb switch
        {
            "getIamPolicy" when PermissionOf(resource) is { Length: > 0 } permission => If(
                permission,
                Policy(resource)
            ),
            "getAncestry" => If("resourcemanager.projects.get", Ancestry()),
            "getEffectiveOrgPolicy" => If("orgpolicy.policy.get", """{"constraint":"c"}"""),
            "getEffectivePolicy" => If("orgpolicy.policy.get", "{}"),
            _ when resource == Key => If(
                "cloudkms.cryptoKeys.get",
                $$$"""
                {"name":"{{{Key}}}","purpose":"ENCRYPT_DECRYPT","versionTemplate":{"protectionLevel":"SOFTWARE"},
                "primary":{"name":"{{{Key}}}/cryptoKeyVersions/1","state":"ENABLED"}}
                """
            ),
            _ when resource == $"{Key}/cryptoKeyVersions" => If(
                "cloudkms.cryptoKeyVersions.list",
                $$$"""{"cryptoKeyVersions":[{"name":"{{{Key}}}/cryptoKeyVersions/1","state":"ENABLED"}]}"""
            ),
            _ when resource == AccountResource => If(
                "iam.serviceAccounts.get",
                $$"""
                {"name":"{{AccountResource}}","email":"{{Account}}","disabled":{{(IsDisabled ? "true" : "false")}}}
                """
            ),
            _ when Roles.TryGetValue(resource, out var permissions) => If(
                AnyRole,
                new JsonObject
                {
                    ["name"] = resource,
                    ["stage"] = "GA",
                    ["includedPermissions"] = new JsonArray([.. permissions.Select(p => (JsonNode)p)]),
                }.ToJsonString()
            ),
            _ => Error(404, "NOT_FOUND", $"{path} was not found."),
        };
    }

    /// <summary>The list leaves the rules out, as Google's does.</summary>
    private HttpResponseMessage RespondDenies(string path)
    {
        var resource = Above.Single(a => path.Contains(Attachment(a), StringComparison.Ordinal));
        var policies = _denies.TryGetValue(resource, out var known) ? known : [];
        if (path.EndsWith("/denypolicies", StringComparison.Ordinal))
            return If(
                "iam.denypolicies.list",
                new JsonObject
                {
                    ["policies"] = new JsonArray([
                        .. policies.Select(p => (JsonNode)new JsonObject { ["name"] = (string?)p!["name"] }),
                    ]),
                }.ToJsonString()
            );
        var id = path.Split('/').Last();
        return If(
            "iam.denypolicies.get",
            policies.Single(p => ((string)p!["name"]!).EndsWith($"/{id}", StringComparison.Ordinal))!.ToJsonString()
        );
    }

    private HttpResponseMessage Troubleshoot(JsonNode tuple) =>
        Troubleshooter.TryGetValue((string)tuple["permission"]!, out var state)
            ? Json(
                new JsonObject
                {
                    ["overallAccessState"] = state.Split(' ')[0],
                    ["denyPolicyExplanation"] = new JsonObject
                    {
                        ["denyAccessState"] = state.EndsWith(" DENIED", StringComparison.Ordinal)
                            ? "DENY_ACCESS_STATE_DENIED"
                            : "DENY_ACCESS_STATE_NOT_DENIED",
                    },
                }.ToJsonString()
            )
            : Error(403, "PERMISSION_DENIED", "Policy Troubleshooter API has not been used in project 1 before.");

    private static string Attachment(string resource) =>
        Uri.EscapeDataString($"cloudresourcemanager.googleapis.com/{resource}");

    private string Policy(string resource) =>
        new JsonObject
        {
            ["version"] = 3,
            ["etag"] = "BwY=",
            ["bindings"] = _policies.TryGetValue(resource, out var bindings) ? bindings.DeepClone() : new JsonArray(),
        }.ToJsonString();

    private static string Ancestry() =>
        new JsonObject
        {
            ["ancestor"] = new JsonArray([
                .. Above
                    .Select(a => a.Split('/'))
                    .Select(a =>
                        (JsonNode)
                            new JsonObject
                            {
                                ["resourceId"] = new JsonObject { ["type"] = a[0].TrimEnd('s'), ["id"] = a[1] },
                            }
                    ),
            ]),
        }.ToJsonString();

    private static string PermissionOf(string resource) =>
        resource switch
        {
            Key => "cloudkms.cryptoKeys.getIamPolicy",
            Ring => "cloudkms.keyRings.getIamPolicy",
            ProjectResource => "resourcemanager.projects.getIamPolicy",
            Folder => "resourcemanager.folders.getIamPolicy",
            Organization => "resourcemanager.organizations.getIamPolicy",
            AccountResource => "iam.serviceAccounts.getIamPolicy",
            _ => "",
        };

    private HttpResponseMessage If(string permission, string json) =>
        Withheld.Contains(permission)
            ? Error(403, "PERMISSION_DENIED", $"Permission '{permission}' denied on resource (or it may not exist).")
            : Json(json);

    private static HttpResponseMessage Error(int code, string status, string message) =>
        Json($$$"""{"error":{"code":{{{code}}},"message":"{{{message}}}","status":"{{{status}}}"}}""", code);

    private static HttpResponseMessage Json(string json, int status = 200) =>
        new((HttpStatusCode)status) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
}
