namespace CockroachCmek.Core.Cmek;

/// <summary>How to revoke.</summary>
internal sealed record RevocationOptions
{
    /// <summary>How access is removed.</summary>
    public CmekRevocationMethod Method { get; init; }

    /// <summary>Remove access in the KMS only: CockroachDB Cloud is not asked to revoke.</summary>
    public bool KmsOnly { get; init; }

    /// <summary>
    /// Continue although another cluster loses a key too.
    /// </summary>
    public bool AllowSharedKey { get; init; }

    /// <summary>
    /// A manifest, a state of CMEK, a record or a search that names the keys; null to ask CockroachDB Cloud.
    /// </summary>
    public object? Source { get; init; }

    /// <summary>
    /// How long, in real time, the first change waits at most for the answer which other clusters use the same keys,
    /// and the end of the command once more.
    /// </summary>
    public TimeSpan NeighbourPatience { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// File or existing folder for the record, which is written before the first change and after every step; null for
    /// none. The record of an interrupted run for the same cluster is continued, because it knows what was removed.
    /// </summary>
    public string? Path { get; init; }

    /// <summary>Shared by the clusters of a pipeline, so that a file of <see cref="Path"/> holds one record.</summary>
    public RecordClaim Record { get; init; } = new();

    /// <summary>How the request is sent.</summary>
    public WriteOptions Write { get; init; } = new();

    /// <summary>How to wait for REVOKED; null for no wait.</summary>
    public WaitOptions? Wait { get; init; }
}
