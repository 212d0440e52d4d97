namespace CockroachCmek.Core.Keys;

/// <summary>Which keys' events <see cref="ICmekKeyProvider.ReadEventsAsync"/> reads.</summary>
internal sealed record KeyEventsRequest
{
    /// <summary>The cluster.</summary>
    public required CrdbCluster Cluster { get; init; }

    /// <summary>The keys, present and past.</summary>
    public required IReadOnlyList<CmekRegionSpec> Keys { get; init; }

    /// <summary>The oldest time that matters, UTC.</summary>
    public required DateTimeOffset Since { get; init; }
}

/// <summary>What happened to keys and to the identity that uses them, as the cloud's logs and the KMS show it.</summary>
/// <param name="Events">The events, newest first.</param>
/// <param name="Gaps">What could not be read.</param>
internal sealed record KeyEvents(IReadOnlyList<KeyEvent> Events, IReadOnlyList<CmekLogGap> Gaps);

/// <summary>One event of a key.</summary>
internal sealed record KeyEvent
{
    /// <summary>When, UTC.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The key, as the request names it.</summary>
    public required string KeyUri { get; init; }

    /// <summary>What happened.</summary>
    public required KeyEventAction Action { get; init; }

    /// <summary>Who did it, as the cloud writes it; empty when it does not tell.</summary>
    public string Who { get; init; } = "";

    /// <summary>Where this is recorded, for people: "CloudTrail event history", "KMS".</summary>
    public required string Source { get; init; }

    /// <summary>More, for people: the operation as the cloud calls it, the key material or version.</summary>
    public string Detail { get; init; } = "";

    /// <summary>The cloud's id of the request; empty when there is none.</summary>
    public string RequestId { get; init; } = "";

    /// <summary>The cloud's code where the request was refused; empty when it succeeded.</summary>
    public string Error { get; init; } = "";
}

/// <summary>What can happen to a key.</summary>
internal enum KeyEventAction
{
    /// <summary>The key was created.</summary>
    Created,

    /// <summary>The key has new material or a new version.</summary>
    Rotated,

    /// <summary>Automatic rotation was turned on, off or changed.</summary>
    RotationChanged,

    /// <summary>The key, or a version, was disabled.</summary>
    Disabled,

    /// <summary>The key, or a version, was enabled.</summary>
    Enabled,

    /// <summary>Its deletion was scheduled, or it was deleted so that it can be recovered.</summary>
    DeletionScheduled,

    /// <summary>Its deletion was canceled, or it was recovered.</summary>
    DeletionCanceled,

    /// <summary>It was deleted for good.</summary>
    Deleted,

    /// <summary>Who may use the key changed: a policy, a binding, a grant, a role assignment.</summary>
    PolicyChanged,

    /// <summary>The identity changed: its trust, its policies, or whether it is enabled.</summary>
    IdentityChanged,

    /// <summary>Material was imported.</summary>
    MaterialImported,

    /// <summary>Imported material was deleted.</summary>
    MaterialDeleted,

    /// <summary>A copy was created in another region.</summary>
    Replicated,

    /// <summary>Its tags, description or other properties changed.</summary>
    PropertiesChanged,
}
