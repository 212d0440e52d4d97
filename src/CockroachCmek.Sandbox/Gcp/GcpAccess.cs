using System.Globalization;
using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>
/// The IAM policies of projects, key rings, keys and service accounts, and what they grant. A policy can be read back
/// at once, but takes effect later.
/// </summary>
internal sealed class GcpAccess(SandboxClock clock, GcpData data, GcpAccounts accounts, GcpRoles roles)
{
    private readonly GcpPolicyBody _body = new(accounts, roles);
    private readonly GcpOrganizationPolicy _organization = new(data, accounts);

    /// <exception cref="GcpException">PERMISSION_DENIED: neither the resource nor an ancestor grants it.</exception>
    public void Require(GcpPrincipal principal, string permission, string resource)
    {
        if (!Has(principal, permission, resource))
            throw GcpException.Denied(permission, resource);
    }

    /// <summary>
    /// What policies grant: those in effect, or those last written. Administrators are not considered.
    /// </summary>
    public bool IsGranted(GcpPrincipal principal, string permission, string resource, bool effective) =>
        Bindings(principal, permission, resource, effective).Any(b => b.Condition?.Holds(clock.UtcNow) ?? true);

    /// <summary>True if there is a grant whose condition does not hold.</summary>
    public bool IsGrantedConditionally(GcpPrincipal principal, string permission, string resource) =>
        Bindings(principal, permission, resource, effective: false)
            .Any(b => b.Condition is { } condition && !condition.Holds(clock.UtcNow));

    /// <summary>Adds a binding that has been in effect for long.</summary>
    public void Seed(string resource, string role, string email, DateTimeOffset written)
    {
        var members = new[] { new GcpMember("serviceAccount:" + email, accounts.Find(email)!.UniqueId) };
        var bindings = Current(resource).Bindings.Append(new GcpBinding(role, members, null));
        data.Policies[resource] = [NewPolicy([.. bindings], written)];
    }

    /// <summary>Moves the bindings of a role from a resource to its project, with effect long ago.</summary>
    public void MoveToProject(string resource, string role, DateTimeOffset written)
    {
        var bindings = Current(resource).Bindings.ToLookup(b => b.Role == role);
        if (!bindings[true].Any())
            return;
        var project = string.Join("/", resource.Split('/').Take(2));
        data.Policies[resource] = [NewPolicy([.. bindings[false]], written)];
        data.Policies[project] = [NewPolicy([.. Current(project).Bindings, .. bindings[true]], written)];
    }

    /// <summary>getIamPolicy.</summary>
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
            throw GcpException.Invalid($"The requested policy version {requestedVersion} is not 0, 1 or 3.");
        return Current(resource).ToJson(version, Show);
    }

    /// <summary>setIamPolicy.</summary>
    public JsonObject Write(string resource, JsonObject body)
    {
        GcpJson.AllowFields(body, "", "policy", "updateMask");
        var mask = GcpJson.Mask(GcpJson.Text(body, "updateMask"));
        if (mask.FirstOrDefault(m => m is not ("bindings" or "etag" or "version" or "auditConfigs")) is { } unknown)
            throw GcpException.Invalid($"The update mask names {unknown}, which a policy does not have.");
        var policy = GcpJson.Message(body, "policy") ?? throw GcpException.Invalid("The policy is missing.");
        var current = Current(resource);
        var given = _body.Read(policy, resource, current, readsBindings: mask.Length == 0 || mask.Contains("bindings"));
        // A write without an etag may overwrite conditions (discovery document, Policy.version).
        var keepsConditions = given.HasEtag && current.HasConditions;
        if (given.Version != 3 && (given.Bindings.Any(b => b.Condition is not null) || keepsConditions))
            throw GcpException.Invalid("A policy with conditions must be written as version 3.");
        _organization.RequirePermitted(resource, given.Bindings);
        var written = NewPolicy(given.Bindings, clock.UtcNow);
        if (!data.Policies.TryGetValue(resource, out var history))
            data.Policies[resource] = history = [];
        history.Add(written);
        return written.ToJson(3, Show);
    }

    /// <summary>testIamPermissions.</summary>
    public JsonObject Test(GcpPrincipal principal, string resource, JsonObject body)
    {
        GcpJson.AllowFields(body, "", "permissions");
        var held = GcpJson.Texts(body, "permissions").Where(p => Has(principal, p, resource)).ToArray();
        return held.Length == 0
            ? []
            : new JsonObject { ["permissions"] = new JsonArray([.. held.Select(p => (JsonNode)p)]) };
    }

    /// <summary>getEffectiveOrgPolicy.</summary>
    public JsonObject ReadOrganizationPolicy(JsonObject body) => _organization.Read(body);

    /// <summary>Removes the policy of a deleted resource.</summary>
    public void RemovePolicy(string resource) => data.Policies.Remove(resource);

    private bool Has(GcpPrincipal principal, string permission, string resource) =>
        GcpProjects.Numbers.ContainsKey(GcpOrganizationPolicy.Project(resource))
        && (
            principal.IsAdministrator
            || principal.Permissions.Contains(permission)
            || IsGranted(principal, permission, resource, effective: true)
        );

    private GcpPolicy NewPolicy(IReadOnlyList<GcpBinding> bindings, DateTimeOffset written) =>
        new(GcpPolicy.NewEtag(++data.LastPolicyEtag), bindings) { Written = written };

    private IEnumerable<GcpBinding> Bindings(
        GcpPrincipal principal,
        string permission,
        string resource,
        bool effective
    ) =>
        WithAncestors(resource)
            .SelectMany(r => (effective ? Effective(r) : Current(r)).Bindings)
            .Where(b => roles.Includes(b.Role, permission) && b.Members.Any(m => m.Includes(principal)));

    private GcpPolicy Current(string resource) =>
        data.Policies.TryGetValue(resource, out var history) ? history[^1] : GcpPolicy.Empty;

    private GcpPolicy Effective(string resource)
    {
        var latest = clock.UtcNow - data.PropagationDelay;
        return data.Policies.TryGetValue(resource, out var history)
            ? history.LastOrDefault(p => p.Written <= latest) ?? GcpPolicy.Empty
            : GcpPolicy.Empty;
    }

    private static IEnumerable<string> WithAncestors(string resource)
    {
        var segments = resource.Split('/');
        for (var count = segments.Length; count >= 2; count -= 2)
            yield return string.Join("/", segments.Take(count));
    }

    private string Show(GcpMember member) =>
        member.UniqueId is { } id && accounts.FindAny(id) is { Deleted: not null } account
            ? $"deleted:serviceAccount:{account.Email}?uid={id}"
            : member.Text;
}
