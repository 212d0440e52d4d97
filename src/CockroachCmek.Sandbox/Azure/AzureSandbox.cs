using System.Security.Cryptography.X509Certificates;
using System.Text;
using CockroachCmek.Sandbox.Azure.Logs;
using CockroachCmek.Sandbox.Cloud;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>
/// The sandbox's Azure: Entra ID, Microsoft Graph, Resource Manager and Key Vault at one address. The host name selects
/// the service.
/// </summary>
public sealed partial class AzureSandbox : ISandboxService, IDisposable
{
    private readonly object _gate;
    private readonly AzureData _data;
    private readonly AzureContext _context;
    private readonly AzureSetup _setup;
    private readonly AzureCertificates _certificates;
    private readonly IAzureService _entra;
    private readonly IAzureService _graph;
    private readonly IAzureService _arm;
    private readonly IAzureService _keyVault;
    private readonly IAzureService _logs;

    internal AzureSandbox(object gate, SandboxClock clock, TimeProvider real, AzureData data)
    {
        (_gate, _data) = (gate, data);
        _context = new AzureContext(clock, real, data);
        _certificates = new AzureCertificates(real.GetUtcNow());
        _entra = new EntraService(_context);
        _graph = new GraphService(_context);
        _arm = new ArmService(_context, data);
        _keyVault = new KeyVaultService(_context, VaultName);
        _logs = new LogAnalyticsService(_context, data);
        _setup = new AzureSetup(_context, data);
        _setup.CreateAll();
    }

    /// <summary>The customer's tenant: the auth principal of its keys.</summary>
    public string TenantId => _data.TenantId;

    /// <summary>The tenant of another customer.</summary>
    public string ForeignTenantId => _data.ForeignTenantId;

    /// <summary>The customer's subscription.</summary>
    public string SubscriptionId => _data.SubscriptionId;

    /// <summary>The subscription of another customer.</summary>
    public string ForeignSubscriptionId => _data.ForeignSubscriptionId;

    /// <summary>The resource group of the key vaults.</summary>
    public string ResourceGroup { get; } = AzureSetup.ResourceGroup;

    /// <summary>The management group above the customer's subscription.</summary>
    public string ManagementGroupId { get; } = AzureScopes.ManagementGroups + AzureSetup.ManagementGroup;

    /// <summary>The region of the key vaults.</summary>
    public string Location { get; } = AzureSetup.Location;

    /// <summary>The key vault as it should be: role-based access and purge protection.</summary>
    public string VaultName { get; } = AzureSetup.RbacVault;

    /// <summary>A key vault with access policies and without purge protection.</summary>
    public string PolicyVaultName { get; } = AzureSetup.PolicyVault;

    /// <summary>A key vault whose firewall blocks everybody.</summary>
    public string WalledVaultName { get; } = AzureSetup.FirewalledVault;

    /// <summary>A premium key vault, which also keeps RSA-HSM keys.</summary>
    public string PremiumVaultName { get; } = AzureSetup.PremiumVault;

    /// <summary>A key vault of the foreign tenant.</summary>
    public string ForeignVaultName { get; } = AzureSetup.ForeignVault;

    /// <summary>An application with all rights.</summary>
    public AzurePrincipal Admin => _data.Admin;

    /// <summary>The managed identity, with the same rights.</summary>
    public AzurePrincipal ManagedIdentity => _data.ManagedIdentity;

    /// <summary>How long roles and access policies take to reach the key vaults, in sandbox time.</summary>
    public TimeSpan PropagationDelay
    {
        get => Locked(context => context.Propagation);
        set => Locked(context => context.Propagation = value);
    }

    /// <summary>
    /// How long a changed membership of a group takes to reach the key vaults, in sandbox time. Null, the default: as
    /// long as roles. For managed identities it can be many hours.
    /// </summary>
    public TimeSpan? MembershipDelay
    {
        get => Locked(_ => _data.MembershipPropagation);
        set => Locked(_ => _data.MembershipPropagation = value);
    }

    /// <summary>
    /// True if a condition of a role assignment holds where it depends on something that the sandbox does not know.
    /// Default: false.
    /// </summary>
    public bool UnknownConditionsHold
    {
        get => Locked(_ => _data.UnknownConditionsHold);
        set => Locked(_ => _data.UnknownConditionsHold = value);
    }

    /// <summary>
    /// True if the refusal of a second role assignment names the first one. Default: false, as in bodies of 2025.
    /// </summary>
    public bool NamesExistingAssignment
    {
        get => Locked(_ => _data.NamesExistingAssignment);
        set => Locked(_ => _data.NamesExistingAssignment = value);
    }

    /// <summary>
    /// The inner code of Key Vault's refusal under Azure Policy, for example ForbiddenByPolicy. What it is in Azure is
    /// not known. Default: none.
    /// </summary>
    public string? PolicyInnerCode
    {
        get => Locked(_ => _data.PolicyInnerCode);
        set => Locked(_ => _data.PolicyInnerCode = value);
    }

    /// <summary>The authority that signed the sandbox's certificate. Trust it only for this sandbox.</summary>
    public X509Certificate2 CaCertificate => _certificates.Authority;

    /// <summary>The authority as PEM, for SSL_CERT_FILE, NODE_EXTRA_CA_CERTS or curl --cacert.</summary>
    public string CaPem => _certificates.Pem;

