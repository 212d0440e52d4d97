using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Gcp.Access;

/// <summary>Whether a member of a policy is, or includes, a service account.</summary>
/// <remarks>Source: cloud.google.com/iam/docs/principal-identifiers.</remarks>
internal static class GcpMembers
{
    /// <summary>True for everybody, with or without a Google account.</summary>
    public static bool IsAnybody(string member) => member is "allUsers" or "allAuthenticatedUsers";

    /// <summary>
    /// Whether a member of an allow policy stands for a service account. Who is in a group is not known.
    /// </summary>
    /// <param name="member">The member, for example group:admins@example.com.</param>
    /// <param name="account">The account.</param>
    public static Truth Includes(string member, ServiceAccountEmail account)
    {
        if (IsAnybody(member) || string.Equals(member, account.Member, StringComparison.OrdinalIgnoreCase))
            return Truth.Yes;
        return IsOneOf(member, "user:", "serviceAccount:", "deleted:", "domain:", "principal:") ? Truth.No
            : IsPool(member) ? Truth.No
            : Truth.Maybe;
    }

    /// <summary>Whether a principal of a deny policy stands for a member of allow policies.</summary>
    /// <param name="principal">The principal, for example principalSet://goog/public:all.</param>
    /// <param name="member">The member, for example serviceAccount:x@p.iam.gserviceaccount.com.</param>
    public static Truth IncludesDenied(string principal, string member)
    {
        if (
            principal == "principalSet://goog/public:all"
            || string.Equals(principal, DeniedForm(member), StringComparison.OrdinalIgnoreCase)
        )
            return Truth.Yes;
        return IsOneOf(principal, "deleted:", "principal:") || IsPool(principal) ? Truth.No : Truth.Maybe;
    }

    /// <summary>What could not be read about a member that may include the account.</summary>
    public static UnreadPlace Membership(string member, ServiceAccountEmail account) =>
        member.StartsWith("group:", StringComparison.Ordinal) || member.StartsWith(GroupSet, StringComparison.Ordinal)
            ? new UnreadPlace(
                $"the members of {member}",
                "the right to view the group's members",
                "gcloud identity groups memberships check-transitive-membership "
                    + $"--group-email {ShellQuote.PowerShell(GroupOf(member))} --member-email {ShellQuote.PowerShell(account.Text)}"
            )
            : new UnreadPlace(
                $"whom {member} stands for",
                "cloudasset.assets.analyzeIamPolicy",
                $"gcloud asset analyze-iam-policy --project {ShellQuote.PowerShell(account.Project)} "
                    + $"--identity {ShellQuote.PowerShell(account.Member)}"
            );

    private const string GroupSet = "principalSet://goog/group/";

    /// <summary>How deny policies write a member of allow policies.</summary>
    private static string DeniedForm(string member)
    {
        var id = member.Substring(member.IndexOf(':') + 1);
        return IsOneOf(member, "serviceAccount:") ? $"principal://iam.googleapis.com/projects/-/serviceAccounts/{id}"
            : IsOneOf(member, "user:") ? $"principal://goog/subject/{id}"
            : IsOneOf(member, "group:") ? GroupSet + id
            : member;
    }

    private static string GroupOf(string member) =>
        member.StartsWith(GroupSet, StringComparison.Ordinal)
            ? member.Substring(GroupSet.Length)
            : member.Substring("group:".Length);

    /// <summary>Identities of workforce and workload pools are never service accounts.</summary>
    private static bool IsPool(string member) =>
        member.StartsWith("principalSet://iam.googleapis.com/", StringComparison.Ordinal)
        && (member.Contains("/workforcePools/") || member.Contains("/workloadIdentityPools/"));

    private static bool IsOneOf(string member, params string[] prefixes) =>
        prefixes.Any(p => member.StartsWith(p, StringComparison.OrdinalIgnoreCase));
}
