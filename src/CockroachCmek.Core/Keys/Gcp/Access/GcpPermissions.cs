namespace CockroachCmek.Core.Keys.Gcp.Access;

/// <summary>Permissions of Google Cloud that decide about a key, and what they let people do.</summary>
/// <remarks>
/// Source: cloud.google.com/iam/docs/roles-permissions/cloudkms and /iam. useTo…ViaDelegation is left out: it lets
/// Google's own services use the key, not the member.
/// </remarks>
internal static class GcpPermissions
{
    public const string Encrypt = "cloudkms.cryptoKeyVersions.useToEncrypt";

    public const string Decrypt = "cloudkms.cryptoKeyVersions.useToDecrypt";

    /// <summary>Creates tokens for a service account.</summary>
    public const string GetAccessToken = "iam.serviceAccounts.getAccessToken";

    /// <summary>What CockroachDB Cloud needs on a key.</summary>
    public static IReadOnlyList<string> Use { get; } = [Encrypt, Decrypt];

    /// <summary>What CockroachDB Cloud needs on the service account.</summary>
    public static IReadOnlyList<string> Trust { get; } = [GetAccessToken];

    /// <summary>Each of these lets a member act as a service account, and so use the key through it.</summary>
    private static readonly HashSet<string> ActAs =
    [
        GetAccessToken,
        "iam.serviceAccounts.actAs",
        "iam.serviceAccounts.implicitDelegation",
        "iam.serviceAccounts.signBlob",
        "iam.serviceAccounts.signJwt",
        "iam.serviceAccountKeys.create",
    ];

    private static readonly HashSet<string> Administer =
    [
        "cloudkms.cryptoKeys.update",
        "cloudkms.cryptoKeyVersions.create",
        "cloudkms.cryptoKeyVersions.restore",
        "cloudkms.cryptoKeyVersions.update",
    ];

    private static readonly HashSet<string> Delete =
    [
        "cloudkms.cryptoKeys.delete",
        "cloudkms.cryptoKeyVersions.delete",
        "cloudkms.cryptoKeyVersions.destroy",
    ];

    /// <summary>Each lets a member change a policy, where it is granted at this level or above.</summary>
    private static readonly Dictionary<string, GcpLevel> Grant = new()
    {
        ["cloudkms.cryptoKeys.setIamPolicy"] = GcpLevel.Resource,
        ["cloudkms.keyRings.setIamPolicy"] = GcpLevel.KeyRing,
        ["resourcemanager.projects.setIamPolicy"] = GcpLevel.Project,
        ["resourcemanager.folders.setIamPolicy"] = GcpLevel.Folder,
        ["resourcemanager.organizations.setIamPolicy"] = GcpLevel.Organization,
    };

    /// <summary>The permissions of a role that give a right to a key, when it is granted at a level.</summary>
    public static IReadOnlyList<string> ForKey(
        CmekAccessRights right,
        IReadOnlyCollection<string> permissions,
        GcpLevel level
    ) =>
        [
            .. permissions.Where(p =>
                right switch
                {
                    CmekAccessRights.Use => Use.Contains(p),
                    CmekAccessRights.Administer => Administer.Contains(p),
                    CmekAccessRights.Delete => Delete.Contains(p),
                    CmekAccessRights.Grant => Grants(p, level, "cloudkms."),
                    _ => false,
                }
            ),
        ];

    /// <summary>The same for a service account: to act as it (Use), or to let others do so (Grant).</summary>
    public static IReadOnlyList<string> ForAccount(
        CmekAccessRights right,
        IReadOnlyCollection<string> permissions,
        GcpLevel level
    ) =>
        [
            .. permissions.Where(p =>
                right switch
                {
                    CmekAccessRights.Use => ActAs.Contains(p),
                    CmekAccessRights.Grant => p == "iam.serviceAccounts.setIamPolicy" || Grants(p, level, "iam."),
                    _ => false,
                }
            ),
        ];

    /// <summary>What a role lets a member do with a key, when it is granted at a level.</summary>
    public static CmekAccessRights OnKey(IReadOnlyCollection<string> permissions, GcpLevel level) =>
        AllOf(r => ForKey(r, permissions, level));

    /// <summary>What a role lets a member do with a service account: act as it (Use), or let others do so.</summary>
    public static CmekAccessRights OnAccount(IReadOnlyCollection<string> permissions, GcpLevel level) =>
        AllOf(r => ForAccount(r, permissions, level));

    private static CmekAccessRights AllOf(Func<CmekAccessRights, IReadOnlyList<string>> permissionsOf) =>
        new[] { CmekAccessRights.Use, CmekAccessRights.Administer, CmekAccessRights.Delete, CmekAccessRights.Grant }
            .Where(r => permissionsOf(r).Count > 0)
            .Aggregate(CmekAccessRights.None, (all, r) => all | r);

    private static bool Grants(string permission, GcpLevel level, string service) =>
        Grant.TryGetValue(permission, out var least)
        && level >= least
        && (
            permission.StartsWith(service, StringComparison.Ordinal)
            || permission.StartsWith("resourcemanager.", StringComparison.Ordinal)
        );
}