    internal X509Certificate2 ServerCertificate => _certificates.Server;

    /// <summary>Adds a principal with fewer rights to the customer's tenant.</summary>
    public AzurePrincipal AddPrincipal(string name, AzureRights rights)
    {
        lock (_gate)
            return _setup.AddPrincipal(name, rights);
    }

    /// <summary>Assigns a role, given by its name. It is in effect at once.</summary>
    public void Assign(AzurePrincipal principal, string roleName, string scope) =>
        Assign(principal.ObjectId, roleName, scope);

    /// <summary>Assigns a role to a principal or group, given by its object id. It is in effect at once.</summary>
    public void Assign(string objectId, string roleName, string scope)
    {
        lock (_gate)
            _setup.Assign(objectId, roleName, scope);
    }

    /// <summary>Adds a custom role that can be assigned anywhere in the tenant.</summary>
    public void AddRole(string name, string[] actions, string[]? dataActions = null, string[]? notActions = null)
    {
        lock (_gate)
            _setup.AddRole(name, new RolePermission(actions, notActions ?? [], dataActions ?? [], []));
    }

    /// <summary>Adds a security group with members and returns its object id.</summary>
    public string AddGroup(string name, params string[] members)
    {
        lock (_gate)
            return _setup.AddGroup(name, members);
    }

    /// <summary>
    /// Adds a deny assignment, as a deployment stack does, and returns its resource id. Like a role, it takes time to
    /// reach the key vaults. Default: for everybody.
    /// </summary>
    public string Deny(string scope, string[] actions, string[] dataActions, params string[] principals) =>
        Locked(_ => _setup.Deny(scope, new RolePermission(actions, [], dataActions, []), principals));

    /// <summary>Assigns a rule of Azure Policy to a scope. It is in effect at once.</summary>
    public void AddPolicy(string scope, AzurePolicyRule rule)
    {
        lock (_gate)
            if (!_data.PolicyAssignments.Any(p => p.Scope == scope && p.Rule == rule))
                _data.PolicyAssignments.Add(new PolicyAssignment(Guid.NewGuid().ToString("N"), scope, rule));
    }

    /// <summary>Removes a deny assignment.</summary>
    public void RemoveDeny(string id)
    {
        lock (_gate)
            _setup.RemoveDeny(id);
    }

    /// <summary>Replaces the application permissions of a principal on Microsoft Graph, at once.</summary>
    public void SetGraphPermissions(AzurePrincipal principal, params string[] permissions) =>
        Locked(context => context.Directory.PrincipalById(principal.ObjectId)!.GraphRoles = permissions);

    /// <inheritdoc/>
    public Task<SandboxResponse> HandleAsync(SandboxRequest request, CancellationToken cancellationToken)
    {
        lock (_gate)
            return Task.FromResult(Handle(new AzureRequest(request)));
    }

    /// <summary>Disposes the server certificate's private key.</summary>
    public void Dispose() => _certificates.Server.Dispose();

    /// <summary>Registers the application of a cluster. Consent adds it to a tenant.</summary>
    internal void AddClusterApplication(string clusterId, string appId)
    {
        lock (_gate)
            _setup.AddClusterApplication(clusterId, appId);
    }

    /// <summary>Creates a key that the cluster can use at once.</summary>
    internal SandboxKeySpec SeedKey(string clusterName, string clusterId)
    {
        lock (_gate)
            return _setup.SeedKey(clusterName, clusterId);
    }

    internal T Locked<T>(Func<AzureContext, T> work)
    {
        lock (_gate)
            return work(_context);
    }

    private SandboxResponse Handle(AzureRequest request)
    {
        var service = Service(request);
        AzureResponse response;
        try
        {
            response = service.Handle(request);
        }
        catch (AzureException error)
        {
            response = new AzureResponse(error.Status, service.ErrorBody(error)) { Headers = error.Headers };
        }

        var body = response.Html ?? response.Body?.ToJsonString() ?? "";
        return new SandboxResponse(
            response.Status,
            Encoding.UTF8.GetBytes(body),
            response.Html is null ? "application/json; charset=utf-8" : "text/html; charset=utf-8"
        )
        {
            Headers = [.. response.Headers, new("x-ms-request-id", Guid.NewGuid().ToString("D"))],
        };
    }

    /// <summary>Selects the service by host name, or by path for clients that use the loopback address.</summary>
    private IAzureService Service(AzureRequest request)
    {
        var host = request.HostName;
        bool StartsWith(string prefix) => host.StartsWith(prefix, StringComparison.Ordinal);
        if (StartsWith("management."))
            return _arm;
        if (StartsWith("graph.") || StartsWith("microsoftgraph."))
            return _graph;
        if (StartsWith("login."))
            return _entra;
        if (StartsWith("api.loganalytics."))
            return _logs;
        if (!request.IsLoopback)
            return _keyVault;
        return (request.Segments.Count > 0 ? request.Segments[0].ToLowerInvariant() : "") switch
        {
            "subscriptions" or "providers" => _arm,
            "v1.0" => _graph,
            "v1" => _logs,
            "keys" or "deletedkeys" => _keyVault,
            _ => _entra,
        };
    }
}
