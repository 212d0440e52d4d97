using CockroachCmek.Core.Checks;

namespace CockroachCmek.Core.Cmek;

/// <summary>What the health of a cluster is checked against.</summary>
internal sealed record HealthOptions
{
    /// <summary>UUID of the organization; null when the API key is not allowed to read it.</summary>
    public string? OrganizationId { get; init; }

    /// <summary>The longest time that a region may use one version of its key; null for no limit.</summary>
    public TimeSpan? MaxKeyAge { get; init; }

    /// <summary>What the user's own rules ask of every key.</summary>
    public KeyRules Rules { get; init; } = new();

    /// <summary>The shortest time for which managed backups must be kept; null for no limit.</summary>
    public TimeSpan? MinBackupRetention { get; init; }

    /// <summary>The keys of the clusters of one run; null when each is checked on its own.</summary>
    public KeySharing? Sharing { get; init; }

    /// <summary>True to read the nodes even where nothing fails.</summary>
    public bool IncludesNodes { get; init; }

    /// <summary>Before CMEK is enabled: the keys to enable it with; null to check the cluster alone.</summary>
    public CmekManifest? Manifest { get; init; }
}
