using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>Every IAM policy, on projects, key rings, keys and service accounts alike; and what they permit. A policy is read back at once and takes effect later.</summary>
internal sealed class GcpAccess(
    SandboxClock clock,
    GcpData data,
    GcpAccounts accounts,
    GcpRoles roles,
    IReadOnlyCollection<string> projects
)
{
    private const string DomainConstraint = "constraints/iam.allowedPolicyMemberDomains";

    /// <summary>Refuses who does not hold a permission on a resource or on what is above it.</summary>
    public void Need(GcpPrincipal principal, string permission, string resource)
    {
        if (!Holds(principal, permission, resource))
            throw GcpFault.Denied(permission, resource);
    }

    public bool Holds(GcpPrincipal principal, string permission, string resource)
    {
        if (!projects.Contains(Project(resource)))
            return false;
        return principal.IsAdministrator
            || principal.Permissions.Contains(permission)
            || Granted(principal, permission, resource, effective: true);
    }

    /// <summary>What the policies alone say: those in effect, or those last written.</summary>
    public bool Granted(GcpPrincipal principal, string permission, string resource, bool effective) =>
        Bindings(principal, permission, resource, effective).Any(b => b.Condition?.Holds(clock.UtcNow) ?? true);

    /// <summary>Whether something would be granted, were it not for a condition.</summary>
    public bool IsHeldBackByCondition(GcpPrincipal principal, string permission, string resource) =>
        Bindings(principal, permission, resource, effective: false)
            .Any(b => b.Condition is { } condition && !condition.Holds(clock.UtcNow));

    /// <summary>A binding that has been there for long.</summary>
    public void Seed(string resource, string role, string email, DateTimeOffset at)
    {
        var members = new[] { new GcpMember("serviceAccount:" + email, accounts.Find(email)!.UniqueId) };
        data.Policies[resource] =
        [
            new GcpPolicy(
                GcpPolicy.NewEtag(++data.LastPolicyEtag),
                [.. Current(resource).Bindings, new GcpBinding(role, members, null)]
            )
            {
                At = at,
            },
        ];
    }

    public JsonObject Read(string resource, string? requestedVersion)
    {
        var version = 0;
        if (
            requestedVersion is not null
            && !(
                int.TryParse(requestedVersion, NumberStyles.None, CultureInfo.InvariantCulture, out version)
                && version is 0 or 1 or 3
            )
        )
            throw GcpFault.Invalid($"The requested policy version {requestedVersion} is not 0, 1 or 3.");
        return Current(resource).ToJson(version, Show);
    }

    public JsonObject Write(string resource, JsonObject body)
    {
        GcpCall.AllowFields(body, "", "policy", "updateMask");
        var mask = GcpCall.Mask(GcpCall.Text(body, "updateMask"));
        if (mask.FirstOrDefault(m => m is not ("bindings" or "etag" or "version" or "auditConfigs")) is { } unknown)
            throw GcpFault.Invalid($"The update mask names {unknown}, which a policy does not have.");
        var policy = GcpCall.Message(body, "policy") ?? throw GcpFault.Invalid("The policy is missing.");
        GcpCall.AllowFields(policy, "policy", "version", "etag", "bindings", "auditConfigs");
        var version = policy["version"] switch
        {
            null => 0,
            JsonValue value when value.TryGetValue<int>(out var number) && number is 0 or 1 or 3 => number,
            _ => throw GcpFault.Invalid("The policy's version is not 0, 1 or 3."),
        };
        var now = Current(resource);
        var hasEtag = GcpCall.Text(policy, "etag") is not null;
        if (hasEtag && !GcpCall.Bytes(policy, "etag").SequenceEqual(now.Etag))
            throw new GcpFault(
                "ABORTED",
                "There were concurrent policy changes. Read the policy again, change it and write it with its etag."
            );
        var bindings = mask.Length > 0 && !mask.Contains("bindings") ? now.Bindings : Bindings(policy, resource, now);
        // Without an etag the last writer wins, conditions and all (discovery document, Policy.version).
        if (version != 3 && (bindings.Any(b => b.Condition is not null) || (hasEtag && now.HasConditions)))
            throw GcpFault.Invalid("A policy with conditions must be written as version 3.");
        RefuseForeigners(resource, bindings);
        var written = new GcpPolicy(GcpPolicy.NewEtag(++data.LastPolicyEtag), bindings) { At = clock.UtcNow };
        if (!data.Policies.TryGetValue(resource, out var history))
            data.Policies[resource] = history = [];
        history.Add(written);
        return written.ToJson(3, Show);
    }

    public JsonObject Test(GcpPrincipal principal, string resource, JsonObject body)
    {
        GcpCall.AllowFields(body, "", "permissions");
        var held = GcpCall.Texts(body, "permissions").Where(p => Holds(principal, p, resource)).ToArray();
        return held.Length == 0
            ? []
            : new JsonObject { ["permissions"] = new JsonArray([.. held.Select(p => (JsonNode)p)]) };
    }

    /// <summary>The one constraint that this sandbox knows, as it comes out for a project: without a policy of the organization, what it is by default.</summary>
    public JsonObject OrganizationPolicy(JsonObject body)
    {
        GcpCall.AllowFields(body, "", "constraint");
        if (GcpCall.Text(body, "constraint") is not DomainConstraint)
            throw GcpFault.Invalid($"This sandbox knows one constraint, {DomainConstraint}.");
        var list = data.RestrictMembers
            ? new JsonObject { ["allowedValues"] = new JsonArray("C00000000") }
            : new JsonObject { ["allValues"] = "ALLOW" };
        return new JsonObject { ["constraint"] = DomainConstraint, ["listPolicy"] = list };
    }

    /// <summary>What is deleted takes its policy with it.</summary>
    public void Forget(string resource) => data.Policies.Remove(resource);

    private IEnumerable<GcpBinding> Bindings(
        GcpPrincipal principal,
        string permission,
        string resource,
        bool effective
    ) =>
        Ancestry(resource)
            .SelectMany(r => (effective ? Effective(r) : Current(r)).Bindings)
            .Where(b => roles.Includes(b.Role, permission) && b.Members.Any(m => Names(m, principal)));

    private GcpPolicy Current(string resource) =>
        data.Policies.TryGetValue(resource, out var history) ? history[^1] : GcpPolicy.Empty;

    private GcpPolicy Effective(string resource)
    {
        var since = clock.UtcNow - data.PropagationDelay;
        return data.Policies.TryGetValue(resource, out var history)
            ? history.LastOrDefault(p => p.At <= since) ?? GcpPolicy.Empty
            : GcpPolicy.Empty;
    }

    private static bool Names(GcpMember member, GcpPrincipal principal) =>
        member.Text is "allUsers" or "allAuthenticatedUsers"
        || (principal.UniqueId is { } id ? member.UniqueId == id : member.Text == principal.Member);

    /// <summary>The resource, and what it inherits from.</summary>
    private static IEnumerable<string> Ancestry(string resource)
    {
        var segments = resource.Split('/');
        for (var count = segments.Length; count >= 2; count -= 2)
            yield return string.Join("/", segments.Take(count));
    }

    private static string Project(string resource) => resource.Split('/') is [_, var project, ..] ? project : "";

    private List<GcpBinding> Bindings(JsonObject policy, string resource, GcpPolicy now)
    {
        var bindings = new List<GcpBinding>();
        foreach (
            var item in policy["bindings"] switch
            {
                null => [],
                JsonArray array => array,
                _ => throw GcpFault.Invalid("Invalid value at 'policy.bindings'"),
            }
        )
        {
            var binding = item as JsonObject ?? throw GcpFault.Invalid("Invalid value at 'policy.bindings'");
            GcpCall.AllowFields(binding, "policy.bindings", "role", "members", "condition");
            var role = GcpCall.Text(binding, "role") ?? throw GcpFault.Invalid("A binding has no role.");
            if (roles.Unsupported(role, resource) is { } reason)
                throw GcpFault.Invalid(reason);
            var members = GcpCall.Texts(binding, "members").Distinct().Select(m => Member(m, now)).ToList();
            if (members.Count > 0)
                bindings.Add(new GcpBinding(role, members, Condition(binding)));
        }

        // Bindings of one role and one condition are one binding.
        return
        [
            .. bindings
                .GroupBy(b => (b.Role, b.Condition))
                .Select(g => new GcpBinding(g.Key.Role, [.. g.SelectMany(b => b.Members).Distinct()], g.Key.Condition)),
        ];
    }

    private static GcpCondition? Condition(JsonObject binding)
    {
        if (GcpCall.Message(binding, "condition") is not { } condition)
            return null;
        GcpCall.AllowFields(condition, "policy.bindings.condition", "title", "description", "expression", "location");
        return new GcpCondition(
            GcpCall.Text(condition, "title") ?? throw GcpFault.Invalid("A condition has no title."),
            GcpCall.Text(condition, "description"),
            GcpCall.Text(condition, "expression") ?? throw GcpFault.Invalid("A condition has no expression.")
        );
    }

    private GcpMember Member(string text, GcpPolicy now)
    {
        if (text is "allUsers" or "allAuthenticatedUsers")
            return new GcpMember(text, null);
        if (
            Regex.Match(text, @"^deleted:serviceAccount:[^?]+\?uid=(\d+)$") is { Success: true } gone
            && accounts.Ever(gone.Groups[1].Value) is { } known
        )
            return new GcpMember("serviceAccount:" + known.Email, known.UniqueId);
        if (
            !Regex.IsMatch(text, @"^(user|group|serviceAccount|domain|principal|principalSet):[^\s:@/]+(@[^\s@:]+)?$")
            && !text.StartsWith("principal", StringComparison.Ordinal)
        )
            throw GcpFault.Invalid($"Invalid member '{text}' in the policy.");
        if (!text.StartsWith("serviceAccount:", StringComparison.Ordinal))
            return new GcpMember(text, null);
        var email = text.Substring("serviceAccount:".Length);
        // Who is in the policy already is not looked up anew.
        if (
            accounts.Find(email) is { } account
            && (accounts.IsSeen(account) || now.Bindings.Any(b => b.Members.Any(m => m.UniqueId == account.UniqueId)))
        )
            return new GcpMember(text, account.UniqueId);
        throw GcpFault.Invalid($"Service account {email} does not exist.");
    }

    /// <summary>Members that were there before count too.</summary>
    private void RefuseForeigners(string resource, IEnumerable<GcpBinding> bindings)
    {
        if (!data.RestrictMembers)
            return;
        var foreign = bindings
            .SelectMany(b => b.Members)
            .FirstOrDefault(m =>
                m.UniqueId is { } id
                    ? !projects.Contains(accounts.Ever(id)!.Project)
                    : m.Text is "allUsers" or "allAuthenticatedUsers"
            );
        if (foreign is null)
            return;
        throw new GcpFault(
            "FAILED_PRECONDITION",
            "One or more users named in the policy do not belong to a permitted customer.",
            new JsonObject
            {
                ["@type"] = "type.googleapis.com/google.rpc.PreconditionFailure",
                ["violations"] = new JsonArray(
                    new JsonObject
                    {
                        ["type"] = DomainConstraint,
                        ["subject"] =
                            $"orgpolicy:projects/{Project(resource)}?configvalue={Uri.EscapeDataString(foreign.Text)}",
                        ["description"] = $"{foreign.Text} is not in a permitted organization.",
                    }
                ),
            }
        );
    }

    private string Show(GcpMember member) =>
        member.UniqueId is { } id && accounts.Ever(id) is { Deleted: not null } account
            ? $"deleted:serviceAccount:{account.Email}?uid={id}"
            : member.Text;
}
