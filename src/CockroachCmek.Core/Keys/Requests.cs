namespace CockroachCmek.Core.Keys;

/// <summary>What <see cref="ICmekKeyProvider.EnsureRoleAsync"/> is to bring about.</summary>
internal sealed record RoleRequest
{
    /// <summary>The cluster that the identity serves.</summary>
    public required CrdbCluster Cluster { get; init; }

    /// <summary>UUID of the organization; on AWS the external id.</summary>
    public required string OrganizationId { get; init; }

    /// <summary>Name of the identity; null for the deterministic one.</summary>
    public string? Name { get; init; }

    /// <summary>Further tags or labels, beside those that the module sets.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>Options that only some clouds have.</summary>
    public CloudOptions Options { get; init; } = CloudOptions.None;

    /// <summary>Bring an identity that differs (or that the module did not make) into line. Without it, a difference is an error that says what differs.</summary>
    public bool Update { get; init; }
}

/// <summary>What <see cref="ICmekKeyProvider.EnsureKeysAsync"/> is to bring about.</summary>
internal sealed record KeyRequest
{
    /// <summary>The cluster that the keys are for.</summary>
    public required CrdbCluster Cluster { get; init; }

    /// <summary>The identity that is granted the use of the keys; on AWS a role ARN.</summary>
    public required string AuthPrincipal { get; init; }

    /// <summary>The regions that need a key, by default all of the cluster's.</summary>
    public required IReadOnlyList<string> Regions { get; init; }

    /// <summary>Name of the keys; null for the deterministic one. On AWS the alias, without "alias/".</summary>
    public string? Name { get; init; }

    /// <summary>An existing key to use instead of making one, one for all regions or one for each: on AWS an ARN, an alias ARN, an alias or a multi-region id.</summary>
    public IReadOnlyList<string> KeyUris { get; init; } = [];

    /// <summary>Add what is missing in the policy of an adopted key, without touching what is there.</summary>
    public bool Grant { get; init; }

    /// <summary>Days between automatic rotations of new keys; null for none.</summary>
    public int? RotationPeriodInDays { get; init; }

    /// <summary>Further tags or labels, beside those that the module sets.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>The identity is only planned: that it does not exist yet is not an error.</summary>
    public bool IsRolePlanned { get; init; }

    /// <summary>Options that only some clouds have.</summary>
    public CloudOptions Options { get; init; } = CloudOptions.None;

    /// <summary>A region joins a cluster that uses CMEK: the key in force whose shape the new ones take. A key that can serve the new region is used or replicated, not copied.</summary>
    public CmekRegionSpec? Like { get; init; }
}

/// <summary>What <see cref="ICmekKeyProvider.RotateKeysAsync"/> is to bring about.</summary>
internal sealed record RotationRequest
{
    /// <summary>The cluster.</summary>
    public required CrdbCluster Cluster { get; init; }

    /// <summary>The regions that rotate, with their present and past keys as the cluster tells them. The first key of each is in force.</summary>
    public required IReadOnlyList<CmekRegionInfo> Regions { get; init; }

    /// <summary>New keys of the same shape, instead of new versions of the same keys.</summary>
    public bool NewKey { get; init; }
}

/// <summary>What <see cref="ICmekKeyProvider.CheckKeyAsync"/> is to look at.</summary>
internal sealed record KeyCheckRequest
{
    /// <summary>The cluster.</summary>
    public required CrdbCluster Cluster { get; init; }

    /// <summary>UUID of the organization; null when the API key may not read it: what hangs on it is Unknown then.</summary>
    public string? OrganizationId { get; init; }

    /// <summary>The region, its key, and who uses it.</summary>
    public required CmekRegionSpec Spec { get; init; }

    /// <summary>A key of before, which data and backups of its time still need: only whether it is there and usable is asked.</summary>
    public bool IsPast { get; init; }

    /// <summary>When the cluster took the key up last; null before CMEK is enabled.</summary>
    public DateTimeOffset? TakenUpAt { get; init; }
}

/// <summary>Whose access to which keys is to be taken away or given back.</summary>
internal sealed record RevocationRequest
{
    /// <summary>The cluster.</summary>
    public required CrdbCluster Cluster { get; init; }

    /// <summary>The keys, present and past, as the cluster tells them: one for each region and key.</summary>
    public required IReadOnlyList<CmekRegionSpec> Keys { get; init; }

    /// <summary>How; Default is the cloud's own.</summary>
    public CmekRevocationMethod Method { get; init; }
}

/// <summary>What <see cref="ICmekKeyProvider.GetKeyPolicyAsync"/> is to describe.</summary>
internal sealed record KeyPolicyRequest
{
    /// <summary>The cluster.</summary>
    public required CrdbCluster Cluster { get; init; }

    /// <summary>The identity that is granted the use of the key.</summary>
    public required string AuthPrincipal { get; init; }

    /// <summary>An existing key whose policy the statement is merged into; null for a policy of a new key.</summary>
    public string? KeyUri { get; init; }

    /// <summary>Options that only some clouds have.</summary>
    public CloudOptions Options { get; init; } = CloudOptions.None;
}
