namespace CockroachCmek.Sandbox.Cloud;

/// <summary>The data of the CockroachDB Cloud API.</summary>
internal sealed class CloudData
{
    /// <summary>UUID of the organization.</summary>
    public string OrganizationId { get; } = Guid.NewGuid().ToString("D");

    public string AdminKey { get; } = "sandbox-admin-" + Guid.NewGuid().ToString("N");

    public string ViewerKey { get; } = "sandbox-viewer-" + Guid.NewGuid().ToString("N");

    /// <summary>A second administrator's, without the role Organization Admin.</summary>
    public string OperatorKey { get; } = "sandbox-operator-" + Guid.NewGuid().ToString("N");

    public CloudLockForm LockForm { get; set; }

    public CloudKeyRefusalForm KeyRefusalForm { get; set; }

    public bool UpdatesEntryInPlace { get; set; }

    public int ErrorsAlthoughDone { get; set; }

    public bool IsDown { get; set; }

    public int StaleReads { get; set; }

    public int RequestsPerSecond { get; set; } = 10;

    public List<FleetCluster> Clusters { get; } = [];

    /// <summary>The organization's audit log.</summary>
    public List<AuditEntry> AuditEntries { get; } = [];

    /// <summary>The times of the last requests of each API key.</summary>
    public Dictionary<string, Queue<DateTimeOffset>> Requests { get; } = [];
}
