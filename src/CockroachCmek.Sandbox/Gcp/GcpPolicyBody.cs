using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>Reads and checks the policy in the body of setIamPolicy.</summary>
internal sealed class GcpPolicyBody(GcpData data, GcpAccounts accounts, GcpRoles roles)
{
    public const string VersionHelp =
        "For more information, please refer to https://cloud.google.com/iam/docs/policies#versions";

    /// <summary>Principals in the bindings of a policy (IAM documentation, quotas).</summary>
    private const int MaxMembers = 1500;

    /// <param name="policy">The policy in the body.</param>
    /// <param name="resource">The resource that the policy is for.</param>
    /// <param name="current">The policy to replace.</param>
    /// <param name="readsBindings">False if the update mask keeps the current bindings.</param>
    /// <exception cref="GcpException">INVALID_ARGUMENT, or ABORTED for a stale etag.</exception>
    public IReadOnlyList<GcpBinding> Read(JsonObject policy, string resource, GcpPolicy current, bool readsBindings)
    {
        GcpJson.AllowFields(policy, "policy", "version", "etag", "bindings", "auditConfigs");
        var version = policy["version"] switch
        {
            null => 0,
            JsonValue value when value.TryGetValue<int>(out var number) && number is 0 or 1 or 3 => number,
            _ => throw GcpException.Invalid("The policy's version is not 0, 1 or 3."),
        };
        var hasEtag = GcpJson.Text(policy, "etag") is not null;
        if (hasEtag && !GcpJson.Bytes(policy, "etag").SequenceEqual(current.Etag))
            throw new GcpException(
                "ABORTED",
                "There were concurrent policy changes. Please retry the whole read-modify-write with exponential "
                    + "backoff."
            );
        // A write without an etag may overwrite conditions (discovery document, Policy.version).
        if (hasEtag && version < 3 && current.HasConditions)
            throw GcpException.Invalid(
                "Specified policy version (1) cannot be less than the existing policy version (3). " + VersionHelp
            );
        var bindings = readsBindings ? Bindings(policy, resource, current) : current.Bindings;
        if (version != 3 && bindings.Any(b => b.Condition is not null))
            throw GcpException.Invalid("A policy with conditions must be written as version 3.");
        return bindings;
    }

    private List<GcpBinding> Bindings(JsonObject policy, string resource, GcpPolicy current)
    {
        var items = policy["bindings"] switch
        {
            null => [],
            JsonArray array => array,
            _ => throw GcpException.Invalid("Invalid value at 'policy.bindings'"),
        };
        var bindings = new List<GcpBinding>();
        foreach (var item in items)
        {
            var binding = item as JsonObject ?? throw GcpException.Invalid("Invalid value at 'policy.bindings'");
            GcpJson.AllowFields(binding, "policy.bindings", "role", "members", "condition");
            var role = GcpJson.Text(binding, "role") ?? throw GcpException.Invalid("A binding has no role.");
            if (roles.BindingProblem(role, resource) is { } problem)
                throw GcpException.Invalid(problem);
            var members = GcpJson.Texts(binding, "members").Distinct().Select(m => Member(m, current)).ToList();
            if (members.Count > 0)
                bindings.Add(new GcpBinding(role, members, Condition(binding, role, members)));
        }

        if (bindings.Sum(b => b.Members.Count) > MaxMembers)
            throw GcpException.Invalid($"The policy contains more than {MaxMembers} principals.");
        RequireConsistent(bindings);
        // Bindings with the same role and condition become one binding.
        return
        [
            .. bindings
                .GroupBy(b => (b.Role, b.Condition))
                .Select(g => new GcpBinding(g.Key.Role, [.. g.SelectMany(b => b.Members).Distinct()], g.Key.Condition)),
        ];
    }

