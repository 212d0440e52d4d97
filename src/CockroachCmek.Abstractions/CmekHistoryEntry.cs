namespace CockroachCmek;

/// <summary>One event in the life of a cluster's CMEK, from one source.</summary>
public sealed record CmekHistoryEntry
{
    /// <summary>When, UTC.</summary>
    public DateTimeOffset Time { get; internal init; }

    /// <summary>UUID of the cluster.</summary>
    public string ClusterId { get; internal init; } = "";

    /// <summary>Name of the cluster.</summary>
    public string ClusterName { get; internal init; } = "";

    /// <summary>
    /// What happened. KeyTakenUp and KeyReplaced come from the cluster's key entries; CmekUpdated, CmekRevoked,
    /// ClusterUpdated and others from CockroachDB Cloud's audit log; KeyRotated, KeyDisabled, KeyAccessChanged and others
    /// from the cloud that holds the key.
    /// </summary>
    public string Action { get; internal init; } = "";

    /// <summary>
    /// Who did it, as the source writes it; empty when the source does not tell. The key entries never do.
    /// </summary>
    public string Who { get; internal init; } = "";

    /// <summary>The region that the event is about; empty for the whole cluster or the key.</summary>
    public string Region { get; internal init; } = "";

    /// <summary>The key: an ARN, a resource name or a URI; empty when it is about the cluster.</summary>
    public string KeyUri { get; internal init; } = "";

    /// <summary>A short name of the key, for tables: what tells it apart from others.</summary>
    public string KeyName => KeyNames.Short(KeyUri);

    /// <summary>Where this is recorded: CockroachDB Cloud audit log, CMEK of the cluster, CloudTrail event history, …</summary>
    public string Source { get; internal init; } = "";

    /// <summary>More, as the source tells it.</summary>
    public string Detail { get; internal init; } = "";

    /// <summary>Why the attempt failed, in the words of the source; empty when it succeeded.</summary>
    public string Error { get; internal init; } = "";

    /// <summary>The source's id of the request or entry; empty when it has none.</summary>
    public string RequestId { get; internal init; } = "";

    /// <inheritdoc/>
    public override string ToString() => $"{Time:u} {ClusterName}: {Action}";
}
