namespace CockroachCmek.Core.Keys;

/// <summary>One cloud's half of the work: the identity and the keys on the customer's side. One implementation for each cloud.</summary>
public interface ICmekKeyProvider
{
    /// <summary>AWS, GCP or AZURE, as <see cref="CrdbCluster.CloudProvider"/> says it.</summary>
    string CloudProvider { get; }

    /// <summary>AWS_KMS, GCP_CLOUD_KMS or AZURE_KEY_VAULT.</summary>
    string KeyType { get; }

    /// <summary>Finds or makes the identity through which CockroachDB Cloud uses the key. Never makes a second one; never overwrites one that differs unless told to.</summary>
    Task<CmekRole> EnsureRoleAsync(RoleRequest request, OperationContext context);

    /// <summary>Finds, makes or adopts one key for each of the regions, with the use of it granted. Regions are worked on side by side; the result is in the order of the regions asked for.</summary>
    Task<IReadOnlyList<CmekKey>> EnsureKeysAsync(KeyRequest request, OperationContext context);

    /// <summary>Sees to it that each key has a version that is newer than what the cluster took up: rotates those that have none, and no key twice. False when it was not allowed to.</summary>
    Task<bool> RotateKeysAsync(CrdbCluster cluster, IReadOnlyList<CmekKeyInfo> keys, OperationContext context);

    /// <summary>The policy or grant that a key needs, without writing. Asks the cloud only for what cannot be known otherwise.</summary>
    Task<CmekKeyPolicy> GetKeyPolicyAsync(KeyPolicyRequest request, OperationContext context);

    /// <summary>Every check of a region's key that reads the cloud: it exists, is usable, is in the right place, and grants what is needed. Reads only; what may not be read is Unknown.</summary>
    Task<IReadOnlyList<CmekCheck>> CheckKeyAsync(CrdbCluster cluster, string organizationId, CmekRegionSpec spec, OperationContext context);
}

/// <summary>What <see cref="ICmekKeyProvider.EnsureRoleAsync"/> is to bring about.</summary>
public sealed record RoleRequest
{
    /// <summary>The cluster that the identity serves.</summary>
    public required CrdbCluster Cluster { get; init; }

    /// <summary>UUID of the organization; on AWS the external id.</summary>
    public required string OrganizationId { get; init; }

    /// <summary>Name of the identity; null for the deterministic one.</summary>
    public string? Name { get; init; }

    /// <summary>AWS: path of the role, beginning and ending with a slash; null for /.</summary>
    public string? Path { get; init; }

    /// <summary>Further tags or labels, beside those that the module sets.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>Bring an identity that differs (or that the module did not make) into line. Without it, a difference is an error that says what differs.</summary>
    public bool Update { get; init; }
}

/// <summary>What <see cref="ICmekKeyProvider.EnsureKeysAsync"/> is to bring about.</summary>
public sealed record KeyRequest
{
    /// <summary>The cluster that the keys are for.</summary>
    public required CrdbCluster Cluster { get; init; }

    /// <summary>The identity that is granted the use of the keys; on AWS a role ARN.</summary>
    public required string AuthPrincipal { get; init; }

    /// <summary>The regions that need a key, by default all of the cluster's.</summary>
    public required IReadOnlyList<string> Regions { get; init; }

    /// <summary>Name of the keys; null for the deterministic one. On AWS the alias, without "alias/".</summary>
    public string? Name { get; init; }

    /// <summary>AWS: one multi-region key with a replica in each region, instead of a key of its own for each.</summary>
    public bool MultiRegion { get; init; }

    /// <summary>An existing key to use instead of making one, one for all regions or one for each: on AWS an ARN, an alias ARN, an alias or a multi-region id.</summary>
    public IReadOnlyList<string> KeyUris { get; init; } = [];

    /// <summary>Add what is missing in the policy of an adopted key, without touching what is there.</summary>
    public bool Grant { get; init; }

    /// <summary>AWS: who administers the new keys, beside the account itself; ARNs.</summary>
    public IReadOnlyList<string> Administrators { get; init; } = [];

    /// <summary>Days between automatic rotations of new keys; null for none.</summary>
    public int? RotationPeriodInDays { get; init; }

    /// <summary>Further tags or labels, beside those that the module sets.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();
}

/// <summary>What <see cref="ICmekKeyProvider.GetKeyPolicyAsync"/> is to describe.</summary>
public sealed record KeyPolicyRequest
{
    /// <summary>The cluster.</summary>
    public required CrdbCluster Cluster { get; init; }

    /// <summary>The identity that is granted the use of the key.</summary>
    public required string AuthPrincipal { get; init; }

    /// <summary>An existing key whose policy the statement is merged into; null for a policy of a new key.</summary>
    public string? KeyUri { get; init; }

    /// <summary>AWS: who administers the key, beside the account itself; ARNs.</summary>
    public IReadOnlyList<string> Administrators { get; init; } = [];
}
