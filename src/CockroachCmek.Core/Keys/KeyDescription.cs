namespace CockroachCmek.Core.Keys;

/// <summary>A key as the KMS shows it.</summary>
internal sealed record KeyDescription
{
    /// <summary>The state of a key that the KMS does not have.</summary>
    public const string NotFound = "NotFound";

    /// <summary>A key that could not be read.</summary>
    public static KeyDescription Unread { get; } = new() { Origin = KeyOrigin.Unknown };

    /// <summary>A key that does not exist.</summary>
    public static KeyDescription Missing { get; } = new() { Origin = KeyOrigin.Unknown, State = NotFound };

    /// <summary>Where its material comes from.</summary>
    public required KeyOrigin Origin { get; init; }

    /// <summary>Its state, in words of the same form on every cloud: Enabled, PendingDeletion.</summary>
    public string State { get; init; } = "";

    /// <summary>Its name for people.</summary>
    public string Name { get; init; } = "";

    /// <summary>Where it is.</summary>
    public string Location { get; init; } = "";

    /// <summary>When it was created; null when that is not known.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>When it stops working; null for never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>True for the primary of a multi-region key.</summary>
    public bool IsPrimary { get; init; }
}
