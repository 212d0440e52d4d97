namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>Errors of Google Cloud. The method name is the error id; an id that several clouds share has the same name in each.</summary>
internal static class GcpErrors
{
    /// <summary>Neither a token, a file, the environment nor the metadata server gave credentials.</summary>
    public static CmekException GcpCredentialsMissing(string reason, Exception inner) =>
        Errors.Make(
            CmekErrorKind.Authentication,
            "Google Cloud credentials",
            $"No Google Cloud credentials were found: {reason}",
            "gcloud auth application-default login   (or Connect-CrdbCloud -GcpCredentialFile <file>)",
            inner
        );

    /// <summary>Google does not know the credentials, or they have expired.</summary>
    public static CmekException GcpCredentialsRefused(string message) =>
        Errors.Make(
            CmekErrorKind.Authentication,
            "Google Cloud credentials",
            $"Google Cloud does not accept the credentials: {message}",
            "gcloud auth application-default login   (or Connect-CrdbCloud -GcpAccessToken <a new token>)"
        );

    /// <summary>The credentials are known, and may not do this. Google's sentence names the permission and the resource.</summary>
    public static CmekException GcpPermissionDenied(string cluster, string message, Exception inner) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            cluster,
            $"Google Cloud does not allow what is needed for '{cluster}': {message}",
            "Get-CrdbCmekKeyPolicy   (prints the bindings and the gcloud commands for somebody who may)",
            inner,
            statusCode: 403
        );

    /// <summary>The project does not use the API yet.</summary>
    public static CmekException GcpApiDisabled(string cluster, string service, string? project, string message) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            cluster,
            $"The API {service} is not enabled in the project that is used for '{cluster}': {message}",
            $"gcloud services enable {service}{(project is null ? "" : $" --project {project}")}; then run the same command again in a minute"
        );

    /// <summary>Nothing tells in which project to make things.</summary>
    public static CmekException ProjectUnknown() =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            "project",
            "Nothing tells which Google Cloud project to use: neither -Project, the session, GOOGLE_CLOUD_PROJECT nor the credentials.",
            "Connect-CrdbCloud -GcpProject <project id>   (or -Project on this command)"
        );

    /// <summary>The organization does not let outsiders into policies. Trying again does not help.</summary>
    public static CmekException OrganizationPolicyForbids(string target, string constraint, string message) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            target,
            $"An organization policy, {constraint}, forbids members from outside your organization, and the service account of CockroachDB Cloud is one. Nothing was bound for '{target}'. Google says: {message}",
            $"gcloud org-policies describe {constraint.Replace("constraints/", "")} --project <project> --effective   (its administrator has to make an exception for the project)"
        );

    /// <summary>Too many requests, after all tries.</summary>
    public static CmekException GcpQuotaExceeded(string cluster, string message, Exception inner) =>
        Errors.Make(
            CmekErrorKind.LimitsExceeded,
            cluster,
            $"Google Cloud takes no more requests for now while working for '{cluster}': {message}",
            "Run the same command again, with a smaller -ThrottleLimit   (or Connect-CrdbCloud -GcpQuotaProject <project>)",
            inner,
            statusCode: 429
        );

    /// <summary>Others change the same policy all the time.</summary>
    public static CmekException GcpConflict(string cluster, string message, Exception inner) =>
        Errors.Make(
            CmekErrorKind.Busy,
            cluster,
            $"Something else changes the same IAM policy at the same time, while working for '{cluster}': {message}",
            "Run the same command again: it reads the policy anew",
            inner,
            statusCode: 409
        );

    /// <summary>No answer, or the service's own failure, after all tries.</summary>
    public static CmekException GcpUnreachable(string cluster, Exception inner) =>
        Errors.Make(
            CmekErrorKind.Connection,
            cluster,
            $"Google Cloud gave no usable answer while working for '{cluster}': {inner.GetBaseException().Message}",
            "Run the same command again: it looks for what is there before it makes anything",
            inner
        );

    /// <summary>Any other refusal.</summary>
    public static CmekException GcpRefused(string target, string code, string message, Exception inner) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            target,
            $"Google Cloud refused ({code}) while working for '{target}': {message}",
            "Run the same command again with -Verbose, which shows every call",
            inner
        );

    /// <summary>A name that Google Cloud does not take.</summary>
    public static CmekException NameMalformed(string name, string rule) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            name,
            $"'{name}' cannot be a name on Google Cloud: {rule}.",
            "Give another -Name, or none: the default is crdb-cmek- and the last 12 digits of the cluster's id"
        );

    /// <summary>Tags that Google Cloud does not take as labels.</summary>
    public static CmekException LabelMalformed(string cluster, string problem) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            cluster,
            $"Google Cloud takes labels of lower-case letters, digits, - and _ only, up to 63 of them: {problem}. Nothing was written for '{cluster}'.",
            "New-CrdbCmekKey -Tag @{ team = 'db' }"
        );

    /// <summary>No resource name of a key.</summary>
    public static CmekException KeyNameMalformed(string text) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            text,
            $"'{text}' is no resource name of a key, projects/<project>/locations/<location>/keyRings/<ring>/cryptoKeys/<key>.",
            "gcloud kms keys list --location <location> --keyring <ring>   (the column NAME)"
        );

    /// <summary>Not the address of a service account.</summary>
    public static CmekException ServiceAccountMalformed(string text) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            text,
            $"'{text}' is no service account's e-mail address, <name>@<project>.iam.gserviceaccount.com.",
            "Get-CrdbCluster <name> | New-CrdbCmekRole"
        );

    /// <summary>Cockroach Labs' account, where the customer's is needed.</summary>
    public static CmekException ServiceAccountNotYours(string text) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            text,
            $"'{text}' is the service account of Cockroach Labs. It acts through one of your own, which is what the key is granted to.",
            "Get-CrdbCluster <name> | New-CrdbCmekRole"
        );

    /// <summary>The account is in another project than the keys.</summary>
    public static CmekException ServiceAccountElsewhere(string account, string accountProject, string keyProject) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            account,
            $"The service account {account} is in the project {accountProject}, the keys would be in {keyProject}. That works, but has to be meant.",
            $"New-CrdbCmekKey -Project {keyProject}   (or New-CrdbCmekRole -Project {keyProject}, for an account beside the keys)"
        );

    /// <summary>No account of this address.</summary>
    public static CmekException ServiceAccountNotFound(string account, string cluster) =>
        Errors.Make(
            CmekErrorKind.NotFound,
            account,
            $"There is no service account {account}.",
            $"Get-CrdbCluster {cluster} | New-CrdbCmekRole"
        );

    /// <summary>Disabled.</summary>
    public static CmekException ServiceAccountDisabled(string account) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            account,
            $"The service account {account} is disabled: nobody can act as it.",
            $"gcloud iam service-accounts enable {account}"
        );

    /// <summary>The account was made, but cannot be seen.</summary>
    public static CmekException ServiceAccountNotSeen(string account) =>
        Errors.Make(
            CmekErrorKind.Timeout,
            account,
            $"Google Cloud made the service account {account}, but does not show it after three minutes.",
            "Run the same command again"
        );

    /// <summary>The account of Cockroach Labs that is to be let in does not exist.</summary>
    public static CmekException ClusterAccountMissing(string cluster, string account, Exception inner) =>
        Errors.Make(
            CmekErrorKind.NotFound,
            cluster,
            $"Google Cloud knows no service account {account}, by which CockroachDB Cloud uses the keys of '{cluster}'.",
            $"Get-CrdbCluster {cluster} | Select-Object Name, Id, AccountId, State   (a cluster that is still being made has none yet)",
            inner
        );

    /// <summary>An account of the name is there and is not what is needed.</summary>
    internal static CmekException RoleDiffers(
        ServiceAccountEmail account,
        string cluster,
        IReadOnlyList<string> differences
    ) =>
        Errors.Make(
            CmekErrorKind.Exists,
            account.Text,
            $"The service account {account} is not right for '{cluster}': {string.Join("; ", differences)}. It was left as it is.",
            $"Get-CrdbCluster {cluster} | New-CrdbCmekRole -Update   (or -Name <another name>)"
        );

    /// <summary>A location that Cloud KMS does not have.</summary>
    public static CmekException LocationUnknown(string location, string message) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            location,
            $"Cloud KMS has no location '{location}' that these credentials may see: {message}",
            "gcloud kms locations list"
        );

    /// <summary>The hardware is not everywhere.</summary>
    public static CmekException HsmNotAvailable(string location) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            location,
            $"Cloud KMS has no hardware for keys (HSM) in '{location}'.",
            "New-CrdbCmekKey -ProtectionLevel Software   (or -Location <another>; gcloud kms locations list)"
        );

    /// <summary>A ring lies in one location for ever.</summary>
    public static CmekException KeyRingElsewhere(string ring, string location) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            ring,
            $"The key ring {ring} does not lie in '{location}', where the key is needed; a ring cannot be moved.",
            $"New-CrdbCmekKey -KeyRing <its id alone>   (makes one in {location}; or -Location <the ring's location>, for one key for all regions)"
        );

    /// <summary>A key of the name is somebody else's.</summary>
    internal static CmekException KeyNameTaken(GcpKeyName key, string? holder) =>
        Errors.Make(
            CmekErrorKind.Exists,
            key.ToString(),
            $"{key} exists, {(holder is null ? "was not made for this cluster" : $"belongs to the cluster {holder}")}, and does not let the service account use it. It was left as it is.",
            "New-CrdbCmekKey -Name <another name>   (or -KeyUri <that key> -Grant to use it)"
        );

    /// <summary>Names of keys that were deleted cannot be used again.</summary>
    internal static CmekException KeyNameRetired(GcpKeyName key, Exception? inner) =>
        Errors.Make(
            CmekErrorKind.Exists,
            key.ToString(),
            $"A key {key} was deleted once; Google Cloud never gives its name out again.",
            "New-CrdbCmekKey -Name <another name>",
            inner
        );

    /// <summary>The key is there, and is not what was asked for.</summary>
    internal static CmekException KeyDiffers(GcpKeyName key, IReadOnlyList<string> differences) =>
        Errors.Make(
            CmekErrorKind.Exists,
            key.ToString(),
            $"{key} exists: {string.Join("; ", differences)}. Google Cloud cannot change that.",
            "New-CrdbCmekKey -Name <another name>   (or without the options that differ)"
        );

    /// <summary>No key of this name.</summary>
    internal static CmekException KeyNotFound(GcpKeyName key) =>
        Errors.Make(
            CmekErrorKind.NotFound,
            key.ToString(),
            $"There is no key '{key}' that these credentials may see.",
            $"gcloud kms keys list --project {key.Project} --location {key.Location} --keyring {key.Ring}"
        );

    /// <summary>The version that encrypts is to be destroyed, or is.</summary>
    internal static CmekException KeyPendingDeletion(
        GcpKeyName key,
        string version,
        string state,
        DateTimeOffset? date
    ) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            key.ToString(),
            $"Version {version} of {key} is {state}{(date is null ? "" : $", to be destroyed on {date:yyyy-MM-dd}")}: a cluster that used it would be lost with it.",
            $"gcloud kms keys versions restore {version} {Place(key)}; gcloud kms keys versions enable {version} {Place(key)}"
        );

    /// <summary>The version that encrypts is disabled.</summary>
    internal static CmekException KeyDisabled(GcpKeyName key, string version) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            key.ToString(),
            $"Version {version} of {key}, the primary one, is disabled.",
            $"gcloud kms keys versions enable {version} {Place(key)}"
        );

    /// <summary>No version encrypts.</summary>
    internal static CmekException KeyHasNoPrimary(GcpKeyName key) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            key.ToString(),
            $"{key} has no primary version, so nothing can be encrypted with it.",
            $"gcloud kms keys versions create --primary {Place(key, "--key")}",
            id: nameof(Errors.KeyNotEnabled)
        );

    /// <summary>The policy does not let the account use the key.</summary>
    internal static CmekException KeyNotGranted(GcpKeyName key, string account, IReadOnlyList<string> deleted) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            key.ToString(),
            $"The policy of {key} does not give {GcpNames.UseRole} to {account}.{(deleted.Count > 0 ? $" It names {string.Join(", ", deleted)}, an account that was deleted; one of the same address is another." : "")}",
            "New-CrdbCmekKey -KeyUri <key> -Grant   (or Get-CrdbCmekKeyPolicy, for somebody who may change it)"
        );

    /// <summary>The policy that was set cannot be read back.</summary>
    public static CmekException BindingNotSeen(string resource) =>
        Errors.Make(
            CmekErrorKind.Timeout,
            resource,
            $"Google Cloud took the IAM policy of {resource}, but does not show it after three minutes.",
            "Run the same command again"
        );

    /// <summary>New versions of the key come from elsewhere.</summary>
    internal static CmekException KeyCannotRotate(GcpKeyName key, string reason, string next) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            key.ToString(),
            $"Google Cloud cannot make new material for {key}: {reason}.",
            next
        );

    /// <summary>The new version does not become usable.</summary>
    internal static CmekException VersionNotReady(GcpKeyName key, string version, string state) =>
        Errors.Make(
            CmekErrorKind.Timeout,
            key.ToString(),
            $"Version {version} of {key} is still {state} after five minutes. Google Cloud goes on making it.",
            "Run the same command again: it takes up the version that was made"
        );

    private static string Place(GcpKeyName key, string flag = "--key") =>
        $"{flag} {key.Id} --keyring {key.Ring} --location {key.Location} --project {key.Project}";

    /// <summary>Vault's role on Google Cloud is there, and is not what Vault needs.</summary>
    public static CmekException VaultRoleDiffers(string role, IReadOnlyList<string> differences, string next) =>
        Errors.Make(
            CmekErrorKind.Exists,
            role,
            $"The custom role {role} is not right for Vault: {string.Join("; ", differences)}. It was left as it is.",
            next
        );

    /// <summary>The file for a key of the service account holds something else.</summary>
    public static CmekException ServiceAccountKeyFileTaken(string path, string account) =>
        Errors.Make(
            CmekErrorKind.Exists,
            path,
            $"'{path}' exists and holds no key of {account}; it was left as it is.",
            "New-CrdbCmekKey -ServiceAccountKeyPath <another path>"
        );
}
