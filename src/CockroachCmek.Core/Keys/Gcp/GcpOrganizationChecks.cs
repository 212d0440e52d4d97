using CockroachCmek.Core.Checks;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// Whether the organization would let Cockroach Labs' account into a policy again. Who may not read that (orgpolicy.policy.get, which nothing else here needs), or
/// has not enabled Cloud Resource Manager, gets no row: an Unknown one would spoil Test-CrdbCmek -Quiet for everybody. The newer constraint
/// iam.managed.allowedPolicyMembers has an API of its own, and is not looked at.
/// </summary>
internal sealed class GcpOrganizationChecks(GcpClients clients, GcpCalls calls)
{
    public const string MemberConstraint = "constraints/iam.allowedPolicyMemberDomains";

    public async Task CheckAsync(KeyCheckRequest request, ServiceAccountEmail account, KeyChecks results)
    {
        if (await ReadAsync(account.Project) is not { } policy)
            return;
        if (!policy.Restricts)
        {
            results.Pass(
                CmekCheckName.OrganizationPolicy,
                $"No organization policy keeps members out of the policies of project {account.Project}."
            );
            return;
        }

        // Whose customer id is Cockroach Labs' cannot be told: that is left to who reads this.
        var allowed = policy.ListPolicy?.AllowedValues is { Count: > 0 } values
            ? $"allows only {string.Join(", ", values)}"
            : "restricts who may be a member";
        results.Warn(
            CmekCheckName.OrganizationPolicy,
            "OrgPolicyRestricts",
            $"{MemberConstraint} {allowed} in project {account.Project}. It is not retroactive: what is bound goes on working; but a new binding for {GcpNames.KmsUser(request.Cluster)} is refused, unless its organization is among them.",
            $"Have the organization policy's administrator exempt project {account.Project}, or allow Cockroach Labs' customer id; gcloud org-policies describe {MemberConstraint.Replace("constraints/", "")} --project {account.Project} --effective"
        );
    }

    private async Task<OrgPolicy?> ReadAsync(string project)
    {
        try
        {
            return await calls.ReadAsync("CloudResourceManager", "projects.getEffectiveOrgPolicy", project, c =>
                clients.Projects.GetEffectiveOrgPolicyAsync(project, MemberConstraint, c)
            );
        }
        catch (Exception fault) when (fault is GcpFault || calls.IsResponseLost(fault))
        {
            calls.Context.Log.Verbose(
                $"Whether an organization policy restricts members in project {project} may not be read, and is not checked: {fault.Message}"
            );
            return null;
        }
    }
}
