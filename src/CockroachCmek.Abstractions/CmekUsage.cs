namespace CockroachCmek;

/// <summary>What the logs of your cloud say about the use of a key.</summary>
public enum CmekUsageVerdict : long
{
    /// <summary>CockroachDB used the key in the period, and as lately as its backups let expect.</summary>
    Used,

    /// <summary>No use in the period, or none for longer than its backups let expect.</summary>
    Silent,

    /// <summary>The last thing in the log is a refused use.</summary>
    Refused,

    /// <summary>The cloud records that nobody has used the key since it was created.</summary>
    NeverUsed,

    /// <summary>The logs cannot tell. Gaps says why. Never counts as silence.</summary>
    Unknown,
}

/// <summary>The use of a key by CockroachDB, as your cloud's logs show it.</summary>
public sealed record CmekUsage
{
    /// <summary>UUID of the cluster.</summary>
    public string ClusterId { get; internal init; } = "";

    /// <summary>Name of the cluster.</summary>
    public string ClusterName { get; internal init; } = "";

    /// <summary>The region that uses the key.</summary>
    public string Region { get; internal init; } = "";

    /// <summary>The key: an ARN, a resource name or a URI.</summary>
    public string KeyUri { get; internal init; } = "";

    /// <summary>A short name of the key, for tables: what tells it apart from others.</summary>
    public string KeyName => KeyNames.Short(KeyUri);

    /// <summary>The identity through which CockroachDB uses the key.</summary>
    public string AuthPrincipal { get; internal init; } = "";

    /// <summary>True for a key that the region used before, and that older backups still need.</summary>
    public bool IsPast { get; internal init; }

    /// <summary>What the logs say.</summary>
    public CmekUsageVerdict Verdict { get; internal init; }

    /// <summary>The last successful use, UTC; null when none is known.</summary>
    public DateTimeOffset? LastUsed { get; internal init; }

    /// <summary>The last successful operation, as the cloud calls it.</summary>
    public string LastOperation { get; internal init; } = "";

    /// <summary>Successful uses since <see cref="ReadFrom"/>; null when not known.</summary>
    public long? Uses { get; internal init; }

    /// <summary>True when there may be more uses than were counted.</summary>
    public bool UsesIsMinimum { get; internal init; }

    /// <summary>Refused uses since <see cref="ReadFrom"/>; null when not known.</summary>
    public long? Refused { get; internal init; }

    /// <summary>The last refused use, UTC; null when none is known.</summary>
    public DateTimeOffset? LastRefused { get; internal init; }

    /// <summary>The cloud's code of the last refusal.</summary>
    public string LastRefusal { get; internal init; } = "";

    /// <summary>Time since the last successful use; null when none is known.</summary>
    public TimeSpan? SilentFor { get; internal init; }

    /// <summary>
    /// Within which time a use is expected, from the backup schedule; null for a past key, and where backups are off or
    /// cannot be read.
    /// </summary>
    public TimeSpan? ExpectedWithin { get; internal init; }

    /// <summary>True when the expected use did not come, although the logs could tell.</summary>
    public bool IsOverdue { get; internal init; }

    /// <summary>
    /// Of a past key: until when backups need it at least, UTC, from the retention of backups; null for a key in force,
    /// and when it is not known.
    /// </summary>
    public DateTimeOffset? NeededUntil { get; internal init; }

    /// <summary>
    /// True when CockroachDB was seen to decrypt with the newest material of the key; false when it decrypted with
    /// older
    /// material since; null when that cannot be told.
    /// </summary>
    public bool? IsRotationProven { get; internal init; }

    /// <summary>The key material or version of the last use; empty when the logs do not tell.</summary>
    public string LastKeyMaterialId { get; internal init; } = "";

    /// <summary>Who else used the key, as the cloud writes it.</summary>
    public IReadOnlyList<string> OtherPrincipals
    {
        get;
        internal init => field = value.AsCmekList();
    } = CmekList<string>.None;

    /// <summary>From when on the logs were really read, UTC; null when they could not be.</summary>
    public DateTimeOffset? ReadFrom { get; internal init; }

    /// <summary>What was read.</summary>
    public string Source { get; internal init; } = "";

    /// <summary>What was found, for people.</summary>
    public string Detail { get; internal init; } = "";

    /// <summary>What could not be read, why, and how to enable it.</summary>
    public IReadOnlyList<CmekLogGap> Gaps
    {
        get;
        internal init => field = value.AsCmekList();
    } = CmekList<CmekLogGap>.None;

    /// <inheritdoc/>
    public override string ToString() => $"{ClusterName} {Region} {KeyName}: {Verdict}";
}
