using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>
/// Google's predefined roles that CMEK needs, with the permissions that the sandbox has methods for.
/// </summary>
internal static class GcpPredefinedRoles
{
    private static readonly string[] AdministerKms =
    [
        "cloudkms.locations.list",
        "cloudkms.locations.get",
        "cloudkms.keyRings.create",
        "cloudkms.keyRings.get",
        "cloudkms.keyRings.list",
        "cloudkms.keyRings.getIamPolicy",
        "cloudkms.keyRings.setIamPolicy",
        "cloudkms.cryptoKeys.create",
        "cloudkms.cryptoKeys.get",
        "cloudkms.cryptoKeys.list",
        "cloudkms.cryptoKeys.update",
        "cloudkms.cryptoKeys.delete",
        "cloudkms.cryptoKeys.getIamPolicy",
        "cloudkms.cryptoKeys.setIamPolicy",
        "cloudkms.cryptoKeyVersions.create",
        "cloudkms.cryptoKeyVersions.get",
        "cloudkms.cryptoKeyVersions.list",
        "cloudkms.cryptoKeyVersions.update",
        "cloudkms.cryptoKeyVersions.destroy",
        "cloudkms.cryptoKeyVersions.restore",
        "cloudkms.cryptoKeyVersions.delete",
        "cloudkms.importJobs.create",
        "cloudkms.importJobs.get",
        "cloudkms.importJobs.list",
        "cloudkms.importJobs.useToImport",
    ];

    private static readonly string[] AdministerAccounts =
    [
        "iam.serviceAccounts.create",
        "iam.serviceAccounts.delete",
        "iam.serviceAccounts.disable",
        "iam.serviceAccounts.enable",
        "iam.serviceAccounts.get",
        "iam.serviceAccounts.getIamPolicy",
        "iam.serviceAccounts.list",
        "iam.serviceAccounts.setIamPolicy",
        "iam.serviceAccounts.undelete",
        "iam.serviceAccounts.update",
        "resourcemanager.projects.get",
    ];

    private static readonly string[] Encrypt = ["cloudkms.cryptoKeyVersions.useToEncrypt"];
    private static readonly string[] Decrypt = ["cloudkms.cryptoKeyVersions.useToDecrypt"];
    private static readonly string[] ManageKeys =
    [
        "iam.serviceAccountKeys.create",
        "iam.serviceAccountKeys.delete",
        "iam.serviceAccountKeys.get",
        "iam.serviceAccountKeys.list",
        "iam.serviceAccounts.get",
        "iam.serviceAccounts.list",
    ];
    private static readonly string[] ManageRoles = ["iam.roles.create", "iam.roles.get", "iam.roles.list"];
    private static readonly string[] BindProject =
    [
        "resourcemanager.projects.get",
        "resourcemanager.projects.getIamPolicy",
        "resourcemanager.projects.setIamPolicy",
    ];
    private static readonly string[] ReadOrganizationPolicy = ["orgpolicy.policy.get", "orgpolicy.policies.list"];
    private static readonly string[] ReadDenyPolicies = ["iam.denypolicies.get", "iam.denypolicies.list"];
    private static readonly string[] ReadLogs = ["logging.buckets.get", "logging.logEntries.list"];
    private static readonly string[] ReadPrivateLogs = [.. ReadLogs, "logging.privateLogEntries.list"];
    private static readonly string[] ReadPolicies =
    [
        "cloudkms.cryptoKeys.getIamPolicy",
        "cloudkms.keyRings.getIamPolicy",
        "iam.roles.get",
        "iam.roles.list",
        "iam.serviceAccounts.getIamPolicy",
        "resourcemanager.projects.getIamPolicy",
        "resourcemanager.folders.getIamPolicy",
        "resourcemanager.organizations.getIamPolicy",
    ];

