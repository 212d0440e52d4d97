namespace CockroachCmek.Core.Keys;

/// <summary>Whose use of which key <see cref="ICmekKeyProvider.ReadUsageAsync"/> reads.</summary>
internal sealed record KeyUsageRequest
{
    /// <summary>The cluster.</summary>
    public required CrdbCluster Cluster { get; init; }

    /// <summary>The key, the region that uses it, and the identity through which it is used.</summary>
    public required CmekRegionSpec Key { get; init; }

    /// <summary>The oldest time that matters, UTC.</summary>
    public required DateTimeOffset Since { get; init; }
}

/// <summary>
/// What the cloud's logs show of the use of one key. No entry proves no use only where the logs are known to be on for
/// this key and identity and to reach back that far. Elsewhere the numbers are null and Gaps says why.
/// </summary>
internal sealed record KeyUsage
{
    /// <summary>What was read, for people: "CloudTrail event history".</summary>
    public required string Source { get; init; }

    /// <summary>From when on the logs were really read, UTC; null when they could not be.</summary>
    public DateTimeOffset? ReadFrom { get; init; }

    /// <summary>Successful uses of the key by the identity since ReadFrom; null when not known.</summary>
    public long? Uses { get; init; }

    /// <summary>True when there may be more uses than were counted: a limit ended the reading.</summary>
    public bool UsesIsMinimum { get; init; }

    /// <summary>The last successful use, UTC. It may be older than Since where the cloud keeps it apart.</summary>
    public DateTimeOffset? LastUsed { get; init; }

    /// <summary>False when the last use may be somebody else's: the cloud tells when, and not who.</summary>
    public bool IsLastUserKnown { get; init; } = true;

    /// <summary>The last successful operation as the cloud calls it: Decrypt, KeyUnwrap.</summary>
    public string LastOperation { get; init; } = "";

    /// <summary>The key material or version of the last use; empty when the logs do not tell.</summary>
    public string LastKeyMaterialId { get; init; } = "";

    /// <summary>Refused uses by the identity since ReadFrom; null when not known.</summary>
    public long? Refused { get; init; }

    /// <summary>The last refused use, UTC.</summary>
    public DateTimeOffset? LastRefused { get; init; }

    /// <summary>The cloud's code of the last refusal.</summary>
    public string LastRefusal { get; init; } = "";

    /// <summary>Who else used the key since ReadFrom, as the cloud writes it.</summary>
    public IReadOnlyList<string> OtherPrincipals { get; init; } = [];

    /// <summary>
    /// True when the cloud itself records that the key was never used by anybody since it was created.
    /// </summary>
    public bool IsNeverUsed { get; init; }

    /// <summary>
    /// Whether the identity uses the newest material of the key that is in force: null when that cannot be told.
    /// </summary>
    public bool? UsesNewestMaterial { get; init; }

    /// <summary>How long an entry may take to show in the logs.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>What could not be read.</summary>
    public IReadOnlyList<CmekLogGap> Gaps { get; init; } = [];
}
