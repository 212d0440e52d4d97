namespace CockroachCmek.Core.Cmek;

/// <summary>What the health of a cluster is checked against.</summary>
internal sealed record HealthOptions
{
    /// <summary>UUID of the organization; null when the API key is not allowed to read it.</summary>
    public string? OrganizationId { get; init; }

    /// <summary>The longest time that a region may use one version of its key; null for no limit.</summary>
    public TimeSpan? MaxKeyAge { get; init; }

    /// <summary>True to read the nodes even where nothing fails.</summary>
    public bool IncludesNodes { get; init; }

    /// <summary>Before CMEK is enabled: the keys to enable it with; null to check the cluster alone.</summary>
    public CmekManifest? Manifest { get; init; }
}
