namespace CockroachCmek;

internal static partial class CmekCheckTable
{
    /// <summary>The checks from CMEK001 to CMEK021.</summary>
    private static CmekCheckDefinition[] First() =>
        [
            new("CMEK001", CmekCheckName.ApiKeyRole, CmekSeverity.High)
            {
                Title = "The API key's service account may read and change CMEK.",
                Why = "Without the role, the module sees nothing and can change nothing.",
                Looks = "CockroachDB Cloud: whether GET cmek is allowed.",
                Fix = "Grant the service account Cluster Admin or Cluster Operator on the cluster.",
            },
            new("CMEK002", CmekCheckName.Plan, CmekSeverity.Medium)
            {
                Title = "The cluster's plan supports CMEK.",
                Why = "Only Advanced clusters can use keys of yours.",
                Looks = "CockroachDB Cloud: the plan of the cluster.",
                Fix = "Create an Advanced cluster and move the data.",
            },
            new("CMEK003", CmekCheckName.AdvancedSecurity, CmekSeverity.Medium)
            {
                Title = "The cluster was created with advanced security features.",
                Why = "They cannot be switched on later, and CMEK needs them.",
                Looks = "CockroachDB Cloud: whether GET cmek is offered for the cluster.",
                Fix = "Create the cluster again with the features, and move the data.",
            },
            new("CMEK004", CmekCheckName.State, CmekSeverity.Medium)
            {
                Title = "The cluster is in a state in which CMEK can be changed.",
                Why = "A change is refused while a cluster is being created, scaled, locked or deleted.",
                Looks = "CockroachDB Cloud: state and operation status of the cluster.",
                Fix = "Wait until the operation has ended.",
            },
            new("CMEK005", CmekCheckName.ManifestCluster, CmekSeverity.High)
            {
                Title = "The manifest was made for this cluster.",
                Why = "Keys of another cluster would be tied to this one.",
                Looks = "The manifest and the cluster, without a request.",
                Fix = "Use the manifest of this cluster.",
            },
            new("CMEK006", CmekCheckName.CmekEnabled, CmekSeverity.Critical)
            {
                Title = "CMEK is enabled and no operation has failed.",
                Why = "A failed or revoked region cannot use its key; a revoked cluster needs support.",
                Looks = "CockroachDB Cloud: status and messages of CMEK, regions and keys.",
                Fix = "Enable CMEK, or remove the cause in the message and run the command again.",
            },
            new("CMEK007", CmekCheckName.CmekBeforeData, CmekSeverity.Medium)
            {
                Title = "CMEK was enabled before the cluster held data.",
                Why = "Data that was written before is not encrypted with your key until it is rewritten.",
                Looks = "CockroachDB Cloud: when the cluster and its first key were created.",
                Fix = "Accept it with a suppression, or rewrite the data.",
            },
            new("CMEK008", CmekCheckName.RevocationReady, CmekSeverity.High)
            {
                Title = "Revoke-CrdbCmek would work now.",
                Why =
                    "In an emergency it is too late to find out that a permission, a lock or a stale principal "
                    + "stands in the way.",
                Looks =
                    "The drill of Test-CrdbCmekRevocation on your cloud: AWS policies and rights, Google Cloud "
                    + "permissions, Azure rights and locks.",
                Fix = "Run Test-CrdbCmekRevocation, and do what its lines say.",
            },
            new("CMEK009", CmekCheckName.RegionCovered, CmekSeverity.Critical)
            {
                Title = "Every region of the cluster has exactly one key.",
                Why = "A region without a key of yours is encrypted with a key of Cockroach Labs.",
                Looks = "CockroachDB Cloud: regions of the cluster and of CMEK.",
                Fix = "Add the region with Add-CrdbCmekRegion.",
            },
            new("CMEK010", CmekCheckName.RegionKnown, CmekSeverity.High)
            {
                Title = "Every region of the manifest is a region of the cluster.",
                Why = "A key for a region that the cluster does not have is refused.",
                Looks = "The manifest and the cluster, without a request.",
                Fix = "Correct the region in the manifest.",
            },
            new("CMEK011", CmekCheckName.KeyType, CmekSeverity.High)
            {
                Title = "The key is of the type that the cluster's cloud needs.",
                Why = "A key of another cloud cannot be used.",
                Looks = "The manifest and the cluster, without a request.",
                Fix = "Use a key of the cluster's cloud.",
            },
            new("CMEK012", CmekCheckName.KeyUri, CmekSeverity.High)
            {
                Title = "The key's URI has the right form.",
                Why = "A URI with a typo is accepted nowhere, or names another key.",
                Looks = "The text of the URI, without a request.",
                Fix = "Use the URI that New-CrdbCmekKey returns.",
            },
            new("CMEK013", CmekCheckName.Principal, CmekSeverity.High)
            {
                Title = "The identity has the right form.",
                Why = "CockroachDB Cloud cannot act as an identity that is misspelt.",
                Looks = "The text of the identity, without a request.",
                Fix = "Use the identity that New-CrdbCmekRole returns.",
            },
            new("CMEK014", CmekCheckName.KeyAccount, CmekSeverity.High)
            {
                Title = "Key and identity belong together.",
                Why =
                    "Key and identity of different accounts, projects or tenants need grants that the module "
                    + "does not make.",
                Looks = "The texts of both, without a request.",
                Fix = "Use a key and an identity of the same account.",
            },
            new("CMEK015", CmekCheckName.KeyLocation, CmekSeverity.Low)
            {
                Title = "The key is in the region that uses it, or serves it.",
                Why = "A key elsewhere makes the region depend on two regions.",
                Looks =
                    "AWS: the region in the ARN. Google Cloud: the location in the name. Azure: the location of "
                    + "the Key Vault.",
                Fix = "Rotate to a key in the region.",
            },
            new("CMEK016", CmekCheckName.KeyAge, CmekSeverity.Medium)
            {
                Title = "The region wrapped with its key not too long ago.",
                Why = "Rules ask for a rotation within a time; -MaxKeyAge is that time.",
                Looks = "CockroachDB Cloud: when the key of the region was last changed.",
                Fix = "Run Invoke-CrdbCmekRotation.",
            },
            new("CMEK017", CmekCheckName.KeyUsable, CmekSeverity.Critical)
            {
                Title = "The key exists, is of the right kind and is enabled.",
                Why = "A node that cannot use its key does not come back after a restart, and backups fail.",
                Looks = "AWS: DescribeKey. Google Cloud: the key and its primary version. Azure: the key version.",
                Fix = "Enable the key, or cancel its deletion, at once.",
            },
            new("CMEK018", CmekCheckName.KeyGranted, CmekSeverity.Critical)
            {
                Title = "The identity may use the key.",
                Why = "Without the grant, restarts and backups fail.",
                Looks =
                    "AWS: key policy, the role's policies, boundary and grants. Google Cloud: bindings and deny "
                    + "policies of the key and above. Azure: role and deny assignments, access policies.",
                Fix = "Grant it with New-CrdbCmekKey -Grant.",
            },
            new("CMEK019", CmekCheckName.KeyPolicyNarrow, CmekSeverity.High)
            {
                Title = "The key allows no more than CMEK needs.",
                Why = "Whoever can use the key without need can read what it protects.",
                Looks = "The same as KeyGranted, for everybody.",
                Fix = "Remove what Get-CrdbCmekAccess shows as more than needed.",
            },
            new("CMEK020", CmekCheckName.KeyPolicyCurrent, CmekSeverity.Medium)
            {
                Title = "The key's policy names no identity that was deleted.",
                Why = "AWS and Google Cloud refuse to write such a policy, also in an emergency.",
                Looks = "AWS: unique ids in the key policy. Google Cloud: deleted: members.",
                Fix = "Remove the deleted identities.",
            },
            new("CMEK021", CmekCheckName.KeyOrigin, CmekSeverity.Low)
            {
                Title = "Where the key's material comes from is known.",
                Why = "A rotation must not replace imported material by material of the cloud.",
                Looks =
                    "AWS: origin and key store. Google Cloud: protection level and import. Azure: tags of the "
                    + "module.",
                Fix = "Set the tag that the line names.",
            },
        ];
}
