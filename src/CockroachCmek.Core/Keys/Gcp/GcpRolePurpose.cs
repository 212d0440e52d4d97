using CockroachCmek.Core.Keys.Gcp.Access;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// What the roles are for that a revocation removes and a restoration adds. A role that allows more is never added.
/// </summary>
internal sealed class GcpRolePurpose
{
    private readonly HashSet<string> _permissions;
    private readonly Func<string, bool> _isHarmless;

    private GcpRolePurpose(IEnumerable<string> permissions, Func<string, bool> isHarmless)
    {
        _permissions = [.. permissions];
        _isHarmless = isHarmless;
    }

    /// <summary>The use of a key, and reading about it.</summary>
    public static GcpRolePurpose UseKey { get; } =
        new(GcpPermissions.Use, p => p.StartsWith("cloudkms.", StringComparison.Ordinal) && (IsRead(p) || IsUse(p)));

    /// <summary>Acting as a service account by tokens and signatures, and reading about it.</summary>
    public static GcpRolePurpose ActAsAccount { get; } =
        new(
            [
                GcpPermissions.GetAccessToken,
                "iam.serviceAccounts.actAs",
                "iam.serviceAccounts.getOpenIdToken",
                "iam.serviceAccounts.implicitDelegation",
                "iam.serviceAccounts.signBlob",
                "iam.serviceAccounts.signJwt",
            ],
            p => p is "iam.serviceAccounts.get" or "iam.serviceAccounts.list" or "iam.serviceAccounts.getIamPolicy"
        );

    /// <summary>
    /// True for a role that a record may name: a predefined one that is known to allow no more, or a custom one, which
    /// is
    /// read before it is granted.
    /// </summary>
    public bool MayName(string role) =>
        GcpPredefinedRoles.Find(role) is { } permissions ? permissions.All(Has) : IsCustom(role);

    /// <summary>True for a role that lets a member do this and no more, as far as it could be read.</summary>
    /// <param name="role">The role.</param>
    /// <param name="permissions">Its permissions; null when they could not be read.</param>
    public bool Fits(string role, IReadOnlyCollection<string>? permissions) =>
        MayName(role) && (permissions is null || (permissions.Any(_permissions.Contains) && permissions.All(Has)));

    /// <summary>What a role allows beyond the purpose.</summary>
    public IReadOnlyList<string> BeyondIn(IEnumerable<string> permissions) => [.. permissions.Where(p => !Has(p))];

    /// <summary>True for a role of a project or an organization.</summary>
    public static bool IsCustom(string role) =>
        role.Split('/') is ["projects" or "organizations", { Length: > 0 }, "roles", { Length: > 0 } id]
        && id.All(c => char.IsLetterOrDigit(c) || c is '_' or '.');

    private bool Has(string permission) =>
        _permissions.Contains(permission) || _isHarmless(permission) || permission == "resourcemanager.projects.get";

    private static bool IsRead(string permission) => Verb(permission) is "get" or "list" or "getIamPolicy";

    private static bool IsUse(string permission) =>
        Verb(permission).StartsWith("useTo", StringComparison.Ordinal) || Verb(permission) == "viewPublicKey";

    private static string Verb(string permission) => permission.Split('.').Last();
}
