using CockroachCmek.Sandbox.Azure.Logs;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>What the services of Azure share: the clock, tenants, role assignments and key vaults.</summary>
internal sealed class AzureContext
{
    private readonly AzureData _data;

    public AzureContext(SandboxClock clock, TimeProvider real, AzureData data)
    {
        _data = data;
        Clock = clock;
        Directory = new AzureDirectory(clock, real, data);
        Roles = new RoleAssignments(clock, data);
        RoleDefinitions = new RoleDefinitions(data);
        Locks = new ManagementLocks(data);
        Scopes = new AzureScopes(data);
        Policies = new AzurePolicies(this);
        Authorization = new RoleAuthorization(this);
        AuditLog = new KeyVaultAuditLog(this, data);
    }

    /// <summary>Key pairs of new keys.</summary>
    public RsaSupply Rsa => _data.Rsa;

    public SandboxClock Clock { get; }

    public DateTimeOffset Now => Clock.UtcNow;

    public AzureDirectory Directory { get; }

    public RoleAssignments Roles { get; }

    public RoleDefinitions RoleDefinitions { get; }

    public ManagementLocks Locks { get; }

    public AzureScopes Scopes { get; }

    /// <summary>Azure Policy.</summary>
    public AzurePolicies Policies { get; }

    public List<PolicyAssignment> PolicyAssignments => _data.PolicyAssignments;

    /// <summary>The inner code of Key Vault's refusal under Azure Policy, which is not known.</summary>
    public string? PolicyInnerCode => _data.PolicyInnerCode;

    /// <summary>Decides who may do what, where roles decide.</summary>
    public RoleAuthorization Authorization { get; }

    /// <summary>The audit log of the key vaults.</summary>
    public KeyVaultAuditLog AuditLog { get; }

    /// <summary>Deny assignments, including removed ones.</summary>
    public List<DenyAssignment> DenyAssignments => _data.DenyAssignments;

    public List<ManagementGroup> ManagementGroups => _data.ManagementGroups;

    public List<KeyVault> KeyVaults => _data.KeyVaults;

    /// <summary>Key vaults that are deleted softly. Their names stay taken.</summary>
    public List<KeyVault> DeletedKeyVaults => _data.DeletedKeyVaults;

    /// <summary>Subscription id to tenant id.</summary>
    public Dictionary<string, string> Subscriptions => _data.Subscriptions;

    /// <summary>Resource group id to location.</summary>
    public Dictionary<string, string> Groups => _data.Groups;

    /// <summary>Cluster id to the id of the application that the cluster acts as.</summary>
    public Dictionary<string, string> ClusterApplications => _data.ClusterApplications;

    /// <summary>How long roles and access policies take to reach the key vaults.</summary>
    public TimeSpan Propagation
    {
        get => _data.Propagation;
        set => _data.Propagation = value;
    }

    /// <summary>How long a changed membership of a group takes to reach the key vaults.</summary>
    public TimeSpan MembershipPropagation => _data.MembershipPropagation ?? _data.Propagation;

    /// <summary>True if conditions hold that the sandbox cannot evaluate.</summary>
    public bool UnknownConditionsHold => _data.UnknownConditionsHold;

    /// <summary>True if the refusal of a second assignment names the first one.</summary>
    public bool NamesExistingAssignment => _data.NamesExistingAssignment;

    public KeyVault? FindKeyVault(string name) => KeyVaults.FirstOrDefault(v => AzureDirectory.Same(v.Name, name));

    /// <summary>The key vault at a host name, once the name is registered in DNS.</summary>
    public KeyVault? FindKeyVaultAt(string hostName) =>
        KeyVaults.FirstOrDefault(v => AzureDirectory.Same(v.HostName, hostName) && v.IsRegistered(Now));
}
