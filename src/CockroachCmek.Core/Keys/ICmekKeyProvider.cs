using CockroachCmek.Core.Keys.Azure;
using CockroachCmek.Core.Keys.Gcp;

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

    /// <summary>
    /// Sees to it that there is something newer for each region than what the cluster took up: a new version of the same key, or a new key of
    /// the old one's shape. What a run before this one has made and the cluster has not taken up is used; nothing is rotated twice.
    /// </summary>
    /// <returns>What the cluster is to take up, in the order of the regions: the same URI where the cloud keeps it, another where it does not. Null when it was not allowed to.</returns>
    Task<IReadOnlyList<CmekRegionSpec>?> RotateKeysAsync(RotationRequest request, OperationContext context);

    /// <summary>After new keys are in force: moves to them the name by which <see cref="EnsureKeysAsync"/> finds a cluster's keys. Nothing is done where it is there already.</summary>
    Task SettleNewKeysAsync(CrdbCluster cluster, IReadOnlyList<CmekRegionSpec> inForce, OperationContext context);

    /// <summary>The policy or grant that a key needs, without writing. Asks the cloud only for what cannot be known otherwise.</summary>
    Task<CmekKeyPolicy> GetKeyPolicyAsync(KeyPolicyRequest request, OperationContext context);

    /// <summary>
    /// Every check of a region's key that reads the cloud: it exists, is usable, is in the right place, and grants what is needed and no more; the identity is trusted as it
    /// should be; a newer version is taken up. Of a past key only that it is still there and usable. Reads only; what may not be read is Unknown.
    /// </summary>
    Task<IReadOnlyList<CmekCheck>> CheckKeyAsync(KeyCheckRequest request, OperationContext context);

    /// <summary>The changes that would take the cluster's access to its keys away, one for each thing that has to change, whatever number of regions share it. Reads only. What is taken away already is there with the state Done.</summary>
    /// <exception cref="CmekException">RevocationMethodNotSupported, KeyNotFound, ...</exception>
    Task<IReadOnlyList<CmekAccessChange>> PlanRevocationAsync(RevocationRequest request, OperationContext context);

    /// <summary>Makes one planned change and reads it back. Making it twice is making it once. Asks nothing: the whole plan was asked for.</summary>
    Task<CmekAccessChange> RevokeAccessAsync(CmekAccessChange change, OperationContext context);

    /// <summary>From the cloud itself, where no record of a revocation is at hand: the changes that would give the cluster access again. Reads only. Nothing, where all is as it should be.</summary>
    Task<IReadOnlyList<CmekAccessChange>> FindRevocationAsync(RevocationRequest request, OperationContext context);

    /// <summary>Undoes one change, exactly, and reads it back. Undoing it twice is undoing it once. Asks nothing.</summary>
    Task<CmekAccessChange> RestoreAccessAsync(CmekAccessChange change, OperationContext context);
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

    /// <summary>What only Google Cloud is asked.</summary>
    public GcpRoleOptions Gcp { get; init; } = new();

    /// <summary>What only Azure is asked.</summary>
    public AzureRoleOptions Azure { get; init; } = new();

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

    /// <summary>What only Google Cloud is asked.</summary>
    public GcpKeyOptions Gcp { get; init; } = new();

    /// <summary>What only Azure is asked.</summary>
    public AzureKeyOptions Azure { get; init; } = new();

    /// <summary>A region joins a cluster that uses CMEK: the key in force whose shape the new ones take. A key that can serve the new region is used or replicated, not copied.</summary>
    public CmekRegionSpec? Like { get; init; }

    /// <summary>What only keys that are born in HashiCorp Vault can be asked for.</summary>
    public Vault.VaultKeyOptions Vault { get; init; } = new();
}

/// <summary>What <see cref="ICmekKeyProvider.RotateKeysAsync"/> is to bring about.</summary>
public sealed record RotationRequest
{
    /// <summary>The cluster.</summary>
    public required CrdbCluster Cluster { get; init; }

    /// <summary>The regions that rotate, with their present and past keys as the cluster tells them. The first key of each is in force.</summary>
    public required IReadOnlyList<CmekRegionInfo> Regions { get; init; }

    /// <summary>New keys of the same shape, instead of new versions of the same keys.</summary>
    public bool NewKey { get; init; }
}

/// <summary>What <see cref="ICmekKeyProvider.CheckKeyAsync"/> is to look at.</summary>
public sealed record KeyCheckRequest
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
public sealed record RevocationRequest
{
    /// <summary>The cluster.</summary>
    public required CrdbCluster Cluster { get; init; }

    /// <summary>The keys, present and past, as the cluster tells them: one for each region and key.</summary>
    public required IReadOnlyList<CmekRegionSpec> Keys { get; init; }

    /// <summary>How; Default is the cloud's own.</summary>
    public CmekRevocationMethod Method { get; init; }
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

    /// <summary>Azure: the role that is to be assigned; null for the page's.</summary>
    public string? RoleName { get; init; }

    /// <summary>AWS: who administers the key, beside the account itself; ARNs.</summary>
    public IReadOnlyList<string> Administrators { get; init; } = [];
}