    /// <summary>Basic roles and public members take no condition (IAM documentation, conditions overview).</summary>
    private static GcpCondition? Condition(JsonObject binding, string role, IEnumerable<GcpMember> members)
    {
        if (GcpJson.Message(binding, "condition") is not { } given)
            return null;
        GcpJson.AllowFields(given, "policy.bindings.condition", "title", "description", "expression", "location");
        var condition = new GcpCondition(
            GcpJson.Text(given, "title") ?? throw GcpException.Invalid("A condition has no title."),
            GcpJson.Text(given, "description"),
            GcpJson.Text(given, "expression") ?? throw GcpException.Invalid("A condition has no expression.")
        );
        if (condition.Problem is { } problem)
            throw GcpException.Invalid(problem);
        if (role is "roles/owner" or "roles/editor" or "roles/viewer" || members.Any(m => m.IsPublic))
            throw GcpException.Invalid("Conditions can't be set on a basic role or on public members.");
        return condition;
    }

    private GcpMember Member(string text, GcpPolicy current)
    {
        if (text is "allUsers" or "allAuthenticatedUsers")
            return new GcpMember(text, null);
        if (Regex.Match(text, @"^deleted:(\w+):([^?]+)\?uid=(\d+)$") is { Success: true } deleted)
            return Deleted(text, deleted.Groups[1].Value, deleted.Groups[3].Value);
        if (
            !Regex.IsMatch(text, @"^(user|group|serviceAccount|domain):[^\s:@/]+(@[^\s@:]+)?$")
            && !Regex.IsMatch(text, "^principal(Set)?://")
        )
            throw GcpException.Invalid("Policy members must be of the form \"<type>:<value>\".");
        var (type, value) = (text.Split(':')[0], text.Substring(text.IndexOf(':') + 1));
        if (type is "user" or "group" && KnownType(value) is { } known && known != type)
            throw GcpException.Invalid(
                $"Account {value} is of type \"{known}\". Please set the type prefix to be \"{known}:\"."
            );
        if (type == "group" && !data.Groups.ContainsKey(value))
            throw GcpException.Invalid($"Group {value} does not exist.");
        return type == "serviceAccount" ? Account(text, value, current) : new GcpMember(text, null);
    }

    private string? KnownType(string address) =>
        data.Groups.ContainsKey(address) ? "group"
        : address.EndsWith(".gserviceaccount.com", StringComparison.OrdinalIgnoreCase) ? "serviceAccount"
        : null;

    private GcpMember Account(string text, string email, GcpPolicy current)
    {
        // An account that is already in the policy is not looked up again.
        if (
            accounts.Find(email) is { } account
            && (
                accounts.IsVisible(account)
                || current.Bindings.Any(b => b.Members.Any(m => m.UniqueId == account.UniqueId))
            )
        )
            return new GcpMember(text, account.UniqueId);
        throw GcpException.Invalid($"Service account {email} does not exist.");
    }

    private GcpMember Deleted(string text, string type, string uid)
    {
        if (!data.TakesDeletedMembers)
            throw GcpException.Invalid("Request contains an invalid argument.");
        return type == "serviceAccount" && accounts.FindAny(uid) is { } known
            ? new GcpMember("serviceAccount:" + known.Email, known.UniqueId)
            : new GcpMember(text, null);
    }

    /// <summary>A policy cannot name a deleted account and a new one of the same name.</summary>
    private void RequireConsistent(IEnumerable<GcpBinding> bindings)
    {
        if (data.TakesDeletedBesideNew)
            return;
        var members = bindings.SelectMany(b => b.Members).ToList();
        foreach (var member in members.Where(m => m.UniqueId is not null))
            if (
                accounts.FindAny(member.UniqueId) is { Deleted: not null } deleted
                && members.Exists(m => m.Text == member.Text && m.UniqueId != member.UniqueId)
            )
                throw GcpException.Invalid(
                    "Inconsistent representation of deleted member: "
                        + $"'deleted:serviceAccount:{deleted.Email}?uid={deleted.UniqueId}' and '{member.Text}'."
                );
    }
}
