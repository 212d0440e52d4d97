namespace CockroachCmek.Core.Keys.Gcp;

// Service accounts, CockroachDB Cloud's and HashiCorp Vault's.
internal static partial class GcpErrors
{
    /// <summary>The text is not the address of a service account.</summary>
    public static CmekException ServiceAccountMalformed(string text) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            text,
            $"'{text}' is not the e-mail address of a service account. "
                + "Expected <name>@<project>.iam.gserviceaccount.com.",
            "Get-CrdbCluster <name> | New-CrdbCmekRole"
        );

    /// <summary>Cockroach Labs' account was given instead of the customer's.</summary>
    public static CmekException ServiceAccountNotYours(string text) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            text,
            $"'{text}' is the service account of Cockroach Labs. It acts through a service account of yours, which "
                + "is the one to grant the key to.",
            "Get-CrdbCluster <name> | New-CrdbCmekRole"
        );

    /// <summary>The account is in another project than the keys.</summary>
    public static CmekException ServiceAccountElsewhere(string account, string accountProject, string keyProject) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            account,
            $"The service account {account} is in project {accountProject}, but the keys would be created in "
                + $"{keyProject}. Name the keys' project if that is intended.",
            $"New-CrdbCmekKey -Project {keyProject}   "
                + $"(or New-CrdbCmekRole -Project {keyProject}, for a service account beside the keys)"
        );

    /// <summary>There is no account of this address.</summary>
    public static CmekException ServiceAccountNotFound(string account, string cluster) =>
        Errors.Make(
            CmekErrorKind.NotFound,
            account,
            $"The service account {account} does not exist.",
            $"Get-CrdbCluster {cluster} | New-CrdbCmekRole"
        );

    /// <summary>The account is disabled.</summary>
    public static CmekException ServiceAccountDisabled(string account) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            account,
            $"The service account {account} is disabled, so nobody can act as it.",
            $"gcloud iam service-accounts enable {ShellQuote.PowerShell(account)}"
        );

    /// <summary>The account was created, but cannot be read.</summary>
    public static CmekException ServiceAccountNotSeen(string account) =>
        Errors.Make(
            CmekErrorKind.Timeout,
            account,
            $"Google Cloud created the service account {account}, but does not show it after three minutes.",
            "Run the same command again"
        );

    /// <summary>The account of Cockroach Labs that is to be trusted does not exist.</summary>
    public static CmekException ClusterAccountMissing(string cluster, string account, Exception inner) =>
        Errors.Make(
            CmekErrorKind.NotFound,
            cluster,
            $"Google Cloud does not know the service account {account}, through which CockroachDB Cloud uses the "
                + $"keys of '{cluster}'.",
            $"Get-CrdbCluster {cluster} | Select-Object Name, Id, AccountId, State   "
                + $"(a cluster that is still being created has no service account yet)",
            inner
        );

    /// <summary>An account of this name exists, and is not right for the cluster.</summary>
    /// <param name="account">The account.</param>
    /// <param name="cluster">The cluster.</param>
    /// <param name="differences">What is wrong, as parts of a sentence.</param>
    /// <param name="remedy">The next command. Default: another account, or an update of this one.</param>
    public static CmekException RoleDiffers(
        ServiceAccountEmail account,
        string cluster,
        IReadOnlyList<string> differences,
        string? remedy = null
    ) =>
        Errors.Make(
            CmekErrorKind.Exists,
            account.Text,
            $"The service account {account} is not right for '{cluster}': {string.Join("; ", differences)}. "
                + "It was not changed.",
            remedy ?? $"Get-CrdbCluster {cluster} | New-CrdbCmekRole -Name <another name>   (or -Update)"
        );

    /// <summary>Vault's custom role exists, and is not what Vault needs.</summary>
    public static CmekException VaultRoleDiffers(string role, string difference, string remedy) =>
        Errors.Make(
            CmekErrorKind.Exists,
            role,
            $"The custom role {role} is not right for Vault: {difference}. It was not changed.",
            remedy
        );

    /// <summary>The file for a key of the service account holds something else.</summary>
    public static CmekException ServiceAccountKeyFileTaken(string path, string account) =>
        Errors.Make(
            CmekErrorKind.Exists,
            path,
            $"'{path}' exists, and does not hold a key of {account}. It was not changed.",
            "New-CrdbCmekKey -Via HashiCorpVault -BootstrapVaultAccess -ServiceAccountKeyPath <another path>"
        );
}
