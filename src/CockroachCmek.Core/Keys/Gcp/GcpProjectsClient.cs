using System.Net.Http;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>An organization policy as it applies to a project, after everything above it.</summary>
internal sealed record OrgPolicy(string? Constraint, OrgPolicyList? ListPolicy)
{
    /// <summary>
    /// True when some values are excluded. A policy without a list, or one that allows all, excludes nothing.
    /// </summary>
    public bool Restricts =>
        ListPolicy is { } list
        && list.AllValues != "ALLOW"
        && (list.AllValues == "DENY" || list.AllowedValues is { Count: > 0 } || list.DeniedValues is { Count: > 0 });
}

/// <summary>The values of a list constraint: ALLOW or DENY for all of them, or those that are named.</summary>
internal sealed record OrgPolicyList(string? AllValues, List<string>? AllowedValues, List<string>? DeniedValues);

/// <summary>The operations of Cloud Resource Manager that CMEK needs, named as in the vendor's SDK.</summary>
internal interface IGcpProjects
{
    /// <summary>Needs orgpolicy.policy.get.</summary>
    Task<OrgPolicy> GetEffectiveOrgPolicyAsync(string project, string constraint, CancellationToken cancellationToken);

    /// <summary>
    /// The project, its folders and its organization, from below. Needs resourcemanager.projects.get.
    /// </summary>
    Task<IReadOnlyList<GcpAncestor>> GetAncestryAsync(string project, CancellationToken cancellationToken);

    /// <summary>The allow policy of projects/…, folders/… or organizations/….</summary>
    Task<IamPolicy> GetIamPolicyAsync(string resource, CancellationToken cancellationToken);

    /// <summary>Those of the permissions that the caller has on projects/…. Needs no permission.</summary>
    Task<IReadOnlyList<string>> TestIamPermissionsAsync(
        string resource,
        IReadOnlyList<string> permissions,
        CancellationToken cancellationToken
    );
}

/// <summary>A project, a folder or an organization.</summary>
/// <param name="Type">project, folder or organization.</param>
/// <param name="Id">The project's id, or a number.</param>
internal sealed record GcpAncestor(string Type, string Id)
{
    /// <summary>The resource name.</summary>
    public string Resource => $"{Type}s/{Id}";
}

/// <summary>
/// Cloud Resource Manager over REST: v1 for organization policies, which is the one way that does not need the
/// Organization Policy API, and for what is above a project in one call; v3 for allow policies.
/// </summary>
internal sealed class GcpProjectsClient(GcpRest rest) : IGcpProjects
{
    public Task<OrgPolicy> GetEffectiveOrgPolicyAsync(
        string project,
        string constraint,
        CancellationToken cancellationToken
    ) =>
        rest.SendAsync<OrgPolicy>(
            HttpMethod.Post,
            $"v1/projects/{project}:getEffectiveOrgPolicy",
            new JsonObject { ["constraint"] = constraint },
            cancellationToken
        );

    public async Task<IReadOnlyList<GcpAncestor>> GetAncestryAsync(string project, CancellationToken cancellationToken)
    {
        var ancestry = await rest.SendAsync<JsonObject>(
            HttpMethod.Post,
            $"v1/projects/{project}:getAncestry",
            new JsonObject(),
            cancellationToken
        );
        return
        [
            .. (ancestry["ancestor"] as JsonArray ?? [])
                .Select(a => a?["resourceId"])
                .OfType<JsonObject>()
                .Select(i => new GcpAncestor((string?)i["type"] ?? "", (string?)i["id"] ?? "")),
        ];
    }

    public Task<IReadOnlyList<string>> TestIamPermissionsAsync(
        string resource,
        IReadOnlyList<string> permissions,
        CancellationToken cancellationToken
    ) => GcpPermissionTest.SendAsync(rest, resource, permissions, cancellationToken);

    public async Task<IamPolicy> GetIamPolicyAsync(string resource, CancellationToken cancellationToken) =>
        new(
            await rest.SendAsync<JsonObject>(
                HttpMethod.Post,
                $"v3/{resource}:getIamPolicy",
                new JsonObject { ["options"] = new JsonObject { ["requestedPolicyVersion"] = 3 } },
                cancellationToken
            )
        );
}
