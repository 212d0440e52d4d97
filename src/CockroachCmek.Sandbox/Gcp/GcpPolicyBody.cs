using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>A policy as a request contains it.</summary>
internal sealed record GivenPolicy(int Version, bool HasEtag, IReadOnlyList<GcpBinding> Bindings);

/// <summary>Reads and checks the policy in the body of setIamPolicy.</summary>
internal sealed class GcpPolicyBody(GcpAccounts accounts, GcpRoles roles)
{
    /// <param name="policy">The policy in the body.</param>
    /// <param name="resource">The resource that the policy is for.</param>
    /// <param name="current">The policy to replace.</param>
    /// <param name="readsBindings">False if the update mask keeps the current bindings.</param>
    /// <exception cref="GcpException">INVALID_ARGUMENT, or ABORTED for a stale etag.</exception>
    public GivenPolicy Read(JsonObject policy, string resource, GcpPolicy current, bool readsBindings)
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
                "There were concurrent policy changes. Read the policy again, change it and write it with its etag."
            );
        return new GivenPolicy(
            version,
            hasEtag,
            readsBindings ? Bindings(policy, resource, current) : current.Bindings
        );
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
                bindings.Add(new GcpBinding(role, members, Condition(binding)));
        }

        // Bindings with the same role and condition become one binding.
        return
        [
            .. bindings
                .GroupBy(b => (b.Role, b.Condition))
                .Select(g => new GcpBinding(g.Key.Role, [.. g.SelectMany(b => b.Members).Distinct()], g.Key.Condition)),
        ];
    }

    private static GcpCondition? Condition(JsonObject binding)
    {
        if (GcpJson.Message(binding, "condition") is not { } condition)
            return null;
        GcpJson.AllowFields(condition, "policy.bindings.condition", "title", "description", "expression", "location");
        return new GcpCondition(
            GcpJson.Text(condition, "title") ?? throw GcpException.Invalid("A condition has no title."),
            GcpJson.Text(condition, "description"),
            GcpJson.Text(condition, "expression") ?? throw GcpException.Invalid("A condition has no expression.")
        );
    }

    private GcpMember Member(string text, GcpPolicy current)
    {
        if (text is "allUsers" or "allAuthenticatedUsers")
            return new GcpMember(text, null);
        if (
            Regex.Match(text, @"^deleted:serviceAccount:[^?]+\?uid=(\d+)$") is { Success: true } deleted
            && accounts.FindAny(deleted.Groups[1].Value) is { } known
        )
            return new GcpMember("serviceAccount:" + known.Email, known.UniqueId);
        if (
            !Regex.IsMatch(text, @"^(user|group|serviceAccount|domain|principal|principalSet):[^\s:@/]+(@[^\s@:]+)?$")
            && !text.StartsWith("principal", StringComparison.Ordinal)
        )
            throw GcpException.Invalid($"Invalid member '{text}' in the policy.");
        if (!text.StartsWith("serviceAccount:", StringComparison.Ordinal))
            return new GcpMember(text, null);
        var email = text.Substring("serviceAccount:".Length);
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
}
