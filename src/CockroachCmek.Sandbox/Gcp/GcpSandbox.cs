using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CockroachCmek.Sandbox.Cloud;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>The sandbox's Google Cloud: Cloud KMS v1, IAM v1, projects' policies and the token endpoint, at one address; paths tell them apart.</summary>
public sealed class GcpSandbox : ISandboxService
{
    private const string NoKmsProject = "no-kms-project";

    private const string CustomerProject = "sandbox-customer";

    /// <summary>Projects of the customer, with their numbers.</summary>
    private static readonly Dictionary<string, string> Projects = new()
    {
        [CustomerProject] = "200000000002",
        [NoKmsProject] = "200000000003",
    };

    private readonly object _gate;
    private readonly SandboxClock _clock;
    private readonly GcpData _data;
    private readonly GcpAccounts _accounts;
    private readonly GcpRoles _roles;
    private readonly GcpAccess _access;
    private readonly GcpTokens _tokens;
    private readonly KmsRings _rings;
    private readonly KmsKeys _keys;
    private readonly KmsImports _imports;
    private readonly IamAccounts _iam;

    /// <param name="endpoint">Where this is served, for the token_uri of key files. Known once the server listens.</param>
    internal GcpSandbox(object gate, SandboxClock clock, TimeProvider real, GcpData data, Func<Uri> endpoint)
    {
        (_gate, _clock, _data) = (gate, clock, data);
        _accounts = new GcpAccounts(clock, data);
        _roles = new GcpRoles(data);
        _access = new GcpAccess(clock, data, _accounts, _roles, Projects.Keys);
        _tokens = new GcpTokens(real, data, _accounts);
        _rings = new KmsRings(clock, data, _access);
        _keys = new KmsKeys(clock, data, _access, _rings);
        _imports = new KmsImports(clock, data, _access, _rings, _keys);
        _iam = new IamAccounts(clock, _access, _accounts, new ServiceAccountKeys(clock, endpoint));
        _data.AdminToken = _tokens.Issue(
            new GcpPrincipal("user:sandbox-admin@example.com", null) { IsAdministrator = true }
        );
    }

    /// <summary>The customer's project. Cloud KMS and IAM are enabled in it; in "no-kms-project" Cloud KMS is not.</summary>
    public string ProjectId { get; } = CustomerProject;

    /// <summary>Access token of an administrator of both projects. Made at start, worth nothing elsewhere.</summary>
    public string AccessToken => _data.AdminToken;

    /// <summary>From the writing of an IAM policy to its effect, in sandbox time.</summary>
    public TimeSpan PropagationDelay
    {
        get => _data.PropagationDelay;
        set => _data.PropagationDelay = value;
    }

    /// <summary>How long a version that was disabled can still be used, and a former primary version still encrypts, in sandbox time.</summary>
    public TimeSpan KeyStateDelay
    {
        get => _data.KeyStateDelay;
        set => _data.KeyStateDelay = value;
    }

    /// <summary>Whether the organization's policy iam.allowedPolicyMemberDomains keeps others, Cockroach Labs included, out of policies.</summary>
    public bool RestrictMembers
    {
        get => _data.RestrictMembers;
        set => _data.RestrictMembers = value;
    }

    /// <summary>Somebody with these permissions only, for example cloudkms.cryptoKeys.create; the answer is their access token.</summary>
    public string AddPrincipal(string email, params string[] permissions)
    {
        lock (_gate)
            return _tokens.Issue(new GcpPrincipal("user:" + email, null) { Permissions = [.. permissions] });
    }

    /// <summary>Makes a service account of another organization known, so that policies can name it.</summary>
    public void AddForeignAccount(string email)
    {
        lock (_gate)
            _accounts.AddForeign(email);
    }

    /// <inheritdoc/>
    public Task<SandboxResponse> HandleAsync(SandboxRequest request, CancellationToken cancellationToken)
    {
        lock (_gate)
            return Task.FromResult(Answer(request));
    }

    /// <summary>A service account and a key that are there when the sandbox starts, for a cluster that uses CMEK already; another region gets a key of its own and the same account.</summary>
    internal SandboxKeySpec SeedKey(string clusterName, string clusterId, string accountId, string region)
    {
        lock (_gate)
        {
            var made = _clock.UtcNow.AddDays(-400);
            var cockroach = GcpKeyUser.AccountOf(clusterId, accountId);
            _accounts.AddForeign(cockroach);
            if (_accounts.Find($"crdb-cmek-{clusterName}@{ProjectId}.iam.gserviceaccount.com") is not { } account)
            {
                account = _accounts.Add(ProjectId, $"crdb-cmek-{clusterName}", made);
                _access.Seed(IamAccounts.Resource(account), "roles/iam.serviceAccountTokenCreator", cockroach, made);
            }

            var ring = $"projects/{ProjectId}/locations/{region}/keyRings/crdb-cmek";
            _rings.Seed(ring, made);
            var key = new CryptoKey($"{ring}/cryptoKeys/crdb-cmek-{clusterName}", "ENCRYPT_DECRYPT", "SOFTWARE", made)
            {
                Algorithm = "GOOGLE_SYMMETRIC_ENCRYPTION",
            };
            key.MakePrimary(key.AddVersion(made), made, TimeSpan.Zero);
            key.MakePrimary(key.AddVersion(made.AddDays(200)), made.AddDays(200), TimeSpan.Zero);
            _keys.Seed(key);
            _access.Seed(key.Name, "roles/cloudkms.cryptoKeyEncrypterDecrypter", account.Email, made);
            return new SandboxKeySpec("GCP_CLOUD_KMS", key.Name, account.Email);
        }
    }

    internal T Locked<T>(Func<GcpAccounts, GcpAccess, KmsKeys, T> read)
    {
        lock (_gate)
            return read(_accounts, _access, _keys);
    }

