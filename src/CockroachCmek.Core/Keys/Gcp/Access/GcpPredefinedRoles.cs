namespace CockroachCmek.Core.Keys.Gcp.Access;

/// <summary>
/// Predefined roles that keys and service accounts are usually granted with, by those of their permissions that matter
/// for a key. Any other role is read.
/// </summary>
/// <remarks>
/// Source: cloud.google.com/iam/docs/roles-permissions/cloudkms and /iam,
/// cloud.google.com/kms/docs/separation-of-duties
/// (the owner manages and uses the keys).
/// </remarks>
internal static class GcpPredefinedRoles
{
    private static readonly string[] Manage =
    [
        "cloudkms.cryptoKeys.update",
        "cloudkms.cryptoKeys.delete",
        "cloudkms.cryptoKeys.setIamPolicy",
        "cloudkms.keyRings.setIamPolicy",
        "cloudkms.cryptoKeyVersions.create",
        "cloudkms.cryptoKeyVersions.delete",
        "cloudkms.cryptoKeyVersions.destroy",
        "cloudkms.cryptoKeyVersions.restore",
        "cloudkms.cryptoKeyVersions.update",
    ];

    private static readonly Dictionary<string, string[]> All = new()
    {
        ["roles/owner"] =
        [
            .. Manage,
            GcpPermissions.Encrypt,
            GcpPermissions.Decrypt,
            "iam.serviceAccounts.actAs",
            "iam.serviceAccounts.setIamPolicy",
            "iam.serviceAccountKeys.create",
            "resourcemanager.projects.setIamPolicy",
        ],
        ["roles/viewer"] = [],
        ["roles/browser"] = [],
        [GcpNames.UseRole] = [GcpPermissions.Encrypt, GcpPermissions.Decrypt],
        ["roles/cloudkms.cryptoKeyEncrypter"] = [GcpPermissions.Encrypt],
        ["roles/cloudkms.cryptoKeyDecrypter"] = [GcpPermissions.Decrypt],
        ["roles/cloudkms.cryptoOperator"] = [GcpPermissions.Encrypt, GcpPermissions.Decrypt],
        ["roles/cloudkms.admin"] = Manage,
        ["roles/cloudkms.viewer"] = [],
        ["roles/cloudkms.publicKeyViewer"] = [],
        [GcpNames.TrustRole] =
        [
            GcpPermissions.GetAccessToken,
            "iam.serviceAccounts.implicitDelegation",
            "iam.serviceAccounts.signBlob",
            "iam.serviceAccounts.signJwt",
        ],
        ["roles/iam.serviceAccountUser"] = ["iam.serviceAccounts.actAs"],
        ["roles/iam.serviceAccountKeyAdmin"] = ["iam.serviceAccountKeys.create"],
        ["roles/iam.workloadIdentityUser"] = [GcpPermissions.GetAccessToken],
        ["roles/iam.serviceAccountAdmin"] = ["iam.serviceAccounts.setIamPolicy"],
    };

    /// <summary>The permissions of a role; null for one that has to be read.</summary>
    public static IReadOnlyCollection<string>? Find(string role) =>
        All.TryGetValue(role, out var permissions) ? permissions : null;
}
