using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys;

/// <summary>
/// The customer's side of CMEK on one cloud: the identity and the keys. Lives as long as the session, with its clients
/// and tokens.
/// </summary>
internal interface ICmekKeyProvider : IDisposable
{
    /// <summary>The cloud whose keys these are.</summary>
    ICustomerCloud Cloud { get; }

    /// <summary>
    /// Finds or creates the identity through which CockroachDB Cloud uses the key. Never creates a second one; changes
    /// one that differs only on request.
    /// </summary>
    Task<CmekRole> EnsureRoleAsync(RoleRequest request, OperationContext context);

    /// <summary>
    /// Reuses, creates or imports one key for each region and grants its use. Regions are handled in parallel; the
    /// result is in the order of the request.
    /// </summary>
    Task<IReadOnlyList<CmekKey>> EnsureKeysAsync(KeyRequest request, OperationContext context);

    /// <summary>
    /// Ensures that each region has key material newer than the one the cluster last wrapped with: a new version of
    /// the same key, or a new key with the old one's properties. What an interrupted run created is used; nothing is
    /// rotated twice.
    /// </summary>
    /// <returns>
    /// The keys to re-wrap with, in the order of the regions: the same URI if the cloud keeps it, else a new one. Null
    /// when the user declined.
    /// </returns>
    Task<IReadOnlyList<CmekRegionSpec>?> RotateKeysAsync(RotationRequest request, OperationContext context);

    /// <summary>Where a key's material comes from. Reads only; what cannot be read is Unknown.</summary>
    Task<KeyOrigin> ReadOriginAsync(CmekRegionSpec key, OperationContext context);

    /// <summary>
    /// Marks a key in the cloud as generated in HashiCorp Vault for a cluster, so that it is known without Vault. Asks,
    /// unless the
    /// mark is there. A caller who is not allowed to set it is told so in the verbose text.
    /// </summary>
    Task MarkVaultOriginAsync(CrdbCluster cluster, CmekRegionSpec key, OperationContext context);

    /// <summary>
    /// After new keys are in force, moves the name by which <see cref="EnsureKeysAsync"/> finds a cluster's keys to
    /// them.
    /// </summary>
    Task SettleNewKeysAsync(CrdbCluster cluster, IReadOnlyList<CmekRegionSpec> inForce, OperationContext context);

    /// <summary>
    /// The policy or grant that a key needs. Builds it locally; calls the cloud only to read an existing key.
    /// </summary>
    Task<CmekKeyPolicy> GetKeyPolicyAsync(KeyPolicyRequest request, OperationContext context);

    /// <summary>
    /// Checks a region's key in the cloud: it exists, is usable, is in the right location, and grants what is needed
    /// and no more; the identity trusts this cluster only; the newest version is in use. Of a past key, only that it
    /// exists and is usable. Reads only; what the caller is not allowed to read is Unknown.
    /// </summary>
    Task<IReadOnlyList<CmekCheck>> CheckKeyAsync(KeyCheckRequest request, OperationContext context);

    /// <summary>
    /// Reads who may use a key: the verdict on the identity, what grants it, what stands in the way, and what could not
    /// be read. Reads only; what the caller is not allowed to read makes the verdict Unknown, unless another place
    /// decides it.
    /// </summary>
    /// <exception cref="CmekException">KeyNotFound, KeyUriMalformed, …</exception>
    Task<KeyAccess> ReadAccessAsync(KeyAccessRequest request, OperationContext context);

    /// <summary>
    /// The access review of a key: everybody who may use, administer, delete or re-grant it, as far as it can be read.
    /// A place that could not be read is a line of its own, with the verdict Unknown. Reads only.
    /// </summary>
    /// <exception cref="CmekException">KeyNotFound, KeyUriMalformed, …</exception>
    Task<IReadOnlyList<CmekAccess>> ReviewAccessAsync(KeyAccessRequest request, OperationContext context);

