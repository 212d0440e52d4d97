namespace CockroachCmek;

/// <summary>Whether one way to revoke would work now for one key: a line of the drill.</summary>
public sealed record CmekRevocationDrill
{
    /// <summary>UUID of the cluster.</summary>
    public string ClusterId { get; internal init; } = "";

    /// <summary>Name of the cluster.</summary>
    public string ClusterName { get; internal init; } = "";

    /// <summary>The regions that use the key.</summary>
    public IReadOnlyList<string> Regions
    {
        get;
        internal init => field = value.AsCmekList();
    } = CmekList<string>.None;

    /// <summary>The key.</summary>
    public string KeyUri { get; internal init; } = "";

    /// <summary>A short name of the key, for tables: what tells it apart from others.</summary>
    public string KeyName => KeyNames.Short(KeyUri);

    /// <summary>
    /// True for a key that is not in force: the region used it before, or it is a copy in a region that the cluster
    /// does
    /// not use.
    /// </summary>
    public bool IsPast { get; internal init; }

    /// <summary>The method.</summary>
    public CmekRevocationMethod Method { get; internal init; }

    /// <summary>True for the method that -Method Default uses first.</summary>
    public bool IsDefault { get; internal init; }

    /// <summary>True for a method that -Method Default uses, first or where the one before would not work.</summary>
    internal bool IsUsedByDefault { get; init; }

    /// <summary>
    /// Pass: it would work. Warning: it would, with what Detail says. Fail: it would not. Unknown: that cannot be told.
    /// </summary>
    public CmekCheckStatus Status { get; internal init; }

    /// <summary>Why, for people.</summary>
    public string Detail { get; internal init; } = "";

    /// <summary>The next command; empty when nothing is wrong.</summary>
    public string Remedy { get; internal init; } = "";

    /// <summary>The command of <see cref="Remedy"/> alone; empty when the remedy is no command.</summary>
    public string NextCommand => NextCommands.Of(Remedy);

    /// <summary>
    /// How long after the change the key can still be used at most; null when the cloud does not say.
    /// </summary>
    public TimeSpan? InForceWithin { get; internal init; }

    /// <summary>Who else loses the key by this method: clusters, or "everybody who uses the key".</summary>
    public IReadOnlyList<string> AlsoAffected
    {
        get;
        internal init => field = value.AsCmekList();
    } = CmekList<string>.None;

    /// <inheritdoc/>
    public override string ToString() => $"{ClusterName} {Method}: {Status}";
}
