namespace CockroachCmek.Core.Keys;

/// <summary>One cloud's half of the work: the identity and the keys on the customer's side. One implementation for each cloud.</summary>
internal interface ICmekKeyProvider : IDisposable
{
    /// <summary>The cloud whose keys these are.</summary>
    ICustomerCloud Cloud { get; }

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