    /// <summary>
    /// What the cloud's logs show of the use of a key by the cluster's identity. Reads only. What cannot be read is a
    /// gap, not an exception.
    /// </summary>
    /// <exception cref="CmekException">KeyUriMalformed; no credentials, or none that the cloud accepts.</exception>
    Task<KeyUsage> ReadUsageAsync(KeyUsageRequest request, OperationContext context);

    /// <summary>
    /// What happened to keys and to their identity, from the KMS and from the cloud's logs. Reads only. What cannot be
    /// read is a gap, not an exception.
    /// </summary>
    /// <exception cref="CmekException">KeyUriMalformed; no credentials, or none that the cloud accepts.</exception>
    Task<KeyEvents> ReadEventsAsync(KeyEventsRequest request, OperationContext context);

    /// <summary>
    /// The keys of a cluster as the KMS itself shows them, by this module's tags, labels and names: for an emergency in
    /// which neither CockroachDB Cloud nor a file can name them. Reads only.
    /// </summary>
    /// <param name="cluster">The cluster. Of one that a person typed, only the id or the name is known.</param>
    /// <param name="timeUp">
    /// Canceled when the search has lasted long enough: what is found by then is returned, the rest is Missed.
    /// </param>
    /// <exception cref="CmekException">What went wrong, when nothing could be searched.</exception>
    Task<KeySearch> FindKeysAsync(CrdbCluster cluster, OperationContext context, CancellationToken timeUp = default);

    /// <summary>
    /// The clusters that a key and the identity that uses it are marked for by this module. Reads only.
    /// </summary>
    /// <returns>Empty when neither is marked; null when nothing of them could be read.</returns>
    Task<IReadOnlyList<ClusterMark>?> ReadMarksAsync(CmekRegionSpec key, OperationContext context);

    /// <summary>
    /// Copies of the keys in places that the cluster does not use, each with access of its own: replicas of a
    /// multi-region key. Reads only, and throws nothing: what is not known is a warning.
    /// </summary>
    Task<IReadOnlyList<CmekRegionSpec>> FindCopiesAsync(IReadOnlyList<CmekRegionSpec> keys, OperationContext context);

    /// <summary>
    /// The drill: for each key and method, whether it would work now with these credentials, and why not. Reads only.
    /// </summary>
    Task<IReadOnlyList<CmekRevocationDrill>> DrillAsync(RevocationRequest request, OperationContext context);

    /// <summary>
    /// The changes that would remove the cluster's access to its keys, one for each resource, however many regions
    /// share it. Reads only. A change made by an earlier run has the state Done.
    /// </summary>
    /// <exception cref="CmekException">RevocationMethodNotSupported, KeyNotFound, ...</exception>
    Task<IReadOnlyList<CmekAccessChange>> PlanRevocationAsync(RevocationRequest request, OperationContext context);

    /// <summary>
    /// Makes one planned change and reads it back. Idempotent. Asks nothing, because the whole plan was confirmed.
    /// </summary>
    Task<CmekAccessChange> RevokeAccessAsync(CmekAccessChange change, OperationContext context);

    /// <summary>
    /// The identities of these credentials in the customer's cloud, for a record of what they did; empty when the cloud
    /// does not tell. Reads only.
    /// </summary>
    /// <param name="keys">The keys that they are used for.</param>
    Task<IReadOnlyList<string>> ReadCallersAsync(IReadOnlyList<CmekRegionSpec> keys, OperationContext context);

    /// <summary>
    /// Without a record: the changes that would give the cluster access again, as the cloud shows them. Reads only.
    /// </summary>
    Task<IReadOnlyList<CmekAccessChange>> FindRevocationAsync(RevocationRequest request, OperationContext context);

    /// <summary>Undoes one change exactly and reads it back. Idempotent. Asks nothing.</summary>
    Task<CmekAccessChange> RestoreAccessAsync(CmekAccessChange change, OperationContext context);
}
