using System.Text;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Cloud;
using CockroachCmek.Sandbox.Gcp.Logs;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>
/// The sandbox's Google Cloud at one address: Cloud KMS, IAM with deny policies, Resource Manager, organization
/// policies, Policy Troubleshooter, Cloud Logging and the token endpoint. The path selects the service.
/// </summary>
public sealed partial class GcpSandbox : ISandboxService
{
    private const string Iam = "iam.googleapis.com";
    private const string Administrator = "user:sandbox-admin@example.com";
    private readonly object _gate;
    private readonly SandboxClock _clock;
    private readonly GcpData _data;
    private readonly GcpAccounts _accounts;
    private readonly GcpAccess _access;
    private readonly GcpTokens _tokens;
    private readonly GcpGuards _guards;
    private readonly GcpProjects _projects;
    private readonly GcpResourceManager _resources;
    private readonly OrganizationPolicies _organizationPolicies;
    private readonly IamDenyPolicies _denyPolicies;
    private readonly PolicyTroubleshooter _troubleshooter;
    private readonly KmsRings _rings;
    private readonly KmsKeys _keys;
    private readonly KmsKeyVersions _versions;
    private readonly KmsEncryption _encryption;
    private readonly KmsImports _imports;
    private readonly IamAccounts _iam;
    private readonly LoggingApi _logging;
    private readonly GcpAuditLog _log;
    private readonly GcpContext _context;

    /// <param name="gate">The lock of all services.</param>
    /// <param name="clock">The sandbox's clock.</param>
    /// <param name="real">Real time, in which tokens expire.</param>
    /// <param name="data">The data of Google Cloud.</param>
    /// <param name="endpoint">
    /// The address of this service, for the token_uri of key files. Known once the server listens.
    /// </param>
    internal GcpSandbox(object gate, SandboxClock clock, TimeProvider real, GcpData data, Func<Uri> endpoint)
    {
        (_gate, _clock, _data) = (gate, clock, data);
        _accounts = new GcpAccounts(clock, data);
        var roles = new GcpRoles(data);
        var constraints = new GcpConstraints(data, _accounts);
        var memberships = new GcpMemberships(data, _accounts);
        _access = new GcpAccess(clock, data, _accounts, roles, constraints);
        _guards = new GcpGuards(data);
        _tokens = new GcpTokens(real, data, _accounts);
        _projects = new GcpProjects(_access, _accounts, roles);
        _organizationPolicies = new OrganizationPolicies(clock, data, _access);
        _resources = new GcpResourceManager(clock, _access, _organizationPolicies);
        _denyPolicies = new IamDenyPolicies(clock, data, _access, memberships);
        _troubleshooter = new PolicyTroubleshooter(clock, _access, _accounts, roles, memberships);
        _rings = new KmsRings(clock, data, _access, constraints);
        _keys = new KmsKeys(clock, data, _access, constraints, _rings);
        _versions = new KmsKeyVersions(clock, data, _access, constraints, _keys);
        _encryption = new KmsEncryption(clock, _access, _keys);
        _imports = new KmsImports(clock, data, _access, _rings, _keys);
        _iam = new IamAccounts(
            clock,
            _access,
            _accounts,
            constraints,
            new ServiceAccountKeys(clock, endpoint),
            _tokens
        );
        _logging = new LoggingApi(clock, data, _access);
        _log = new GcpAuditLog(clock, data, _access, _accounts);
        var directImport = new KmsDirectImport(clock, data, _access, _rings, _keys, _versions, _log);
        _context = new GcpContext(_accounts, _access, _guards, _denyPolicies, _keys, directImport, _log);
        _data.AdminToken = _tokens.Issue(new GcpPrincipal(Administrator, null) { IsAdministrator = true });
    }

    /// <inheritdoc/>
    public Task<SandboxResponse> HandleAsync(SandboxRequest request, CancellationToken cancellationToken)
    {
        lock (_gate)
            return Task.FromResult(Handle(request));
    }

    internal T Locked<T>(Func<GcpContext, T> work)
    {
        lock (_gate)
            return work(_context);
    }

    private SandboxResponse Handle(SandboxRequest request)
    {
        try
        {
            if (request.Method == "POST" && request.Path is "/token" or "/v1/token")
                return _tokens.Exchange(request);
            var call = GcpCall.Parse(request);
            call.Principal = _tokens.Authenticate(request);
            GcpEnums.ToNames(call.Body, call.IsAboutImportJobs);
            var body = Dispatch(call)
                ?? throw new GcpException("NOT_FOUND", $"There is no method {request.Method} {request.Path}.");
            if (call.WantsEnumNumbers)
                GcpEnums.ToNumbers(body, call.IsAboutImportJobs);
            return new SandboxResponse(
                200,
                Encoding.UTF8.GetBytes(body.ToJsonString()),
                "application/json; charset=UTF-8"
            );
        }
        catch (GcpException error)
        {
            return error.ToResponse();
        }
    }

    private JsonObject? Dispatch(GcpCall call)
    {
        if (call is { Version: "v1", Path: ["roles", ..] })
            return _projects.HandlePredefinedRoles(call);
        _projects.Normalize(call);
        var (service, handle) = Service(call);
        if (handle is null)
            return null;
        _guards.RequireEnabled(service, call.QuotaProject ?? GcpProjects.Customer, call.Name);
        _guards.RequireInside(call.Principal, service, call.Name);
        return Logged(call, service, handle);
    }

    /// <summary>Handles a call and writes it to the audit log, also when it is refused.</summary>
    private JsonObject? Logged(GcpCall call, string service, Func<GcpCall, JsonObject?> handle)
    {
        try
        {
            var response = handle(call);
            if (response is not null)
                _log.Record(call, service, response, error: null);
            return response;
        }
        catch (GcpException error)
        {
            _log.Record(call, service, response: null, error);
            throw;
        }
    }

    /// <summary>The API that a path belongs to. In production each has a host of its own.</summary>
    private (string Service, Func<GcpCall, JsonObject?>? Handle) Service(GcpCall call)
    {
        var collection = call.Path.Length > 2 ? call.Path[2] : "";
        return (call.Version, call.Path[0], collection) switch
        {
            ("v3", "iam", "") when call.Verb == "troubleshoot" && call.Method == "POST" => (
                "policytroubleshooter.googleapis.com",
                _troubleshooter.Troubleshoot
            ),
            ("v2", "policies", _) when call.Path.Length > 2 => (Iam, _denyPolicies.Handle),
            ("v2", "entries", _) or ("v2", "projects", "locations") => (LoggingApi.Host, _logging.Handle),
            (_, "projects" or "folders" or "organizations", _) when call.Path.Length < 2 => ("", null),
            ("v2", "projects" or "folders" or "organizations", "policies") => (
                "orgpolicy.googleapis.com",
                _organizationPolicies.Handle
            ),
            ("v1", "projects", "locations") => ("cloudkms.googleapis.com", HandleKms),
            ("v1", "projects", "serviceAccounts") => (Iam, _iam.Handle),
            ("v1", "projects" or "organizations", "roles") => (Iam, _projects.HandleRoles),
            ("v1" or "v3", "projects" or "folders" or "organizations", "") => (
                "cloudresourcemanager.googleapis.com",
                _resources.Handle
            ),
            _ => ("", null),
        };
    }

    private JsonObject? HandleKms(GcpCall call) =>
        _rings.Handle(call)
        ?? _keys.Handle(call)
        ?? _versions.Handle(call)
        ?? _encryption.Handle(call)
        ?? _imports.Handle(call);
}
