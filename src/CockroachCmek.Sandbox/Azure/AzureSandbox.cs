using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Cloud;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>What a principal of the sandbox may do from the start.</summary>
[Flags]
public enum AzureRights
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Owner of the subscription: vaults and role assignments, no keys.</summary>
    Subscription = 1,

    /// <summary>Key Vault Administrator in the subscription, and all key permissions in the vault with access policies.</summary>
    Keys = 2,

    /// <summary>Application.ReadWrite.All and DelegatedPermissionGrant.ReadWrite.All on Microsoft Graph.</summary>
    Graph = 4,

    /// <summary>Application.Read.All on Microsoft Graph: sees enterprise applications, and may add none.</summary>
    GraphRead = 8,

    /// <summary>All of it.</summary>
    All = Subscription | Keys | Graph,
}

/// <summary>A principal of the sandbox's tenant. Its secret is made at start and worth nothing elsewhere; of a managed identity it is the value of IDENTITY_HEADER.</summary>
public sealed record AzurePrincipal(string ClientId, string Secret, string ObjectId)
{
    /// <summary>Without the secret.</summary>
    public override string ToString() => $"application {ClientId}, object {ObjectId}";
}

/// <summary>The sandbox's Azure: Entra ID, Microsoft Graph, Resource Manager and Key Vault at one address, told apart by the host name.</summary>
public sealed class AzureSandbox : ISandboxService, IDisposable
{
    private readonly object _gate;
    private readonly AzureData _data;
    private readonly AzureWorld _world;
    private readonly AzureCertificates _certificates;
    private readonly IAzureService _entra;
    private readonly IAzureService _graph;
    private readonly IAzureService _arm;
    private readonly IAzureService _vault;

    internal AzureSandbox(object gate, SandboxClock clock, TimeProvider real, AzureData data)
    {
        (_gate, _data) = (gate, data);
        _world = new AzureWorld(clock, real, data);
        _certificates = new AzureCertificates(real.GetUtcNow());
        (_entra, _graph, _arm, _vault) = (
            new EntraService(_world),
            new GraphService(_world),
            new ArmService(_world),
            new KeyVaultService(_world, VaultName)
        );

        var graph = new AzureApplication(AzureDirectory.GraphAppId, "Microsoft Graph", NewId())
        {
            IsMultiTenant = true,
        };
        _world.Directory.Applications.Add(graph);
        foreach (var tenant in new[] { TenantId, ForeignTenantId })
        {
            _world.Directory.Tenants.Add(tenant);
            _world.Directory.AddPrincipal(graph, tenant, LongAgo);
        }

        _world.Subscriptions[SubscriptionId] = TenantId;
        _world.Subscriptions[ForeignSubscriptionId] = ForeignTenantId;
        _world.Groups[$"/subscriptions/{SubscriptionId}/resourceGroups/{ResourceGroup}"] = Location;
        _world.Groups[$"/subscriptions/{ForeignSubscriptionId}/resourceGroups/{ResourceGroup}"] = Location;
        AddVault(VaultName, new VaultSettings { RbacAuthorization = true, PurgeProtection = true });
        AddVault(PolicyVaultName, new VaultSettings { RbacAuthorization = false });
        AddVault(
            WalledVaultName,
            new VaultSettings
            {
                RbacAuthorization = true,
                NetworkAcls =
                    """{"bypass":"AzureServices","defaultAction":"Deny","ipRules":[],"virtualNetworkRules":[]}""",
            }
        );
        AddVault(
            PremiumVaultName,
            new VaultSettings
            {
                RbacAuthorization = true,
                PurgeProtection = true,
                Sku = "premium",
            }
        );
        _world.Vaults.Add(
            new AzureVault(
                ForeignTenantId,
                ForeignSubscriptionId,
                ResourceGroup,
                ForeignVaultName,
                Location,
                LongAgo,
                new VaultSettings { RbacAuthorization = true }
            )
        );
        _data.Admin = AddPrincipal("sandbox-admin", AzureRights.All);
        _data.ManagedIdentity = AddPrincipal("sandbox-automation", AzureRights.All);
    }

