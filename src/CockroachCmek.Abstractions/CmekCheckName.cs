namespace CockroachCmek;

/// <summary>
/// The names of all checks. A check has the same name on every cloud, and keeps it whatever its result.
/// </summary>
public static class CmekCheckName
{
    /// <summary>The API key's service account may read and change CMEK.</summary>
    public const string ApiKeyRole = nameof(ApiKeyRole);

    /// <summary>The cluster's plan supports CMEK.</summary>
    public const string Plan = nameof(Plan);

    /// <summary>The cluster was created with advanced security features.</summary>
    public const string AdvancedSecurity = nameof(AdvancedSecurity);

    /// <summary>The cluster is in a state in which CMEK can be changed.</summary>
    public const string State = nameof(State);

    /// <summary>The manifest was made for this cluster.</summary>
    public const string ManifestCluster = nameof(ManifestCluster);

    /// <summary>CMEK is enabled and no operation has failed.</summary>
    public const string CmekEnabled = nameof(CmekEnabled);

    /// <summary>CMEK was enabled before the cluster held data.</summary>
    public const string CmekBeforeData = nameof(CmekBeforeData);

    /// <summary>Revoke-CrdbCmek would work now: the drill in one line.</summary>
    public const string RevocationReady = nameof(RevocationReady);

    /// <summary>Every region of the cluster has exactly one key.</summary>
    public const string RegionCovered = nameof(RegionCovered);

    /// <summary>Every region of the manifest is a region of the cluster.</summary>
    public const string RegionKnown = nameof(RegionKnown);

    /// <summary>The key is of the type that the cluster's cloud needs.</summary>
    public const string KeyType = nameof(KeyType);

    /// <summary>The key's URI has the right form.</summary>
    public const string KeyUri = nameof(KeyUri);

    /// <summary>The identity has the right form.</summary>
    public const string Principal = nameof(Principal);

    /// <summary>Key and identity belong together.</summary>
    public const string KeyAccount = nameof(KeyAccount);

    /// <summary>The key is in the region that uses it, or in a location that serves it.</summary>
    public const string KeyLocation = nameof(KeyLocation);

    /// <summary>Days since the region last wrapped with its key.</summary>
    public const string KeyAge = nameof(KeyAge);

    /// <summary>The key exists, is of the right kind and is enabled.</summary>
    public const string KeyUsable = nameof(KeyUsable);

    /// <summary>The identity may use the key.</summary>
    public const string KeyGranted = nameof(KeyGranted);

    /// <summary>The key allows no more than CMEK needs.</summary>
    public const string KeyPolicyNarrow = nameof(KeyPolicyNarrow);

    /// <summary>The key's policy names no identity that was deleted.</summary>
    public const string KeyPolicyCurrent = nameof(KeyPolicyCurrent);

    /// <summary>Where the key's material comes from.</summary>
    public const string KeyOrigin = nameof(KeyOrigin);

    /// <summary>The key, or its imported material, does not expire soon.</summary>
    public const string KeyExpiry = nameof(KeyExpiry);

    /// <summary>The key cannot be deleted for good by one command.</summary>
    public const string KeyProtected = nameof(KeyProtected);

    /// <summary>CockroachDB Cloud can reach the key over the network.</summary>
    public const string KeyReachable = nameof(KeyReachable);

    /// <summary>The KMS does not rotate the key by itself in a way that CockroachDB does not follow.</summary>
    public const string KeyRotation = nameof(KeyRotation);

    /// <summary>A multi-region key has a replica in the region.</summary>
    public const string KeyReplica = nameof(KeyReplica);

    /// <summary>The cluster wraps with the newest version of the key.</summary>
    public const string VersionInUse = nameof(VersionInUse);

    /// <summary>Older versions of the key, which data and backups may need, are enabled.</summary>
    public const string OldVersionsUsable = nameof(OldVersionsUsable);

    /// <summary>A key that the region used before still exists and is enabled.</summary>
    public const string PastKeyUsable = nameof(PastKeyUsable);

    /// <summary>The identity trusts this cluster, and nobody else.</summary>
    public const string RoleTrust = nameof(RoleTrust);

    /// <summary>No organization policy stands in the way.</summary>
    public const string OrganizationPolicy = nameof(OrganizationPolicy);

    /// <summary>HashiCorp Vault can be read.</summary>
    public const string VaultReadable = nameof(VaultReadable);

    /// <summary>The Vault key is fit for CMEK.</summary>
    public const string VaultKeyUsable = nameof(VaultKeyUsable);

    /// <summary>The Vault key cannot be deleted.</summary>
    public const string VaultKeyProtected = nameof(VaultKeyProtected);

    /// <summary>The newest version of the Vault key is distributed to the cloud.</summary>
    public const string VaultVersionDistributed = nameof(VaultVersionDistributed);

    /// <summary>Every node of the cluster is live.</summary>
    public const string NodesReady = nameof(NodesReady);

    /// <summary>Managed backups are on, and the newest is not overdue.</summary>
    public const string BackupsRecent = nameof(BackupsRecent);

    /// <summary>Key and identity serve this cluster alone.</summary>
    public const string KeyShared = nameof(KeyShared);

    /// <summary>A deleted key can be brought back for long enough.</summary>
    public const string KeyDeletionWindow = nameof(KeyDeletionWindow);

    /// <summary>Nobody both uses and administers the key.</summary>
    public const string SeparationOfDuties = nameof(SeparationOfDuties);

    /// <summary>The key is protected as your rules ask, for example by hardware.</summary>
    public const string KeyProtectionLevel = nameof(KeyProtectionLevel);

    /// <summary>Managed backups are kept long enough.</summary>
    public const string BackupRetention = nameof(BackupRetention);
}
