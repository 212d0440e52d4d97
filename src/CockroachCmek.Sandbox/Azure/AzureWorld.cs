namespace CockroachCmek.Sandbox.Azure;

/// <summary>What the services share: tenants, roles, vaults, time.</summary>
internal sealed class AzureWorld
{
    public AzureWorld(SandboxClock clock, TimeProvider real)
    {
        Clock = clock;
        Directory = new AzureDirectory(clock, real);
        Roles = new RoleBook(clock, () => Propagation);
    }

    public SandboxClock Clock { get; }

    public DateTimeOffset Now => Clock.UtcNow;

    public AzureDirectory Directory { get; }

    public RoleBook Roles { get; }

    public List<AzureVault> Vaults { get; } = [];

    /// <summary>Subscription to tenant.</summary>
    public Dictionary<string, string> Subscriptions { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Resource groups: id to location.</summary>
    public Dictionary<string, string> Groups { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Cluster id to the application that the cluster acts as.</summary>
    public Dictionary<string, string> ClusterApplications { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>How long roles and access policies take to reach the vaults.</summary>
    public TimeSpan Propagation { get; set; } = TimeSpan.FromMinutes(2);

    public AzureVault? Vault(string name) => Vaults.FirstOrDefault(v => AzureDirectory.Same(v.Name, name));
}
