namespace CockroachCmek.Sandbox.Azure;

/// <summary>What the services of Azure share: the clock, tenants, role assignments and key vaults.</summary>
internal sealed class AzureContext(SandboxClock clock, TimeProvider real, AzureData data)
{
    public SandboxClock Clock { get; } = clock;

    public DateTimeOffset Now => Clock.UtcNow;

    public AzureDirectory Directory { get; } = new(clock, real, data);

    public RoleAssignments Roles { get; } = new(clock, data);

    public List<KeyVault> KeyVaults => data.KeyVaults;

    /// <summary>Subscription id to tenant id.</summary>
    public Dictionary<string, string> Subscriptions => data.Subscriptions;

    /// <summary>Resource group id to location.</summary>
    public Dictionary<string, string> Groups => data.Groups;

    /// <summary>Cluster id to the id of the application that the cluster acts as.</summary>
    public Dictionary<string, string> ClusterApplications => data.ClusterApplications;

    /// <summary>How long roles and access policies take to reach the key vaults.</summary>
    public TimeSpan Propagation
    {
        get => data.Propagation;
        set => data.Propagation = value;
    }

    public KeyVault? FindKeyVault(string name) => KeyVaults.FirstOrDefault(v => AzureDirectory.Same(v.Name, name));

    /// <summary>The key vault at a host name, once the name is registered in DNS.</summary>
    public KeyVault? FindKeyVaultAt(string hostName) =>
        KeyVaults.FirstOrDefault(v => AzureDirectory.Same(v.HostName, hostName) && v.IsRegistered(Now));
}
