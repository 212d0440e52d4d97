using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>Predefined roles, and the custom roles of projects and of the organization.</summary>
internal sealed class GcpRoles(GcpData data)
{
    public bool Includes(string role, string permission) =>
        Find(role) is { Stage: not "DISABLED" } found && found.Permissions.Contains(permission);

    public GcpRole? Find(string name) =>
        GcpPredefinedRoles.All.TryGetValue(name, out var known) || data.CustomRoles.TryGetValue(name, out known)
            ? known
            : null;

    /// <summary>The custom roles of a project or of the organization.</summary>
    public IEnumerable<GcpRole> OfParent(string parent) =>
        data
            .CustomRoles.Values.Where(r => r.Name.StartsWith(parent + "/roles/", StringComparison.Ordinal))
            .OrderBy(r => r.Name, StringComparer.Ordinal);

    /// <summary>
    /// Why a role cannot be bound on a resource; null if it can. Predefined roles of other services are accepted, but
    /// grant nothing here.
    /// </summary>
    public string? BindingProblem(string role, string resource)
    {
        var onKms = resource.Contains("/keyRings/");
        var onAccount = resource.Contains("/serviceAccounts/");
        if (Regex.IsMatch(role, "^(projects|organizations)/"))
            return data.CustomRoles.ContainsKey(role) ? null : $"The role named {role} was not found.";
        if (!Regex.IsMatch(role, @"^roles/[a-zA-Z0-9.]+$"))
            return $"Role ({role}) does not exist in the resource's hierarchy.";
        var isKnownService = Regex.IsMatch(role, @"^roles/(cloudkms|iam)\.") || !role.Contains('.');
        var isMisplaced =
            (onKms && Regex.IsMatch(role, @"^roles/iam\.(serviceAccount|workloadIdentity)"))
            || (onAccount && role.StartsWith("roles/cloudkms.", StringComparison.Ordinal));
        return isMisplaced || (isKnownService && !GcpPredefinedRoles.All.ContainsKey(role))
            ? $"Role {role} is not supported for this resource."
            : null;
    }

    public JsonObject Create(GcpCall call)
    {
        GcpJson.AllowFields(call.Body, "", "roleId", "role");
        var id = GcpJson.Text(call.Body, "roleId") ?? "";
        if (!Regex.IsMatch(id, @"^[a-zA-Z0-9_.]{3,64}$"))
            throw GcpException.Invalid($"The role_id '{id}' must match [a-zA-Z0-9_.]{{3,64}}.");
        var body = GcpJson.Message(call.Body, "role") ?? [];
        GcpJson.AllowFields(
            body,
            "role",
            "name",
            "title",
            "description",
            "includedPermissions",
            "stage",
            "etag",
            "deleted"
        );
        var permissions = GcpJson.Texts(body, "includedPermissions");
        if (permissions.FirstOrDefault(p => !Regex.IsMatch(p, @"^[a-z]+\.[a-zA-Z]+\.[a-zA-Z]+$")) is { } wrong)
            throw GcpException.Invalid($"Permission {wrong} is not valid.");
        var role = new GcpRole($"{call.Parent(1)}/roles/{id}", GcpJson.Text(body, "title") ?? "", permissions)
        {
            Description = GcpJson.Text(body, "description"),
            Stage = GcpJson.Text(body, "stage") ?? "ALPHA",
            Etag = GcpPolicy.NewEtag(++data.LastRoleEtag),
        };
        if (data.CustomRoles.ContainsKey(role.Name))
            throw new GcpException("ALREADY_EXISTS", $"A role named {id} in {call.Parent(1)} already exists.");
        data.CustomRoles[role.Name] = role;
        return role.ToJson(full: true);
    }
}