    private SandboxResponse Answer(SandboxRequest request)
    {
        try
        {
            if (request.Method == "POST" && request.Path == "/token")
                return _tokens.Exchange(request);
            var call = GcpCall.Parse(request);
            call.Principal = _tokens.Authenticate(request);
            return new SandboxResponse(
                200,
                Encoding.UTF8.GetBytes(Dispatch(call, request).ToJsonString()),
                "application/json; charset=UTF-8"
            );
        }
        catch (GcpFault fault)
        {
            return fault.ToResponse();
        }
    }

    private JsonObject Dispatch(GcpCall call, SandboxRequest request)
    {
        if (call.Path[0] == "roles")
            return PredefinedRoles(call);
        if (call.Path[0] != "projects" || call.Path.Length < 2)
            throw NoMethod(request);
        Normalise(call);
        var isKms = call.Path.Length > 2 && call.Path[2] == "locations";
        // Of a project that is not theirs, callers learn nothing; of their own, that the service is off.
        if (isKms && call.Path[1] == NoKmsProject)
            throw GcpFault.ServiceDisabled(
                "cloudkms.googleapis.com",
                "Cloud Key Management Service (KMS) API",
                Projects[NoKmsProject]
            );
        return (
            isKms ? _rings.Answer(call) ?? _keys.Answer(call) ?? _imports.Answer(call)
            : call.Path.Length > 2 && call.Path[2] == "serviceAccounts" ? _iam.Answer(call)
            : Project(call)
        ) ?? throw NoMethod(request);
    }

    /// <summary>Projects go by id or number, and of a service account the e-mail address says which.</summary>
    private void Normalise(GcpCall call)
    {
        if (Projects.FirstOrDefault(p => p.Value == call.Path[1]).Key is { } id)
            call.Path[1] = id;
        if (call.Path.Length > 3 && call.Path[1] == "-" && call.Path[2] == "serviceAccounts")
            call.Path[1] = Regex.Match(call.Path[3], @"@([^.]+)\.iam\.gserviceaccount\.com$") is { Success: true } email
                ? email.Groups[1].Value
                : _accounts.Ever(call.Path[3])?.Project ?? "-";
    }

    /// <summary>Cloud Resource Manager's methods on a project, and IAM's custom roles.</summary>
    private JsonObject? Project(GcpCall call)
    {
        switch (call.Route)
        {
            case "GET ":
                call.AllowQuery();
                _access.Need(call.Principal, "resourcemanager.projects.get", call.Name);
                return new JsonObject
                {
                    ["projectNumber"] = Projects[call.Path[1]],
                    ["projectId"] = call.Path[1],
                    ["lifecycleState"] = "ACTIVE",
                    ["name"] = call.Path[1],
                    ["createTime"] = GcpTime.Write(_clock.UtcNow.AddDays(-400)),
                };
            case "POST :getIamPolicy":
                call.AllowQuery();
                _access.Need(call.Principal, "resourcemanager.projects.getIamPolicy", call.Name);
                GcpCall.AllowFields(call.Body, "", "options");
                var options = GcpCall.Message(call.Body, "options") ?? [];
                GcpCall.AllowFields(options, "options", "requestedPolicyVersion");
                return _access.Read(call.Name, options["requestedPolicyVersion"]?.ToJsonString());
            case "POST :setIamPolicy":
                call.AllowQuery();
                _access.Need(call.Principal, "resourcemanager.projects.setIamPolicy", call.Name);
                return _access.Write(call.Name, call.Body);
            case "POST :testIamPermissions":
                call.AllowQuery();
                return _access.Test(call.Principal, call.Name, call.Body);
            case "POST :getEffectiveOrgPolicy":
                call.AllowQuery();
                _access.Need(call.Principal, "orgpolicy.policy.get", call.Name);
                return _access.OrganizationPolicy(call.Body);
            case "POST roles":
                call.AllowQuery();
                _access.Need(call.Principal, "iam.roles.create", call.Up(1));
                return _roles.Create(call);
            case "GET roles":
                call.AllowQuery("pageSize", "pageToken", "showDeleted", "view");
                _access.Need(call.Principal, "iam.roles.list", call.Up(1));
                return call.Page(
                    "roles",
                    _roles.OfProject(call.Up(1)).Select(r => r.ToJson(call.Argument("view") == "FULL")),
                    1000,
                    withTotal: false
                );
            case "GET roles/*":
                call.AllowQuery();
                _access.Need(call.Principal, "iam.roles.get", call.Up(2));
                return (
                    _roles.Find(call.Name)
                    ?? throw new GcpFault("NOT_FOUND", $"The role named {call.Name} was not found.")
                ).ToJson(full: true);
            default:
                return null;
        }
    }

    /// <summary>The predefined roles that this sandbox knows. Anybody may read them.</summary>
    private JsonObject PredefinedRoles(GcpCall call)
    {
        if (call.Method != "GET" || call.Verb.Length > 0 || call.Path.Length > 2)
            throw new GcpFault("NOT_FOUND", "There is no such method on roles.");
        call.AllowQuery("pageSize", "pageToken", "parent", "showDeleted", "view");
        if (call.Path.Length == 1)
            return call.Page(
                "roles",
                GcpRoles.Catalogue.Select(r => r.ToJson(call.Argument("view") == "FULL")),
                1000,
                withTotal: false
            );
        return (
            _roles.Find(call.Name) ?? throw new GcpFault("NOT_FOUND", $"The role named {call.Name} was not found.")
        ).ToJson(full: true);
    }

    private static GcpFault NoMethod(SandboxRequest request) =>
        new("NOT_FOUND", $"There is no method {request.Method} {request.Path}.");
}
