using CockroachCmek.Sandbox.Azure.Logs;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>The data of Azure: tenants, principals, role assignments, key vaults with their keys, tokens.</summary>
internal sealed class AzureData(RsaSupply rsa)
{
    /// <summary>Key pairs of new keys.</summary>
    public RsaSupply Rsa { get; } = rsa;

    /// <summary>The customer's tenant.</summary>
    public string TenantId { get; } = NewId();

    /// <summary>The tenant of another customer.</summary>
    public string ForeignTenantId { get; } = NewId();

    /// <summary>The tenant of Cockroach Labs.</summary>
    public string CockroachTenantId { get; } = NewId();

    public string SubscriptionId { get; } = NewId();

    public string ForeignSubscriptionId { get; } = NewId();

    /// <summary>An application with all rights. Set once, at the start.</summary>
    public AzurePrincipal Admin { get; set; } = new("", "", "");

    /// <summary>The managed identity. Set once, at the start.</summary>
    public AzurePrincipal ManagedIdentity { get; set; } = new("", "", "");

    public HashSet<string> Tenants { get; } = new(StringComparer.OrdinalIgnoreCase);

    public List<AzureApplication> Applications { get; } = [];

    public List<ServicePrincipal> Principals { get; } = [];

    public List<PermissionGrant> Grants { get; } = [];

    public Dictionary<string, AzureToken> Tokens { get; } = [];

    /// <summary>Security groups of all tenants.</summary>
    public List<EntraGroup> EntraGroups { get; } = [];

    public List<CustomRole> CustomRoles { get; } = [];

    public List<DenyAssignment> DenyAssignments { get; } = [];

    public List<ManagementLock> Locks { get; } = [];

    public List<PolicyAssignment> PolicyAssignments { get; } = [];

    public List<ManagementGroup> ManagementGroups { get; } = [];

    /// <summary>Subscription id to the name of its management group.</summary>
    public Dictionary<string, string> SubscriptionParents { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Role assignments, including removed ones: a removal takes time to reach the key vaults.</summary>
    public List<RoleAssignment> Assignments { get; } = [];

    public List<KeyVault> KeyVaults { get; } = [];

    public List<KeyVault> DeletedKeyVaults { get; } = [];

    /// <summary>Subscription id to tenant id.</summary>
    public Dictionary<string, string> Subscriptions { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Resource group id to location.</summary>
    public Dictionary<string, string> Groups { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Cluster id to the id of the application that the cluster acts as.</summary>
    public Dictionary<string, string> ClusterApplications { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>How long roles and access policies take to reach the key vaults.</summary>
    public TimeSpan Propagation { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// How long a changed membership of a group takes to reach the key vaults; null: as long as roles.
    /// </summary>
    public TimeSpan? MembershipPropagation { get; set; }

    /// <summary>True if conditions hold that the sandbox cannot evaluate.</summary>
    public bool UnknownConditionsHold { get; set; }

    /// <summary>True if the refusal of a second assignment names the first one.</summary>
    public bool NamesExistingAssignment { get; set; }

    /// <summary>The inner code of Key Vault's refusal under Azure Policy.</summary>
    public string? PolicyInnerCode { get; set; }

    public List<LogWorkspace> Workspaces { get; } = [];

    public List<DiagnosticSetting> DiagnosticSettings { get; } = [];

    /// <summary>The activity log of all subscriptions, oldest first.</summary>
    public Queue<ActivityEntry> Activities { get; } = new();

    /// <summary>How long an entry takes to arrive in a workspace.</summary>
    public TimeSpan LogDelay { get; set; } = TimeSpan.FromMinutes(3);

    /// <summary>True if queries return only a part of the result, with status 200 and an error in the body.</summary>
    public bool QueriesArePartial { get; set; }

    /// <summary>Object id to the times of the latest queries.</summary>
    public Dictionary<string, Queue<DateTimeOffset>> QueryTimes { get; } = [];

    private static string NewId() => Guid.NewGuid().ToString("D");
}
