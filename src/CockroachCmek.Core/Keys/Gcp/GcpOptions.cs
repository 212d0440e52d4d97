namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>What only Google Cloud is asked about an identity.</summary>
public sealed record GcpRoleOptions
{
    /// <summary>Project that the service account is made in; null for the session's.</summary>
    public string? Project { get; init; }
}

/// <summary>What only Google Cloud is asked about keys.</summary>
public sealed record GcpKeyOptions
{
    /// <summary>Project that the keys are made in; null for the session's, or else the service account's.</summary>
    public string? Project { get; init; }

    /// <summary>Location of one key for all regions: a multi-region such as europe, global, or a region. Null for a key in each region's own location.</summary>
    public string? Location { get; init; }

    /// <summary>Key ring, by its id or its whole resource name; null for crdb-cmek. It is made where it is missing, and stays for ever.</summary>
    public string? KeyRing { get; init; }

    /// <summary>Where the material of new keys is kept; null for software.</summary>
    public CmekProtectionLevel? ProtectionLevel { get; init; }

    /// <summary>How long a version of a new key stays restorable after it was scheduled for destruction; null for Google Cloud's 30 days. Cannot be changed later.</summary>
    public TimeSpan? DestroyScheduledDuration { get; init; }
}
