using System.Text;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Cloud;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>
/// The sandbox's Google Cloud: Cloud KMS v1, IAM v1, Resource Manager and the token endpoint at one address. The path
/// selects the service.
/// </summary>
public sealed class GcpSandbox : ISandboxService
{
    private readonly object _gate;
    private readonly SandboxClock _clock;
    private readonly GcpData _data;
    private readonly GcpAccounts _accounts;
    private readonly GcpAccess _access;
    private readonly GcpTokens _tokens;
    private readonly GcpProjects _projects;
    private readonly KmsRings _rings;
    private readonly KmsKeys _keys;
    private readonly KmsKeyVersions _versions;
    private readonly KmsEncryption _encryption;
    private readonly KmsImports _imports;
    private readonly IamAccounts _iam;
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
        _access = new GcpAccess(clock, data, _accounts, roles);
        _tokens = new GcpTokens(real, data, _accounts);
        _projects = new GcpProjects(clock, _access, _accounts, roles);
        _rings = new KmsRings(clock, data, _access);
        _keys = new KmsKeys(clock, data, _access, _rings);
        _versions = new KmsKeyVersions(clock, data, _access, _keys);
        _encryption = new KmsEncryption(clock, _access, _keys);
        _imports = new KmsImports(clock, data, _access, _rings, _keys);
        _iam = new IamAccounts(clock, _access, _accounts, new ServiceAccountKeys(clock, endpoint));
        var directImport = new KmsDirectImport(clock, data, _access, _rings, _keys, _versions);
        _context = new GcpContext(_accounts, _access, _keys, directImport);
        _data.AdminToken = _tokens.Issue(
            new GcpPrincipal("user:sandbox-admin@example.com", null) { IsAdministrator = true }
        );
    }

    /// <summary>
    /// The customer's project, with Cloud KMS and IAM enabled. In the project "no-kms-project" Cloud KMS is disabled.
    /// </summary>
    public string ProjectId { get; } = GcpProjects.Customer;

    /// <summary>Access token of an administrator of both projects. Generated at start and valid only here.</summary>
    public string AccessToken => _data.AdminToken;

    /// <summary>How long a changed IAM policy takes to take effect, in sandbox time.</summary>
    public TimeSpan PropagationDelay
    {
        get => _data.PropagationDelay;
        set => _data.PropagationDelay = value;
    }

    /// <summary>
    /// How long a disabled version can still be used, and how long the former primary version still encrypts, in
    /// sandbox time.
    /// </summary>
    public TimeSpan KeyStateDelay
    {
        get => _data.KeyStateDelay;
        set => _data.KeyStateDelay = value;
    }

    /// <summary>
    /// True if the organization policy iam.allowedPolicyMemberDomains allows only its own members in IAM policies,
    /// which excludes Cockroach Labs.
    /// </summary>
    public bool RestrictMembers
    {
        get => _data.RestrictMembers;
        set => _data.RestrictMembers = value;
    }

    /// <summary>
    /// Adds a user with exactly these permissions, for example cloudkms.cryptoKeys.create, and returns an access token.
    /// </summary>
    public string AddPrincipal(string email, params string[] permissions)
    {
        lock (_gate)
            return _tokens.Issue(new GcpPrincipal("user:" + email, null) { Permissions = [.. permissions] });
    }

    /// <summary>Adds a service account of another organization, so that policies can name it.</summary>
    public void AddForeignAccount(string email)
    {
        lock (_gate)
            _accounts.AddForeign(email);
    }

    /// <inheritdoc/>
    public Task<SandboxResponse> HandleAsync(SandboxRequest request, CancellationToken cancellationToken)
    {
        lock (_gate)
            return Task.FromResult(Handle(request));
    }

    /// <summary>
    /// Creates a service account and a key that the cluster can use at once. Every region gets its own key; the
    /// account is shared.
    /// </summary>
    internal SandboxKeySpec SeedKey(string clusterName, string clusterId, string accountId, string region)
    {
        lock (_gate)
        {
            var created = _clock.UtcNow.AddDays(-400);
            var clusterAccount = GcpKeyUser.AccountOf(clusterId, accountId);
            _accounts.AddForeign(clusterAccount);
            if (_accounts.Find($"crdb-cmek-{clusterName}@{ProjectId}.iam.gserviceaccount.com") is not { } account)
            {
                account = _accounts.Add(ProjectId, $"crdb-cmek-{clusterName}", created);
                var resource = IamAccounts.Resource(account);
                _access.Seed(resource, "roles/iam.serviceAccountTokenCreator", clusterAccount, created);
            }

            var ring = $"projects/{ProjectId}/locations/{region}/keyRings/crdb-cmek";
            _rings.Seed(ring, created);
            var name = $"{ring}/cryptoKeys/crdb-cmek-{clusterName}";
            var key = new CryptoKey(name, "ENCRYPT_DECRYPT", "SOFTWARE", created)
            {
                Algorithm = "GOOGLE_SYMMETRIC_ENCRYPTION",
            };
            foreach (var time in new[] { created, created.AddDays(200) })
                key.MakePrimary(key.AddVersion(time), time, TimeSpan.Zero);
            _keys.Seed(key);
            _access.Seed(key.Name, "roles/cloudkms.cryptoKeyEncrypterDecrypter", account.Email, created);
            return new SandboxKeySpec("GCP_CLOUD_KMS", key.Name, account.Email);
        }
    }

    /// <summary>Takes the use of a key from its policy and grants it to the same members on the project.</summary>
    internal void MoveGrantToProject(string key)
    {
        lock (_gate)
            _access.MoveToProject(key, "roles/cloudkms.cryptoKeyEncrypterDecrypter", _clock.UtcNow.AddDays(-300));
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
            if (request.Method == "POST" && request.Path == "/token")
                return _tokens.Exchange(request);
            var call = GcpCall.Parse(request);
            call.Principal = _tokens.Authenticate(request);
            var body = Dispatch(call)
                ?? throw new GcpException("NOT_FOUND", $"There is no method {request.Method} {request.Path}.");
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
        if (call.Path[0] == "roles")
            return _projects.HandlePredefinedRoles(call);
        if (call.Path[0] != "projects" || call.Path.Length < 2)
            return null;
        _projects.Normalize(call);
        return (call.Path.Length > 2 ? call.Path[2] : "") switch
        {
            "locations" => HandleKms(call),
            "serviceAccounts" => _iam.Handle(call),
            _ => _projects.Handle(call),
        };
    }

    private JsonObject? HandleKms(GcpCall call)
    {
        if (call.Path[1] == GcpProjects.WithoutKms)
            throw GcpException.ServiceDisabled(
                "cloudkms.googleapis.com",
                "Cloud Key Management Service (KMS) API",
                GcpProjects.Numbers[GcpProjects.WithoutKms]
            );
        return _rings.Handle(call)
            ?? _keys.Handle(call)
            ?? _versions.Handle(call)
            ?? _encryption.Handle(call)
            ?? _imports.Handle(call);
    }
}
