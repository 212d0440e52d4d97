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
}

/// <summary>
/// Cloud Resource Manager v1 over REST: the one way to read an organization policy that does not need the Organization
/// Policy API.
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
}
