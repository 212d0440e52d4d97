namespace CockroachCmek.Sandbox.Azure;

/// <summary>What the services of Azure share: tenants, roles, vaults, time.</summary>
internal sealed class AzureWorld(SandboxClock clock, TimeProvider real, AzureData data)
{
    public SandboxClock Clock { get; } = clock;

    public DateTimeOffset Now => Clock.UtcNow;

    public AzureDirectory Directory { get; } = new(clock, real, data);

    public RoleBook Roles { get; } = new(clock, data);

    public List<AzureVault> Vaults => data.Vaults;

    /// <summary>Subscription to tenant.</summary>
    public Dictionary<string, string> Subscriptions => data.Subscriptions;

    /// <summary>Resource groups: id to location.</summary>
    public Dictionary<string, string> Groups => data.Groups;

    /// <summary>Cluster id to the application that the cluster acts as.</summary>
    public Dictionary<string, string> ClusterApplications => data.ClusterApplications;

    /// <summary>How long roles and access policies take to reach the vaults.</summary>
    public TimeSpan Propagation
    {
        get => data.Propagation;
        set => data.Propagation = value;
    }

    public AzureVault? Vault(string name) => Vaults.FirstOrDefault(v => AzureDirectory.Same(v.Name, name));
}
