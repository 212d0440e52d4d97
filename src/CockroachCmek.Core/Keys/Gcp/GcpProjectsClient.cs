using System.Net.Http;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>An organization policy as it comes out for a project, after all that is above it.</summary>
internal sealed record OrgPolicy(string? Constraint, OrgPolicyList? ListPolicy)
{
    /// <summary>True when something is kept out. A policy without a list, or one that allows all, keeps nothing out.</summary>
    public bool Restricts =>
        ListPolicy is { } list
        && list.AllValues != "ALLOW"
        && (list.AllValues == "DENY" || list.AllowedValues is { Count: > 0 } || list.DeniedValues is { Count: > 0 });
}

/// <summary>The values of a list constraint: ALLOW or DENY for all of them, or those that are named.</summary>
internal sealed record OrgPolicyList(string? AllValues, List<string>? AllowedValues, List<string>? DeniedValues);

/// <summary>What is asked of Cloud Resource Manager, named as in the vendor's SDK.</summary>
internal interface IGcpProjects
{
    /// <summary>Needs orgpolicy.policy.get.</summary>
    Task<OrgPolicy> GetEffectiveOrgPolicyAsync(string project, string constraint, CancellationToken cancellationToken);
}

/// <summary>Cloud Resource Manager v1 over REST: of all the ways to read an organization policy the one that does not need the Organization Policy API.</summary>
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