    /// <summary>The customer's tenant: the auth principal of its keys.</summary>
    public string TenantId => _data.TenantId;

    /// <summary>Somebody else's tenant.</summary>
    public string ForeignTenantId => _data.ForeignTenantId;

    /// <summary>The customer's subscription.</summary>
    public string SubscriptionId => _data.SubscriptionId;

    /// <summary>Somebody else's subscription.</summary>
    public string ForeignSubscriptionId => _data.ForeignSubscriptionId;

    /// <summary>The resource group of the vaults.</summary>
    public string ResourceGroup { get; } = "crdb-cmek";

    /// <summary>Where the vaults are.</summary>
    public string Location { get; } = "westeurope";

    /// <summary>A vault with roles and purge protection: one that has everything right.</summary>
    public string VaultName { get; } = "cmek-sandbox";

    /// <summary>A vault with access policies and without purge protection.</summary>
    public string PolicyVaultName { get; } = "cmek-policies";

    /// <summary>A vault whose firewall lets nobody in.</summary>
    public string WalledVaultName { get; } = "cmek-walled";

    /// <summary>A vault of SKU premium, which keeps RSA-HSM keys too.</summary>
    public string PremiumVaultName { get; } = "cmek-premium";

    /// <summary>A vault of the foreign tenant.</summary>
    public string ForeignVaultName { get; } = "cmek-foreign";

    /// <summary>An application that may do everything.</summary>
    public AzurePrincipal Admin => _data.Admin;

    /// <summary>The managed identity; it may do the same.</summary>
    public AzurePrincipal ManagedIdentity => _data.ManagedIdentity;

    /// <summary>How long roles and access policies take to reach the vaults, in sandbox time.</summary>
    public TimeSpan PropagationDelay
    {
        get => Locked(world => world.Propagation);
        set => Locked(world => world.Propagation = value);
    }

    /// <summary>The authority that signed the sandbox's certificate. Trust it for this sandbox alone.</summary>
    public X509Certificate2 CaCertificate => _certificates.Authority;

    /// <summary>The same as PEM, for SSL_CERT_FILE, NODE_EXTRA_CA_CERTS or curl --cacert.</summary>
    public string CaPem => _certificates.Pem;

    internal X509Certificate2 ServerCertificate => _certificates.Server;

    private DateTimeOffset LongAgo => _world.Now.AddDays(-400);

    /// <summary>A further principal of the customer's tenant, with fewer rights.</summary>
    public AzurePrincipal AddPrincipal(string name, AzureRights rights)
    {
        lock (_gate)
        {
            var application = new AzureApplication(NewId(), name, TenantId)
            {
                Secret = AzureDirectory.NewSecret("azure"),
            };
            _world.Directory.Applications.Add(application);
            var principal = _world.Directory.AddPrincipal(
                application,
                TenantId,
                LongAgo,
                (rights & AzureRights.Graph) != 0
                        ? ["Application.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All"]
                    : (rights & AzureRights.GraphRead) != 0 ? ["Application.Read.All"]
                    : []
            );
            var scope = $"/subscriptions/{SubscriptionId}";
            if ((rights & AzureRights.Subscription) != 0)
                _world.Roles.Assign(principal.Id, AzureRole.Owner, scope, LongAgo);
            if ((rights & AzureRights.Keys) != 0)
            {
                _world.Roles.Assign(principal.Id, AzureRole.VaultAdministrator, scope, LongAgo);
                var policy = new AccessPolicy(
                    TenantId,
                    principal.Id,
                    new Dictionary<string, IReadOnlyList<string>> { ["keys"] = ["all"] }
                );
                _world
                    .Vault(PolicyVaultName)!
                    .Amend(settings => settings with { Policies = [.. settings.Policies, policy] });
            }

            return new AzurePrincipal(application.AppId, application.Secret!, principal.Id);
        }
    }

