using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Gcp.Access;

/// <summary>A rule of a deny policy. It denies whatever an allow policy allows.</summary>
/// <remarks>Source: cloud.google.com/iam/docs/deny-overview; fields of the discovery document of iam v2.</remarks>
internal sealed class GcpDenyRule(string policy, JsonObject rule)
{
    /// <summary>The policy that the rule is part of, for people.</summary>
    public string Policy => policy;

    /// <summary>The condition under which the rule applies; null when it always does.</summary>
    public string? Condition => (string?)(rule["denialCondition"] as JsonObject)?["expression"];

    /// <summary>The rules of a policy.</summary>
    /// <param name="policy">
    /// A policy as <c>policies.get</c> returns it; <c>policies.list</c> leaves the rules out.
    /// </param>
    public static IEnumerable<GcpDenyRule> Of(JsonObject policy)
    {
        var name = (string?)policy["displayName"] is { Length: > 0 } given
            ? given
            : ((string?)policy["name"] ?? "").Split('/').Last();
        return (policy["rules"] as JsonArray ?? [])
            .OfType<JsonObject>()
            .Select(r => r["denyRule"] as JsonObject)
            .OfType<JsonObject>()
            .Select(r => new GcpDenyRule(name, r));
    }

    /// <summary>Whether the rule names a permission.</summary>
    /// <param name="permission">In the form of roles: cloudkms.cryptoKeyVersions.useToDecrypt.</param>
    public bool Names(string permission) =>
        Values("deniedPermissions").Any(p => Matches(p, permission))
        && !Values("exceptionPermissions").Any(p => Matches(p, permission));

    /// <summary>Whether the rule is for a member of allow policies, but for its exceptions.</summary>
    public Truth IsFor(string member) =>
        Any(Values("deniedPrincipals"), member).And(Any(Values("exceptionPrincipals"), member).Not());

    /// <summary>The principals whose members decide whether the rule is for a member.</summary>
    public IEnumerable<string> Undecided(string member) =>
        Values("deniedPrincipals")
            .Concat(Values("exceptionPrincipals"))
            .Where(p => GcpMembers.IncludesDenied(p, member) == Truth.Maybe);

    private static Truth Any(IEnumerable<string> principals, string member) =>
        principals.Aggregate(Truth.No, (truth, p) => truth.Or(GcpMembers.IncludesDenied(p, member)));

    /// <summary>Deny policies write a permission with the service's host name, and allow * in its parts.</summary>
    private static bool Matches(string pattern, string permission)
    {
        var dot = permission.IndexOf('.');
        var service = permission.Substring(0, dot);
        var host = service == "resourcemanager" ? "cloudresourcemanager" : service;
        var form = $@"\A{Regex.Escape(pattern).Replace(@"\*", ".*")}\z";
        return Regex.IsMatch($"{host}.googleapis.com/{permission.Substring(dot + 1)}", form);
    }

    private IEnumerable<string> Values(string field) => (rule[field] as JsonArray ?? []).Select(v => (string?)v ?? "");
}
