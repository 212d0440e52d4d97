using System.Globalization;
using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>
/// The IAM policies of organization, folder, projects, key rings, keys and service accounts. A policy can be read back
/// at once, but takes effect later.
/// </summary>
internal sealed class GcpAccess(
    SandboxClock clock,
    GcpData data,
    GcpAccounts accounts,
    GcpRoles roles,
    GcpConstraints constraints
)
{
    private static readonly TimeSpan DeletedMembersStay = TimeSpan.FromDays(30);
    private readonly GcpPolicyBody _body = new(data, accounts, roles);

    public GcpEvaluator Evaluator { get; } = new(clock, data, roles, new GcpMemberships(data, accounts));

    /// <exception cref="GcpException">
    /// PERMISSION_DENIED: neither the resource nor an ancestor grants it, or a deny policy takes it.
    /// </exception>
    public void Require(GcpPrincipal principal, string permission, string resource)
    {
        if (!Has(principal, permission, resource))
            throw GcpException.Denied(permission, resource);
    }

    /// <summary>True if the caller has a permission now.</summary>
    public bool Has(GcpPrincipal principal, string permission, string resource)
    {
        if (!GcpHierarchy.IsCustomers(resource))
            return false;
        return principal.Holds(permission)
            ? !Evaluator.IsDenied(principal, permission, resource, effective: true)
            : Evaluator.Decide(principal, permission, resource, effective: true).IsGranted;
    }

    /// <summary>Adds a binding that has been in effect for long.</summary>
    public void Seed(string resource, string role, string member, DateTimeOffset written)
    {
        var email = member.StartsWith("serviceAccount:", StringComparison.Ordinal)
            ? member.Substring("serviceAccount:".Length)
            : null;
        var named = new GcpMember(member, email is null ? null : accounts.Find(email)!.UniqueId);
        Replace(resource, [.. Current(resource).Bindings, new GcpBinding(role, [named], null)], written);
    }

    /// <summary>Moves the bindings of a role from a resource to its project, with effect long ago.</summary>
    public void MoveToProject(string resource, string role, DateTimeOffset written)
    {
        var bindings = Current(resource).Bindings.ToLookup(b => b.Role == role);
        if (!bindings[true].Any())
            return;
        var project = "projects/" + GcpHierarchy.ProjectOf(resource);
        Replace(resource, [.. bindings[false]], written);
        Replace(project, [.. Current(project).Bindings, .. bindings[true]], written);
    }

    /// <summary>Gives a resource a policy that has been in effect for long.</summary>
    public void Replace(string resource, IReadOnlyList<GcpBinding> bindings, DateTimeOffset written) =>
        data.Policies[resource] = [NewPolicy(bindings, Current(resource).AuditConfigs, written)];

    /// <summary>Gives a project, folder or organization an audit configuration that has been in effect for long.</summary>
    public void SetAudits(string resource, IReadOnlyList<GcpAuditConfig> configs, DateTimeOffset written) =>
        data.Policies[resource] = [NewPolicy(Current(resource).Bindings, configs, written)];

    /// <summary>The policy that was written last.</summary>
    public GcpPolicy Current(string resource) => Evaluator.Policy(resource, effective: false);

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
        var current = Current(resource);
        if (data.RefusesOldPolicyVersions && version < 3 && current.HasConditions)
            throw GcpException.Invalid(
                "Requested policy version (1) cannot be less than the existing policy version (3). "
                    + GcpPolicyBody.VersionHelp
            );
        return Visible(current).ToJson(version, Show);
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
        var bindings = _body.Read(
            policy,
            resource,
            current,
            readsBindings: mask.Length == 0 || mask.Contains("bindings")
        );
        constraints.RequireMembers(resource, bindings);
        // Without a mask, only the bindings and the etag are written (discovery document, SetIamPolicyRequest).
        var audits =
            mask.Contains("auditConfigs") && resource.Split('/').Length == 2
                ? GcpAuditConfig.Read(policy)
                : current.AuditConfigs;
        var written = NewPolicy(bindings, audits, clock.UtcNow);
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

    /// <summary>Removes the policy of a deleted resource.</summary>
    public void RemovePolicy(string resource) => data.Policies.Remove(resource);

    /// <summary>
    /// The text of a member. A deleted account keeps its bindings, under another name.
    /// </summary>
    public string Show(GcpMember member) =>
        member.UniqueId is { } id && accounts.FindAny(id) is { Deleted: not null } account
            ? $"deleted:serviceAccount:{account.Email}?uid={id}"
            : member.Text;

    private GcpPolicy NewPolicy(
        IReadOnlyList<GcpBinding> bindings,
        IReadOnlyList<GcpAuditConfig> audits,
        DateTimeOffset written
    ) => new(GcpPolicy.NewEtag(++data.LastPolicyEtag), bindings) { AuditConfigs = audits, Written = written };

    /// <summary>The policy without accounts that were deleted more than thirty days ago.</summary>
    private GcpPolicy Visible(GcpPolicy policy) =>
        policy with
        {
            Bindings =
            [
                .. policy
                    .Bindings.Select(b => b with { Members = [.. b.Members.Where(m => !IsForgotten(m))] })
                    .Where(b => b.Members.Count > 0),
            ],
        };

    private bool IsForgotten(GcpMember member) =>
        member.UniqueId is { } id
        && accounts.FindAny(id)?.Deleted is { } deleted
        && clock.UtcNow - deleted > DeletedMembersStay;
}