    /// <summary>Gives a built-in role, by name, at a scope, as if it had been there for long.</summary>
    public void Assign(AzurePrincipal principal, string roleName, string scope) =>
        Locked(world =>
            world.Roles.Assign(principal.ObjectId, AzureRole.All.Single(r => r.Name == roleName), scope, LongAgo)
        );

    /// <inheritdoc/>
    public Task<SandboxResponse> HandleAsync(SandboxRequest request, CancellationToken cancellationToken)
    {
        lock (_gate)
            return Task.FromResult(Answer(new AzureRequest(request)));
    }

    /// <summary>Lets go of the server certificate's private key.</summary>
    public void Dispose() => _certificates.Server.Dispose();

    /// <summary>Makes known the application that a cluster acts as; a tenant has it once somebody consents.</summary>
    internal void AddClusterApplication(string clusterId, string appId)
    {
        lock (_gate)
        {
            _world.Directory.Applications.Add(
                new AzureApplication(appId, $"CockroachDB Cloud - {clusterId}", _data.CockroachTenantId)
                {
                    IsMultiTenant = true,
                }
            );
            _world.ClusterApplications[clusterId] = appId;
        }
    }

    /// <summary>A key with everything right, for a cluster that uses CMEK already.</summary>
    internal SandboxKeySpec SeedKey(string clusterName, string clusterId)
    {
        lock (_gate)
        {
            var principal = _world.Directory.Consent(
                _world.Directory.Application(_world.ClusterApplications[clusterId])!,
                TenantId
            );
            var vault = _world.Vault(VaultName)!;
            _world.Roles.Assign(principal.Id, AzureRole.CryptoServiceEncryptionUser, vault.Id, LongAgo);
            var bundle = new KeyStore(_world).Create(
                vault,
                $"crdb-cmek-{clusterName}",
                new JsonObject { ["kty"] = "RSA", ["key_size"] = 3072 }
            );
            return new SandboxKeySpec("AZURE_KEY_VAULT", (string)bundle["key"]!["kid"]!, TenantId);
        }
    }

    internal T Locked<T>(Func<AzureWorld, T> work)
    {
        lock (_gate)
            return work(_world);
    }

    private SandboxResponse Answer(AzureRequest request)
    {
        var service = Service(request);
        AzureAnswer answer;
        try
        {
            answer = service.Answer(request);
        }
        catch (AzureFault fault)
        {
            answer = new AzureAnswer(fault.Status, service.Describe(fault)) { Headers = fault.Headers };
        }

        var body = answer.Html ?? answer.Body?.ToJsonString() ?? "";
        return new SandboxResponse(
            answer.Status,
            Encoding.UTF8.GetBytes(body),
            answer.Html is null ? "application/json; charset=utf-8" : "text/html; charset=utf-8"
        )
        {
            Headers = [.. answer.Headers, new("x-ms-request-id", Guid.NewGuid().ToString("D"))],
        };
    }

    /// <summary>By host name; by path for those who call the loopback address itself.</summary>
    private IAzureService Service(AzureRequest request)
    {
        var host = request.HostName;
        if (host.StartsWith("management.", StringComparison.Ordinal))
            return _arm;
        if (
            host.StartsWith("graph.", StringComparison.Ordinal)
            || host.StartsWith("microsoftgraph.", StringComparison.Ordinal)
        )
            return _graph;
        if (host.StartsWith("login.", StringComparison.Ordinal))
            return _entra;
        if (!request.IsLoopback)
            return _vault;
        return (request.Segments.Count > 0 ? request.Segments[0].ToLowerInvariant() : "") switch
        {
            "subscriptions" or "providers" => _arm,
            "v1.0" => _graph,
            "keys" or "deletedkeys" => _vault,
            _ => _entra,
        };
    }

    private void AddVault(string name, VaultSettings settings) =>
        _world.Vaults.Add(new AzureVault(TenantId, SubscriptionId, ResourceGroup, name, Location, LongAgo, settings));

    private static string NewId() => Guid.NewGuid().ToString("D");
}