    public static readonly IReadOnlyDictionary<string, GcpRole> All = new GcpRole[]
    {
        new("roles/cloudkms.admin", "Cloud KMS Admin", AdministerKms),
        new(
            "roles/cloudkms.viewer",
            "Cloud KMS Viewer",
            [.. AdministerKms.Where(p => Regex.IsMatch(p, @"\.(get|list)$"))]
        ),
        new(
            "roles/cloudkms.importer",
            "Cloud KMS Importer",
            [.. AdministerKms.Where(p => p.StartsWith("cloudkms.importJobs.", StringComparison.Ordinal))]
        ),
        new(
            "roles/cloudkms.cryptoKeyEncrypterDecrypter",
            "Cloud KMS CryptoKey Encrypter/Decrypter",
            [.. Encrypt, .. Decrypt]
        ),
        new("roles/cloudkms.cryptoKeyEncrypter", "Cloud KMS CryptoKey Encrypter", Encrypt),
        new("roles/cloudkms.cryptoKeyDecrypter", "Cloud KMS CryptoKey Decrypter", Decrypt),
        new("roles/iam.serviceAccountAdmin", "Service Account Admin", AdministerAccounts),
        new(
            "roles/iam.serviceAccountCreator",
            "Create Service Accounts",
            ["iam.serviceAccounts.create", "iam.serviceAccounts.get", "iam.serviceAccounts.list"]
        ),
        new(
            "roles/iam.serviceAccountViewer",
            "View Service Accounts",
            [
                "iam.serviceAccounts.get",
                "iam.serviceAccounts.getIamPolicy",
                "iam.serviceAccounts.list",
                "iam.serviceAccountKeys.get",
                "iam.serviceAccountKeys.list",
            ]
        ),
        new(
            "roles/iam.serviceAccountTokenCreator",
            "Service Account Token Creator",
            [
                "iam.serviceAccounts.get",
                "iam.serviceAccounts.getAccessToken",
                "iam.serviceAccounts.getOpenIdToken",
                "iam.serviceAccounts.implicitDelegation",
                "iam.serviceAccounts.list",
                "iam.serviceAccounts.signBlob",
                "iam.serviceAccounts.signJwt",
            ]
        ),
        new(
            "roles/iam.serviceAccountUser",
            "Service Account User",
            ["iam.serviceAccounts.actAs", "iam.serviceAccounts.get", "iam.serviceAccounts.list"]
        ),
        new("roles/iam.serviceAccountKeyAdmin", "Service Account Key Admin", ManageKeys),
        new(
            "roles/iam.workloadIdentityUser",
            "Workload Identity User",
            [
                "iam.serviceAccounts.get",
                "iam.serviceAccounts.getAccessToken",
                "iam.serviceAccounts.getOpenIdToken",
                "iam.serviceAccounts.list",
            ]
        ),
        new("roles/iam.roleAdmin", "Role Administrator", ManageRoles),
        new(
            "roles/iam.securityAdmin",
            "Security Admin",
            [
                .. BindProject,
                "cloudkms.keyRings.getIamPolicy",
                "cloudkms.keyRings.setIamPolicy",
                "cloudkms.cryptoKeys.getIamPolicy",
                "cloudkms.cryptoKeys.setIamPolicy",
                "iam.serviceAccounts.getIamPolicy",
                "iam.serviceAccounts.setIamPolicy",
            ]
        ),
        new(
            "roles/browser",
            "Browser",
            [
                "resourcemanager.folders.get",
                "resourcemanager.organizations.get",
                "resourcemanager.projects.get",
                "resourcemanager.projects.getIamPolicy",
            ]
        ),
        new("roles/iam.securityReviewer", "Security Reviewer", [.. ReadPolicies, .. ReadDenyPolicies]),
        new("roles/logging.viewer", "Logs Viewer", ReadLogs),
        new("roles/logging.privateLogViewer", "Private Logs Viewer", ReadPrivateLogs),
        new("roles/iam.denyReviewer", "Deny Reviewer", ReadDenyPolicies),
        new(
            "roles/iam.denyAdmin",
            "Deny Admin",
            [.. ReadDenyPolicies, "iam.denypolicies.create", "iam.denypolicies.delete", "iam.denypolicies.update"]
        ),
        new("roles/resourcemanager.projectIamAdmin", "Project IAM Admin", BindProject),
        new("roles/orgpolicy.policyViewer", "Organization Policy Viewer", ReadOrganizationPolicy),
        new(
            "roles/owner",
            "Owner",
            [
                .. AdministerKms,
                .. Encrypt,
                .. Decrypt,
                .. AdministerAccounts,
                .. ManageKeys,
                .. ManageRoles,
                .. BindProject,
                .. ReadOrganizationPolicy,
                .. ReadPrivateLogs,
            ]
        ),
        new(
            "roles/editor",
            "Editor",
            [
                .. AdministerKms.Where(p =>
                    p.EndsWith(".get", StringComparison.Ordinal) || p.EndsWith(".list", StringComparison.Ordinal)
                ),
                "iam.serviceAccounts.get",
                "iam.serviceAccounts.list",
                "resourcemanager.projects.get",
            ]
        ),
        new(
            "roles/viewer",
            "Viewer",
            [
                .. AdministerKms.Where(p => Regex.IsMatch(p, @"\.(get|list)$")),
                "iam.serviceAccounts.get",
                "iam.serviceAccounts.list",
                "resourcemanager.projects.get",
            ]
        ),
    }.ToDictionary(r => r.Name);
}
