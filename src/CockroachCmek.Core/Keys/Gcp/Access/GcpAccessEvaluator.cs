using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Gcp.Access;

/// <summary>Whether something is allowed or denied: surely, on conditions, or as far as it could be read.</summary>
/// <param name="IsSure">Surely.</param>
/// <param name="Conditions">The attributes that decide, where the identity and the role are sure.</param>
/// <param name="Unread">What could not be read and may decide.</param>
internal sealed record GcpDecision(bool IsSure, IReadOnlyList<string> Conditions, IReadOnlyList<UnreadPlace> Unread)
{
    /// <summary>True when nothing that was read or not read can make it so.</summary>
    public bool IsImpossible => !IsSure && Conditions.Count == 0 && Unread.Count == 0;
}

/// <summary>A binding of an allow policy, with one member.</summary>
internal sealed record GcpBinding(GcpPlace Place, string Role, string Member, string? Condition, string? Title)
{
    /// <summary>The condition for people, as "title: expression"; null without one.</summary>
    public string? ConditionText => Condition is null ? null : $"{Title ?? "untitled"}: {Condition}";

    /// <summary>The command that removes it.</summary>
    public string RemoveCommand => Place.Command.Remove(Role, Member, Condition is not null);
}

/// <summary>
/// Decides what an account may do, from allow policies, roles, conditions and deny policies. Nothing is read here.
/// </summary>
/// <param name="scope">The policies.</param>
/// <param name="account">The account.</param>
/// <param name="facts">What conditions are evaluated against.</param>
internal sealed class GcpAccessEvaluator(GcpScope scope, ServiceAccountEmail account, CelFacts facts)
{
    /// <summary>All bindings that were read, one member each.</summary>
    public IReadOnlyList<GcpBinding> Bindings { get; } =
    [
        .. scope
            .Places.Where(p => p.Policy is not null)
            .SelectMany(p => p.Policy!.Entries.Select(e => new GcpBinding(p, e.Role, e.Member, e.Expression, e.Title))),
    ];

    /// <summary>Roles whose permissions could not be read.</summary>
    public IEnumerable<UnreadPlace> UnreadRoles =>
        Bindings.Select(b => b.Role).Distinct().Where(r => scope.Permissions(r) is null).Select(UnreadRole);

    /// <summary>Whether the allow policies allow a permission.</summary>
    public GcpDecision Allow(string permission)
    {
        var isSure = false;
        var conditions = new List<string>();
        var unread = new List<UnreadPlace>(
            scope.Places.Where(p => p.Policy is null).Select(p => p.Unread).Concat(scope.Unread)
        );
        foreach (var binding in Bindings)
        {
            var member = GcpMembers.Includes(binding.Member, account);
            var role = Has(binding.Role, permission);
            var condition = Evaluate(binding);
            if (member.And(role).And(condition.Truth) == Truth.Yes)
                isSure = true;
            else if (member == Truth.No || role == Truth.No || condition.Truth == Truth.No)
                continue;
            else if (member == Truth.Yes && role == Truth.Yes)
                conditions.AddRange(condition.DependsOn);
            else
                unread.Add(role == Truth.Maybe ? UnreadRole(binding.Role) : Membership(binding.Member));
        }

        return new GcpDecision(isSure, [.. conditions.Distinct()], [.. unread.Distinct()]);
    }

    /// <summary>Whether a deny policy denies the account a permission.</summary>
    public GcpDecision Deny(string permission) => Deny(permission, account.Member);

