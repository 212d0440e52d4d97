using System.Net.Http;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>The operation of the Organization Policy API that CMEK needs.</summary>
internal interface IGcpOrgPolicy
{
    /// <summary>
    /// Whether a managed constraint is enforced in a project, after everything above it. Needs orgpolicy.policy.get,
    /// and the API orgpolicy.googleapis.com.
    /// </summary>
    Task<bool> IsEnforcedAsync(string project, string constraint, CancellationToken cancellationToken);
}

/// <summary>
/// Organization Policy v2 over REST, for managed constraints: v1 of Cloud Resource Manager does not know them.
/// </summary>
internal sealed class GcpOrgPolicyClient(GcpRest rest) : IGcpOrgPolicy
{
    public async Task<bool> IsEnforcedAsync(string project, string constraint, CancellationToken cancellationToken)
    {
        var policy = await rest.SendAsync<JsonObject>(
            HttpMethod.Get,
            $"v2/projects/{project}/policies/{constraint.Replace("constraints/", "")}:getEffectivePolicy",
            null,
            cancellationToken
        );
        return (policy["spec"]?["rules"] as JsonArray ?? []).OfType<JsonObject>().Any(r => (bool?)r["enforce"] == true);
    }
}
