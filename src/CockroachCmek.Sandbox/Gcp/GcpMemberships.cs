using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>
/// A member of a binding. A service account is identified by its unique id: a new account of the same name is another
/// member.
/// </summary>
internal sealed record GcpMember(string Text, string? UniqueId)
{
    public bool IsPublic => Text is "allUsers" or "allAuthenticatedUsers";
}

/// <summary>Who belongs to a member: groups, domains and sets of accounts have many.</summary>
internal sealed class GcpMemberships(GcpData data, GcpAccounts accounts)
{
    private const string AccountsOf = "principalSet://cloudresourcemanager.googleapis.com/";

    public bool Includes(GcpMember member, GcpPrincipal principal)
    {
        if (member.IsPublic)
            return true;
        if (principal.UniqueId is { } id ? member.UniqueId == id : member.Text == principal.Member)
            return true;
        if (GroupOf(member) is { } group)
            return data.Groups.TryGetValue(group, out var members) && members.Any(m => Includes(m, principal));
        if (member.Text.StartsWith("domain:", StringComparison.Ordinal))
            return principal.Member.StartsWith("user:", StringComparison.Ordinal)
                && principal.Member.EndsWith(
                    "@" + member.Text.Substring("domain:".Length),
                    StringComparison.OrdinalIgnoreCase
                );
        return Regex.Match(member.Text, $"^{Regex.Escape(AccountsOf)}(.+)/type/ServiceAccount$")
                is { Success: true } set
            && principal.UniqueId is { } accountId
            && accounts.FindAny(accountId) is { } account
            && GcpHierarchy
                .WithAncestors("projects/" + account.Project)
                .Contains(GcpHierarchy.WithId(set.Groups[1].Value));
    }

    /// <summary>The group's address, if the member is a group.</summary>
    public static string? GroupOf(GcpMember member) =>
        member.Text.StartsWith("group:", StringComparison.Ordinal) ? member.Text.Substring("group:".Length) : null;

    /// <summary>
    /// The member that a principal identifier of a deny policy stands for; null if the form is not known.
    /// </summary>
    public GcpMember? OfIdentifier(string identifier)
    {
        var match = Regex.Match(
            identifier,
            "^(?:(?<all>principalSet://goog/public:all)"
                + "|principal://iam\\.googleapis\\.com/projects/-/serviceAccounts/(?<account>[^/?]+)"
                + "|principal://goog/subject/(?<user>[^/?]+)"
                + "|principalSet://goog/group/(?<group>[^/?]+)"
                + "|principalSet://goog/cloudIdentityCustomerId/(?<customer>[^/?]+)"
                + "|(?<set>principalSet://cloudresourcemanager\\.googleapis\\.com/.+/type/ServiceAccount)"
                + "|(?<deleted>deleted:principal(?:Set)?://.+\\?uid=\\d+))$"
        );
        string? Group(string name) => match.Groups[name].Success ? match.Groups[name].Value : null;
        if (!match.Success)
            return null;
        if (Group("all") is not null)
            return new GcpMember("allUsers", null);
        if (Group("account") is { } email)
            return new GcpMember("serviceAccount:" + email, accounts.Find(email)?.UniqueId);
        if (Group("user") is { } user)
            return new GcpMember("user:" + user, null);
        if (Group("group") is { } group)
            return new GcpMember("group:" + group, null);
        if (Group("customer") is { } customer)
            return new GcpMember(
                customer == GcpHierarchy.CustomerId ? "domain:" + GcpHierarchy.Domain : customer,
                null
            );
        return new GcpMember(identifier, null);
    }
}
