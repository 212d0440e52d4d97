using CockroachCmek.Core.Checks;

namespace CockroachCmek.Core.Keys;

/// <summary>What <see cref="ICmekKeyProvider.EnsureRoleAsync"/> is asked for.</summary>
internal sealed record RoleRequest
{
    /// <summary>The cluster that the identity serves.</summary>
    public required CrdbCluster Cluster { get; init; }

    /// <summary>UUID of the organization. On AWS it is the external id.</summary>
    public required string OrganizationId { get; init; }

    /// <summary>Name of the identity; null for the default, which is derived from the cluster's id.</summary>
    public string? Name { get; init; }

    /// <summary>Additional tags or labels.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>Options that only some clouds have.</summary>
    public CloudOptions Options { get; init; } = CloudOptions.None;

    /// <summary>Update an identity that differs. Default: a difference is an error that names it.</summary>
    public bool Update { get; init; }
}

/// <summary>Which identities <see cref="ICmekKeyProvider.FindRolesAsync"/> looks for.</summary>
internal sealed record RoleSearch
{
    /// <summary>The cluster that the identities serve.</summary>
    public required CrdbCluster Cluster { get; init; }

    /// <summary>
    /// UUID of the organization; null when the API key is not allowed to read it, so that on AWS the trust is not
    /// known.
    /// </summary>
    public string? OrganizationId { get; init; }

    /// <summary>
    /// Name of the identity; null for the default one, and those that CockroachDB Cloud and the keys name.
    /// </summary>
    public string? Name { get; init; }

    /// <summary>The identities that CockroachDB Cloud and the keys name.</summary>
    public IReadOnlyList<string> AuthPrincipals { get; init; } = [];

    /// <summary>Options that only some clouds have.</summary>
    public CloudOptions Options { get; init; } = CloudOptions.None;
}

/// <summary>What <see cref="ICmekKeyProvider.EnsureKeysAsync"/> is asked for.</summary>
internal sealed record KeyRequest
{
    /// <summary>The cluster that the keys are for.</summary>
    public required CrdbCluster Cluster { get; init; }

    /// <summary>The identity that is granted the use of the keys; on AWS a role ARN.</summary>
    public required string AuthPrincipal { get; init; }

    /// <summary>The regions that need a key.</summary>
    public required IReadOnlyList<string> Regions { get; init; }

    /// <summary>
    /// Name of the keys; null for the default, which is derived from the cluster's id. On AWS the alias without
    /// "alias/".
    /// </summary>
    public string? Name { get; init; }

    /// <summary>Existing keys to import, one for all regions or one for each.</summary>
    public IReadOnlyList<string> KeyUris { get; init; } = [];

    /// <summary>Add missing permissions to the policy of an imported key; nothing else of it is changed.</summary>
    public bool Grant { get; init; }

    /// <summary>Days between automatic rotations of new keys; null for none.</summary>
    public int? RotationPeriodInDays { get; init; }

    /// <summary>Additional tags or labels.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>The identity is only planned: that it does not exist yet is not an error.</summary>
    public bool IsRolePlanned { get; init; }

    /// <summary>Options that only some clouds have.</summary>
    public CloudOptions Options { get; init; } = CloudOptions.None;

    /// <summary>
    /// When a region is added: the key in force whose properties the new keys get. A key that can serve the new region
    /// is used or replicated instead.
    /// </summary>
    public CmekRegionSpec? Like { get; init; }

    /// <summary>
    /// With <see cref="Like"/>: the keys in force in all regions, whose origins decide where the new keys come from.
    /// Empty: that key decides alone.
    /// </summary>
    public IReadOnlyList<CmekRegionSpec> InForce { get; init; } = [];

    /// <summary>
    /// With <see cref="Like"/>: the cloud may generate the new keys where a key in force comes from elsewhere.
    /// </summary>
    public bool ReplaceOrigin { get; init; }
}

/// <summary>What <see cref="ICmekKeyProvider.RotateKeysAsync"/> is asked for.</summary>
internal sealed record RotationRequest
{
    /// <summary>The cluster.</summary>
    public required CrdbCluster Cluster { get; init; }

    /// <summary>The regions to rotate, with their present and past keys. The first key of each is in force.</summary>
    public required IReadOnlyList<CmekRegionInfo> Regions { get; init; }

    /// <summary>New keys with the same properties, instead of new versions of the same keys.</summary>
    public bool NewKey { get; init; }

    /// <summary>Longest wait until the new versions take effect in the cloud.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The cloud may generate the new material where the old one came from elsewhere.</summary>
    public bool ReplaceOrigin { get; init; }
}

/// <summary>What <see cref="ICmekKeyProvider.CheckKeyAsync"/> checks.</summary>
internal sealed record KeyCheckRequest
{
    /// <summary>The cluster.</summary>
    public required CrdbCluster Cluster { get; init; }

    /// <summary>
    /// UUID of the organization; null when the API key is not allowed to read it, which makes some checks Unknown.
    /// </summary>
    public string? OrganizationId { get; init; }

    /// <summary>The region, its key, and who uses it.</summary>
    public required CmekRegionSpec Spec { get; init; }

    /// <summary>
    /// A past key, which data and backups of its time still need: only whether it exists and is usable is checked.
    /// </summary>
    public bool IsPast { get; init; }

    /// <summary>When the cluster last wrapped with the key; null before CMEK is enabled.</summary>
    public DateTimeOffset? TakenUpAt { get; init; }

    /// <summary>What the user's own rules ask of the key.</summary>
    public KeyRules Rules { get; init; } = new();
}

/// <summary>Whose access to which key <see cref="ICmekKeyProvider.ReadAccessAsync"/> reads.</summary>
internal sealed record KeyAccessRequest
{
    /// <summary>The cluster.</summary>
    public required CrdbCluster Cluster { get; init; }

    /// <summary>The region, its key, and the identity through which CockroachDB Cloud uses it.</summary>
    public required CmekRegionSpec Spec { get; init; }
}

/// <summary>Whose access to which keys to remove or restore.</summary>
internal sealed record RevocationRequest
{
    /// <summary>The cluster.</summary>
    public required CrdbCluster Cluster { get; init; }

    /// <summary>The keys, present and past, one for each region and key.</summary>
    public required IReadOnlyList<CmekRegionSpec> Keys { get; init; }

    /// <summary>The method; Default is the cloud's own.</summary>
    public CmekRevocationMethod Method { get; init; }
}

/// <summary>What <see cref="ICmekKeyProvider.GetKeyPolicyAsync"/> describes.</summary>
internal sealed record KeyPolicyRequest
{
    /// <summary>The cluster.</summary>
    public required CrdbCluster Cluster { get; init; }

    /// <summary>The identity that is granted the use of the key.</summary>
    public required string AuthPrincipal { get; init; }

    /// <summary>
    /// UUID of the organization, for the trust policy of the identity; null when the API key is not allowed to read it.
    /// </summary>
    public string? OrganizationId { get; init; }

    /// <summary>An existing key whose policy the statement is merged into; null for the policy of a new key.</summary>
    public string? KeyUri { get; init; }

    /// <summary>Options that only some clouds have.</summary>
    public CloudOptions Options { get; init; } = CloudOptions.None;
}
