namespace CockroachCmek.Sandbox.Cloud;

/// <summary>A region of a sandbox cluster.</summary>
public sealed record FleetRegion(string Name, int Nodes)
{
    /// <summary>Machine type of its nodes.</summary>
    public string MachineType { get; init; } = "m6i.xlarge";
}

/// <summary>A cluster of the sandbox.</summary>
public sealed class FleetCluster
{
    internal FleetCluster(string name, string provider, string accountId, string[] regions, string? id = null)
    {
        Name = name;
        Provider = provider;
        AccountId = accountId;
        Regions = [.. regions.Select(r => new FleetRegion(r, 3))];
        Id = id ?? Guid.NewGuid().ToString("D");
        if (provider == "AZURE")
            AzureApplicationId = Guid.NewGuid().ToString("D");
    }

    /// <summary>UUID.</summary>
    public string Id { get; }

    /// <summary>Name.</summary>
    public string Name { get; }

    /// <summary>AWS, GCP or AZURE.</summary>
    public string Provider { get; }

    /// <summary>The provider's account that hosts the cluster.</summary>
    public string AccountId { get; }

    /// <summary>The application that the cluster acts as on Azure; null on other clouds.</summary>
    public string? AzureApplicationId { get; }

    /// <summary>BASIC, STANDARD or ADVANCED.</summary>
    public string Plan { get; init; } = "ADVANCED";

    /// <summary>True when the cluster was created with advanced security features.</summary>
    public bool AdvancedSecurity { get; init; } = true;

    /// <summary>
    /// True when GET /cmek returns 404 until CMEK is enabled. What is known of the API indicates both responses, so
    /// some clusters give one and some the other.
    /// </summary>
    public bool CmekUnknownUntilEnabled { get; init; }

    /// <summary>How often enabling fails before it succeeds.</summary>
    public int EnableFailures { get; set; }

    /// <summary>
    /// Regions where the nodes cannot use their key, whatever the key allows: the next operation fails there only.
    /// </summary>
    internal HashSet<string> FailingRegions { get; } = [];

    /// <summary>True for a deleted cluster: it can still be read for a while.</summary>
    public bool IsDeleted { get; internal set; }

    /// <summary>What reads of CMEK still show after a write, and how often.</summary>
    internal (string Json, int Reads)? StaleCmek { get; set; }

    /// <summary>Until when an operation other than CMEK locks the cluster; null for none.</summary>
    public DateTimeOffset? HeldUntil { get; set; }

    /// <summary>Regions, in the order in which they were added.</summary>
    public IReadOnlyList<FleetRegion> Regions { get; set; }

    /// <summary>When the cluster was created.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When managed backups were taken, oldest first.</summary>
    internal List<DateTimeOffset> Backups { get; } = [];

    /// <summary>When the next backup is due; null while backups are off.</summary>
    internal DateTimeOffset? NextBackup { get; set; }

    /// <summary>When the last full backup was due; null before the first.</summary>
    internal DateTimeOffset? LastFullBackup { get; set; }

    internal ClusterCmek Cmek { get; } = new();

    /// <summary>True while an operation locks the cluster.</summary>
    internal bool IsBusy => HeldUntil is not null || Cmek.Operation is not null;
}
