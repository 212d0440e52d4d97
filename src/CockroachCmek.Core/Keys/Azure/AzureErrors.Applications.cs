namespace CockroachCmek.Core.Keys.Azure;

// Errors about tenants and about the enterprise application of a cluster.
internal static partial class AzureErrors
{
    private const string ShowAccount = "az account show   (shows who is signed in, and to which tenant)";

    /// <summary>The access token does not name its tenant.</summary>
    public static CmekException TenantUnknown() =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            "tenant",
            "The credentials do not show which tenant they belong to.",
            "Connect-CrdbCloud -AzureTenantId <tenant id>   (Entra admin center, Overview)"
        );

    /// <summary>The caller is signed in to another tenant.</summary>
    public static CmekException TenantDiffers(string wanted, string actual) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            wanted,
            $"The credentials belong to tenant {actual}, but tenant {wanted} was requested. Nothing was written.",
            $"az login --tenant {wanted}   (or give the tenant that you are signed in to)"
        );

    /// <summary>The requested tenant does not exist, or does not know the credentials.</summary>
    public static CmekException TenantDiffers(string message, Exception inner) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            "tenant",
            $"The requested tenant does not know these credentials: {message}",
            ShowAccount,
            inner
        );

    /// <summary>Not a tenant id.</summary>
    public static CmekException TenantMalformed(string text) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            text,
            $"'{text}' is not a tenant id. Expected a UUID.",
            "Get-CrdbCluster <name> | New-CrdbCmekRole   (its AuthPrincipal is the tenant id)"
        );

    /// <summary>The cluster's application is not in the tenant.</summary>
    public static CmekException ConsentMissing(string cluster, string tenant, Uri consentUrl) =>
        Errors.Make(
            CmekErrorKind.NotFound,
            cluster,
            $"The application of '{cluster}' is not in tenant {tenant}: no administrator has consented to it. "
                + "Nothing was written.",
            $"Get-CrdbCluster {cluster} | New-CrdbCmekRole   (or open {consentUrl} as an administrator)"
        );

    /// <summary>Several applications have the name by which a cluster's own is found.</summary>
    public static CmekException ApplicationAmbiguous(string name, IReadOnlyList<ServicePrincipal> found) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            name,
            $"{found.Count} enterprise applications of the tenant are named '{name}': "
                + $"{string.Join(", ", found.Select(f => f.AppId))}. Which one is the cluster's is known to CockroachDB "
                + "Cloud only. Nothing was written.",
            "Get-CrdbCluster <name> | Revoke-CrdbCmek   (asks CockroachDB Cloud; or Revoke-CrdbCmek -Method "
                + "DisableKey, "
                + "which needs no application)"
        );

    /// <summary>Nobody consented in time.</summary>
    public static CmekException ConsentNotGiven(string cluster, Uri consentUrl, TimeSpan waited) =>
        Errors.Make(
            CmekErrorKind.Timeout,
            cluster,
            $"Nobody consented to the application of '{cluster}' within {waited}.",
            $"Open {consentUrl} as an administrator, then Get-CrdbCluster {cluster} | New-CrdbCmekRole -Wait"
        );

    /// <summary>Graph accepted the application, but does not list it.</summary>
    public static CmekException ApplicationNotSeen(string application, Exception? inner) =>
        Errors.Make(
            CmekErrorKind.Timeout,
            application,
            $"Microsoft Graph does not show the application {application}.",
            RunAgain,
            inner
        );

    /// <summary>
    /// The application was removed from the tenant, and its role assignments with it. When it comes back, it has
    /// another object id.
    /// </summary>
    public static CmekException ApplicationGone(string application, Uri consentUrl) =>
        Errors.Make(
            CmekErrorKind.NotFound,
            application,
            $"The enterprise application {application} is not in the tenant. If it is added again, it has a new "
                + "object id and none of its old role assignments.",
            $"Get-CrdbCluster <name> | New-CrdbCmekRole | New-CrdbCmekKey -KeyUri <key> -Grant   "
                + $"(or open {consentUrl} as an administrator first)",
            id: nameof(ConsentMissing)
        );

    /// <summary>The application exists, but differs from what the cluster needs.</summary>
    public static CmekException RoleDiffers(
        CrdbCluster cluster,
        string application,
        IReadOnlyList<string> differences
    ) =>
        Errors.Make(
            CmekErrorKind.Exists,
            application,
            $"The enterprise application {application} does not fit '{cluster.Name}': "
                + $"{string.Join("; ", differences)}. It was not changed.",
            $"Get-CrdbCluster {cluster.Name} | New-CrdbCmekRole -Update   "
                + $"(enables it; if the name is right although it differs: -ApplicationName <its name>)"
        );
}
