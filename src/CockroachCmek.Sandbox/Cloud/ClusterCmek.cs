namespace CockroachCmek.Sandbox.Cloud;

/// <summary>A key as the Cloud API receives it.</summary>
public sealed record SandboxKeySpec(string Type, string Uri, string AuthPrincipal);

/// <summary>CMEK of one cluster: its regions, their keys and the operation that is running.</summary>
internal sealed class ClusterCmek
{
    public string Status { get; set; } = "DISABLED";

    public List<CmekRegion> Regions { get; } = [];

    /// <summary>The operation that is running; null for none.</summary>
    public CmekOperation? Operation { get; set; }

    /// <summary>True when the last operation failed.</summary>
    public bool HasFailed { get; set; }

    public string OperationStatus =>
        Operation is not null ? "CRDB_CMEK_OPERATION_RUNNING"
        : HasFailed ? "CRDB_CMEK_OPERATION_FAILED"
        : "UNSPECIFIED";

    /// <summary>True when the nodes of a region have stopped because they could not use their key.</summary>
    public bool IsDown(string region) => Regions.FirstOrDefault(r => r.Name == region)?.IsDown ?? false;
}

/// <summary>CMEK of one region.</summary>
internal sealed class CmekRegion(string name, string status, byte[] storeKey)
{
    public string Name { get; } = name;

    public string Status { get; set; } = status;

    /// <summary>Oldest first.</summary>
    public List<CmekKeyEntry> Keys { get; } = [];

    /// <summary>The key of the nodes' stores, which the customer's key wraps.</summary>
    public byte[] StoreKey { get; } = storeKey;

    /// <summary>True once the nodes were restarted and could not unwrap their store key.</summary>
    public bool IsDown { get; set; }

    public CmekKeyEntry? Current => Keys.LastOrDefault(k => k.Status == "ENABLED") ?? Keys.LastOrDefault();
}

/// <summary>A customer's key in a region, with the store key that it wrapped.</summary>
internal sealed class CmekKeyEntry(SandboxKeySpec spec, DateTimeOffset created, string status)
{
    public SandboxKeySpec Spec { get; } = spec;

    public DateTimeOffset Created { get; } = created;

    public DateTimeOffset Updated { get; set; } = created;

    public string Status { get; private set; } = status;

    public string Message { get; set; } = "";

    public byte[] Wrapped { get; private set; } = [];

    /// <summary>Replaces what the key wrapped.</summary>
    public CmekKeyEntry Holding(byte[] wrapped)
    {
        Wrapped = wrapped;
        return this;
    }

    public void Move(string status, DateTimeOffset now)
    {
        Status = status;
        Updated = now;
    }
}

/// <summary>A running operation: data only, so that it can be saved halfway.</summary>
internal abstract record CmekOperation(DateTimeOffset FinishesAt);

/// <summary>CMEK is being enabled in every region.</summary>
internal sealed record CmekEnabling(DateTimeOffset FinishesAt) : CmekOperation(FinishesAt);

/// <summary>Regions are switching to other keys, or to a new version of the same key.</summary>
internal sealed record CmekRotating(DateTimeOffset FinishesAt, List<CmekKeyMove> Moves) : CmekOperation(FinishesAt);

/// <summary>One region's switch from one key to the next.</summary>
/// <param name="Region">The region.</param>
/// <param name="Old">The entry in use; null for none.</param>
/// <param name="New">The entry that follows it.</param>
/// <param name="IsInPlace">The new entry is not shown: it ends in the old one.</param>
internal sealed record CmekKeyMove(CmekRegion Region, CmekKeyEntry? Old, CmekKeyEntry New, bool IsInPlace);

/// <summary>The nodes are being restarted after the customer took away access to the keys.</summary>
internal sealed record CmekRevoking(DateTimeOffset FinishesAt) : CmekOperation(FinishesAt);

/// <summary>Regions are being added to a cluster that uses CMEK.</summary>
internal sealed record CmekAddingRegions(DateTimeOffset FinishesAt, List<CmekRegion> Added) : CmekOperation(FinishesAt);
