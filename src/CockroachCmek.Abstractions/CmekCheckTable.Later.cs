namespace CockroachCmek;

internal static partial class CmekCheckTable
{
    /// <summary>The checks from CMEK022 on.</summary>
    private static CmekCheckDefinition[] Later() =>
        [
            new("CMEK022", CmekCheckName.KeyExpiry, CmekSeverity.High)
            {
                Title = "The key, or its imported material, does not expire soon.",
                Why = "An expired key cannot wrap; expired imported material cannot be used at all.",
                Looks = "AWS: ValidTo of imported material. Azure: exp of the key.",
                Fix = "Import the material again, or move the expiry.",
            },
            new("CMEK023", CmekCheckName.KeyProtected, CmekSeverity.High)
            {
                Title = "The key cannot be deleted for good by one command.",
                Why = "A key that is purged takes the cluster's data with it.",
                Looks = "Azure: soft delete and purge protection of the Key Vault.",
                Fix = "Switch purge protection on.",
            },
            new("CMEK024", CmekCheckName.KeyReachable, CmekSeverity.High)
            {
                Title = "CockroachDB Cloud can reach the key over the network.",
                Why = "A firewall refuses a request that the grants allow.",
                Looks = "Azure: public access and firewall of the Key Vault.",
                Fix = "Admit the addresses of CockroachDB Cloud.",
            },
            new("CMEK025", CmekCheckName.KeyRotation, CmekSeverity.Medium)
            {
                Title = "The KMS does not rotate the key in a way that CockroachDB does not follow.",
                Why = "A version that nobody uses gives a false feeling of rotation.",
                Looks = "Azure: the rotation policy of the key.",
                Fix = "Run Invoke-CrdbCmekRotation on a schedule.",
            },
            new("CMEK026", CmekCheckName.KeyReplica, CmekSeverity.Low)
            {
                Title = "A multi-region key has a replica in the region.",
                Why = "Without it the region depends on another one.",
                Looks = "AWS: the region in the ARN of the replica.",
                Fix = "Replicate the key.",
            },
            new("CMEK027", CmekCheckName.VersionInUse, CmekSeverity.Medium)
            {
                Title = "The cluster wraps with the newest version of the key.",
                Why = "CockroachDB does not follow a rotation by itself.",
                Looks =
                    "AWS: ListKeyRotations. Google Cloud: the primary version. Azure: the versions of the key. "
                    + "Each against the time of CockroachDB Cloud.",
                Fix = "Run Invoke-CrdbCmekRotation.",
            },
            new("CMEK028", CmekCheckName.OldVersionsUsable, CmekSeverity.High)
            {
                Title = "Older versions of the key are enabled.",
                Why = "Data and backups of their time cannot be read without them.",
                Looks = "Google Cloud and Azure: the versions of the key.",
                Fix = "Enable them, unless no cluster ever used them.",
            },
            new("CMEK029", CmekCheckName.PastKeyUsable, CmekSeverity.High)
            {
                Title = "A key that the region used before still exists and is enabled.",
                Why = "Older data and backups need it.",
                Looks = "Like KeyUsable, for each past key.",
                Fix = "Enable it, or cancel its deletion.",
            },
            new("CMEK030", CmekCheckName.RoleTrust, CmekSeverity.Critical)
            {
                Title = "The identity trusts this cluster, and nobody else.",
                Why = "Whoever may act as the identity can use the key.",
                Looks =
                    "AWS: the trust policy and external id. Google Cloud: who may act as the service account. "
                    + "Azure: the application in your tenant.",
                Fix = "Run New-CrdbCmekRole -Update.",
            },
            new("CMEK031", CmekCheckName.OrganizationPolicy, CmekSeverity.Medium)
            {
                Title = "No organization policy stands in the way.",
                Why = "A grant that is lost could not be made again.",
                Looks = "Google Cloud: constraints on members of policies.",
                Fix = "Ask for an exemption of the project.",
            },
            new("CMEK032", CmekCheckName.VaultReadable, CmekSeverity.Medium)
            {
                Title = "HashiCorp Vault can be read.",
                Why = "Otherwise nothing is known of the keys in it.",
                Looks = "HashiCorp Vault: the keymgmt engine, with -Via HashiCorpVault.",
                Fix = "Correct the connection or the policy of the token.",
            },
            new("CMEK033", CmekCheckName.VaultKeyUsable, CmekSeverity.High)
            {
                Title = "The Vault key is fit for CMEK.",
                Why = "A wrong type or purpose cannot be distributed.",
                Looks = "HashiCorp Vault: type and versions of the key.",
                Fix = "Create a key with New-CrdbCmekKey -Via HashiCorpVault.",
            },
            new("CMEK034", CmekCheckName.VaultKeyProtected, CmekSeverity.High)
            {
                Title = "The Vault key cannot be deleted.",
                Why = "Vault can delete the copy in the cloud with it.",
                Looks = "HashiCorp Vault: deletion_allowed of the key.",
                Fix = "Set deletion_allowed to false.",
            },
            new("CMEK035", CmekCheckName.VaultVersionDistributed, CmekSeverity.Medium)
            {
                Title = "The newest version of the Vault key is distributed to the cloud.",
                Why = "A version that the cloud does not have is in use nowhere.",
                Looks = "HashiCorp Vault: the distribution of the key.",
                Fix = "Run Invoke-CrdbCmekRotation -Via HashiCorpVault.",
            },
            new("CMEK036", CmekCheckName.NodesReady, CmekSeverity.High)
            {
                Title = "Every node of the cluster is live.",
                Why = "A node that cannot use the key does not come back.",
                Looks = "CockroachDB Cloud: the nodes of the cluster.",
                Fix = "Look at the key first, then ask support.",
            },
            new("CMEK037", CmekCheckName.BackupsRecent, CmekSeverity.High)
            {
                Title = "Managed backups are on, and the newest is not overdue.",
                Why = "Backups are the first to fail without the key, and no mail is sent.",
                Looks = "CockroachDB Cloud: schedule and newest managed backup.",
                Fix = "Look at the other checks of the cluster.",
            },
            new("CMEK038", CmekCheckName.KeyShared, CmekSeverity.Medium)
            {
                Title = "Key and identity serve this cluster alone.",
                Why = "What is revoked for one cluster is lost for the other.",
                Looks =
                    "AWS: tags of key and role. Google Cloud: labels of the key, name of the account. Azure: "
                    + "tags of the key. And the keys of all clusters of the same run.",
                Fix = "Give each cluster a key and an identity of its own.",
            },
            new("CMEK039", CmekCheckName.KeyDeletionWindow, CmekSeverity.Medium)
            {
                Title = "A deleted key can be brought back for long enough.",
                Why =
                    "The time between a deletion and the loss is the time to notice it; -MinDeletionWindow is "
                    + "the limit.",
                Looks =
                    "AWS: 7 days at least, by the API. Google Cloud: destroyScheduledDuration of the key. Azure: "
                    + "softDeleteRetentionInDays of the Key Vault.",
                Fix = "Create the key with a longer window; it cannot be changed later.",
            },
            new("CMEK040", CmekCheckName.SeparationOfDuties, CmekSeverity.Medium)
            {
                Title = "Nobody both uses and administers the key.",
                Why = "One stolen identity could read the data and destroy the key.",
                Looks =
                    "AWS: key policy and grants; who has rights through IAM policies of the account is not read. "
                    + "Google Cloud: bindings on the key and above. Azure: assignments at the Key Vault, and its "
                    + "access policies.",
                Fix = "Take one of the two away from who has both.",
            },
            new("CMEK041", CmekCheckName.KeyProtectionLevel, CmekSeverity.Medium)
            {
                Title = "The key is protected as your rules ask.",
                Why = "Rules may ask for hardware; -RequireHsm is that rule.",
                Looks =
                    "AWS: origin and key store. Google Cloud: protection level of the primary version. Azure: "
                    + "kty of the key.",
                Fix = "Rotate to a key in an HSM.",
            },
            new("CMEK042", CmekCheckName.BackupRetention, CmekSeverity.Medium)
            {
                Title = "Managed backups are kept long enough.",
                Why =
                    "A backup that is gone cannot be restored, and past keys are needed for as long as backups "
                    + "are kept; -MinBackupRetention is the limit.",
                Looks = "CockroachDB Cloud: retention_days of the backup configuration, with -MinBackupRetention.",
                Fix = "Raise the retention in the console.",
            },
        ];
}
