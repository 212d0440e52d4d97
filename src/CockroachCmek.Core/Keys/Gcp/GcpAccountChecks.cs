using CockroachCmek.Core.Checks;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>Live checks of the service account through which CockroachDB Cloud uses the keys.</summary>
internal sealed class GcpAccountChecks(
    GcpClients clients,
    GcpCalls calls,
    SharedReads shared,
    CrdbCluster cluster,
    ServiceAccountEmail account
)
{
    /// <summary>The constraint that limits who may be a member of IAM policies.</summary>
    /// <remarks>Its successor iam.managed.allowedPolicyMembers has a separate API, and is not read.</remarks>
    public const string MemberConstraint = "constraints/iam.allowedPolicyMemberDomains";

    public async Task CheckAsync(KeyChecks results)
    {
        await CheckOrganizationPolicyAsync(results);
        await results.RunAsync(CmekCheckName.RoleTrust, () => CheckTrustAsync(results));
    }

    private async Task CheckTrustAsync(KeyChecks results)
    {
        var accounts = new GcpAccounts(clients, calls);
        var found = await ShareAsync($"account {account}", () => accounts.FindAsync(account));
        GcpAccounts.ThrowUnlessUsable(cluster, account, found);
        var policy = await ShareAsync($"trust {account}", () => accounts.ReadPolicyAsync(account));
        string[] problems =
        [
            .. GcpAccounts.TrustProblems(cluster, policy, calls.Context.Time.GetUtcNow()),
            .. GcpAccounts.OtherTrustedMembers(cluster, policy).Select(m => $"it also lets {m} act as it"),
        ];
        if (problems.Length > 0)
            throw GcpErrors.RoleDiffers(account, cluster.Name, problems);
        results.Pass(
            CmekCheckName.RoleTrust,
            $"{account} is enabled, and only {GcpNames.ClusterAccount(cluster)} may act as it."
        );
    }

    /// <summary>
    /// Whether the organization would let Cockroach Labs' account into a policy again. No row where the policy cannot
    /// be read: nothing else needs orgpolicy.policy.get or Cloud Resource Manager, and an Unknown row would make
    /// -Quiet false for everybody without them.
    /// </summary>
    private async Task CheckOrganizationPolicyAsync(KeyChecks results)
    {
        var policy = await ShareAsync($"organization policy {account.Project}", ReadOrganizationPolicyAsync);
        if (policy is null)
            return;
        if (!policy.Restricts)
        {
            results.Pass(
                CmekCheckName.OrganizationPolicy,
                $"No organization policy restricts the members of policies in project {account.Project}."
            );
            return;
        }

        // Cockroach Labs' customer id cannot be looked up, so whether it is among the values is left to the reader.
        var allowed = policy.ListPolicy?.AllowedValues is { Count: > 0 } values
            ? $"allows only {string.Join(", ", values)}"
            : "restricts who may be a member";
        results.Warn(
            CmekCheckName.OrganizationPolicy,
            "OrgPolicyRestricts",
            $"{MemberConstraint} {allowed} in project {account.Project}. Existing bindings go on working, but a "
                + $"new one for {GcpNames.ClusterAccount(cluster)} is refused unless its organization is allowed.",
            $"Ask the organization policy administrator to exempt project {account.Project}, or to allow "
                + $"Cockroach Labs' customer id; {GcpErrors.DescribeConstraint(MemberConstraint, account.Project)}"
        );
    }

    private async Task<OrgPolicy?> ReadOrganizationPolicyAsync()
    {
        try
        {
            return await calls.ReadAsync("CloudResourceManager", "projects.getEffectiveOrgPolicy", account.Project, c =>
                clients.Projects.GetEffectiveOrgPolicyAsync(account.Project, MemberConstraint, c)
            );
        }
        catch (Exception error) when (calls.Translate(error, account.Project) is not null)
        {
            calls.Context.Host.Verbose(
                $"The organization policy of {account.Project} cannot be read, and is not checked: {error.Message}"
            );
            return null;
        }
    }

    private Task<T> ShareAsync<T>(string what, Func<Task<T>> read) => shared.GetAsync(calls.Context, what, read);
}