    /// <summary>Whether a deny policy denies a member a permission.</summary>
    public GcpDecision Deny(string permission, string who)
    {
        var isSure = false;
        var conditions = new List<string>();
        var unread = new List<UnreadPlace>(
            scope.Denies.Select(d => d.Unread).OfType<UnreadPlace>().Concat(scope.Unread)
        );
        foreach (var (_, rule) in Rules(permission))
        {
            var principal = rule.IsFor(who);
            var condition = rule.Condition is { } text ? CelCondition.Evaluate(text, facts) : CelValue.Of(true);
            if (principal.And(condition.Truth) == Truth.Yes)
                isSure = true;
            else if (principal == Truth.No || condition.Truth == Truth.No)
                continue;
            else if (principal == Truth.Yes)
                conditions.AddRange(condition.DependsOn);
            else
                unread.AddRange(rule.Undecided(who).Select(Membership));
        }

        return new GcpDecision(isSure, [.. conditions.Distinct()], [.. unread.Distinct()]);
    }

    /// <summary>The bindings that surely name the account and a role with one of the permissions.</summary>
    /// <remarks>One whose condition can never hold again is none.</remarks>
    public IReadOnlyList<GcpBinding> GrantsOf(IReadOnlyList<string> permissions) =>
        Find(permissions, (member, role) => member == Truth.Yes && role == Truth.Yes);

    /// <summary>The bindings of groups that may include the account, with a role that has, or may have, them.</summary>
    public IReadOnlyList<GcpBinding> PossibleGrantsOf(IReadOnlyList<string> permissions) =>
        Find(permissions, (member, role) => member.And(role) == Truth.Maybe);

    /// <summary>What denies a permission, for people.</summary>
    public IEnumerable<string> DenialsOf(string permission) => DenialsOf(permission, account.Member);

    /// <summary>What denies a member a permission, for people.</summary>
    public IEnumerable<string> DenialsOf(string permission, string who) =>
        Rules(permission)
            .Where(r => r.Rule.IsFor(who) == Truth.Yes)
            .Select(r => $"deny policy {r.Rule.Policy} of {r.Place.Name} denies {permission}");

    /// <summary>The place whose deny policy names the account and one of the permissions; null without one.</summary>
    public GcpDenyPlace? DenyingPlace(IEnumerable<string> permissions) =>
        permissions.SelectMany(Rules).FirstOrDefault(r => r.Rule.IsFor(account.Member) == Truth.Yes).Place;

    /// <summary>Whether a binding's condition holds; true without one.</summary>
    public CelValue Evaluate(GcpBinding binding) =>
        binding.Condition is { } expression ? CelCondition.Evaluate(expression, facts) : CelValue.Of(true);

    /// <summary>Whether a role has a permission; Maybe for a role that could not be read.</summary>
    public Truth Has(string role, string permission) =>
        scope.Permissions(role)?.Contains(permission).ToTruth() ?? Truth.Maybe;

    /// <summary>What the reader is told about a role that could not be read.</summary>
    public static UnreadPlace UnreadRole(string role) =>
        new($"the permissions of {role}", "iam.roles.get", $"gcloud iam roles describe {DescribeRole(role)}");

    private IReadOnlyList<GcpBinding> Find(IReadOnlyList<string> permissions, Func<Truth, Truth, bool> isWanted) =>
        [
            .. Bindings.Where(b =>
                Evaluate(b).Truth != Truth.No
                && permissions.Any(p => isWanted(GcpMembers.Includes(b.Member, account), Has(b.Role, p)))
            ),
        ];

    private IEnumerable<(GcpDenyPlace Place, GcpDenyRule Rule)> Rules(string permission) =>
        from place in scope.Denies
        from rule in place.Rules
        where rule.Names(permission)
        select (place, rule);

    private UnreadPlace Membership(string member) => GcpMembers.Membership(member, account);

    /// <summary>gcloud takes a custom role by its id and its project or organization.</summary>
    private static string DescribeRole(string role) =>
        role.Split('/') is ["projects" or "organizations", var parent, "roles", var id]
            ? $"{ShellQuote.PowerShell(id)} --{role.Split('/')[0].TrimEnd('s')} {ShellQuote.PowerShell(parent)}"
            : ShellQuote.PowerShell(role);
}
