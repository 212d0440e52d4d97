using CockroachCmek.Core.Access;
using CockroachCmek.Core.Checks;
using CockroachCmek.Core.Keys.Gcp.Access;

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
        var reading = await ShareAsync($"trust {account}", () =>
            new GcpAccessReader(clients, calls, shared).ReadTrustAsync(cluster, account)
        );
        var trust = reading.Access;
        string[] problems =
        [
            .. new[] { GcpAccounts.TrustProblem(cluster, trust) }.OfType<string>(),
            .. trust.Wider.Select(w => $"it also lets {w.Who} act as it ({w.What}, {w.Place})"),
        ];
        var trusted = GcpNames.ClusterAccount(cluster);
        if (problems.Length > 0)
            throw GcpErrors.RoleDiffers(account, cluster.Name, problems, Remedy(reading));
        if (trust.Verdict == CmekAccessVerdict.Conditional)
            results.Unknown(
                CmekCheckName.RoleTrust,
                "RoleTrustConditional",
                $"{account} lets {trusted} act as it under a condition: {Conditions(trust)}.",
                GcpAccessAdvice.VerifyTrust(account, trusted)
            );
        else if (trust.Verdict == CmekAccessVerdict.Unknown)
            results.Unknown(
                CmekCheckName.RoleTrust,
                "RoleTrustUnknown",
                $"Whether {trusted} may act as {account} is not known, because these could not be read: "
                    + $"{string.Join(", ", trust.Unread)}.",
                trust.Unread[0].Command
            );
        else if (trust.Unread.Count > 0)
            results.Unknown(
                CmekCheckName.RoleTrust,
                "RoleTrustUnknown",
                $"{trusted} may act as {account}, but who else may is not known, because these could not be read: "
                    + $"{string.Join(", ", trust.Unread)}.",
                trust.Unread[0].Command
            );
        else
            results.Pass(CmekCheckName.RoleTrust, $"{account} is enabled, and only {trusted} may act as it.");
    }

    /// <summary>An update corrects the account's own policy; what is granted above it is removed by hand.</summary>
    private string? Remedy(GcpReading trust) =>
        trust.Wider.FirstOrDefault(w => w.Binding.Place.Level != GcpLevel.Resource).Binding is { } above
            ? above.RemoveCommand
            : $"Get-CrdbCluster {cluster.Name} | New-CrdbCmekRole -Name {account.Name} -Update";

    private static string Conditions(KeyAccess trust) =>
        string.Join("; ", trust.Grants.Select(g => g.Condition).OfType<string>().DefaultIfEmpty("of a deny policy"));

    /// <summary>Whether the organization would let Cockroach Labs' account into a policy again.</summary>
    private async Task CheckOrganizationPolicyAsync(KeyChecks results)
    {
        var (policy, refusal) = await ShareAsync($"organization policy {account.Project}", ReadOrganizationPolicyAsync);
        var (managed, managedRefusal) = await ShareAsync($"managed policy {account.Project}", ReadManagedPolicyAsync);
        if (policy?.Restricts == true)
            // Cockroach Labs' customer id cannot be looked up, so whether it is among the values is left to the reader.
            Restricted(
                results,
                GcpConstraints.MemberDomains,
                policy.ListPolicy?.AllowedValues is { Count: > 0 } values
                    ? $"allows only {string.Join(", ", values)}"
                    : "restricts who may be a member"
            );
        if (managed == true)
            Restricted(results, GcpConstraints.ManagedMembers, "restricts who may be a member");
        if (policy?.Restricts == true || managed == true)
            return;
        if ((refusal ?? managedRefusal) is { } unread)
            results.Unknown(
                CmekCheckName.OrganizationPolicy,
                unread.ErrorId,
                $"Whether the organization lets new members into policies of project {account.Project} is not known, "
                    + $"because {Unread(refusal, managedRefusal)} could not be read (needs orgpolicy.policy.get). "
                    + unread.Message,
                unread.RecommendedAction ?? ""
            );
        else
            results.Pass(
                CmekCheckName.OrganizationPolicy,
                $"{GcpConstraints.MemberDomains} does not restrict the members of policies in project "
                    + $"{account.Project}. Neither does {GcpConstraints.ManagedMembers}."
            );
    }

    private static string Unread(CmekException? members, CmekException? managed) =>
        string.Join(
            " and ",
            new[]
            {
                members is null ? null : GcpConstraints.MemberDomains,
                managed is null ? null : GcpConstraints.ManagedMembers,
            }.OfType<string>()
        );

    private void Restricted(KeyChecks results, string constraint, string how) =>
        results.Warn(
            CmekCheckName.OrganizationPolicy,
            "OrgPolicyRestricts",
            $"{constraint} {how} in project {account.Project}. Existing bindings go on working, but a new one for "
                + $"{GcpNames.ClusterAccount(cluster)} is refused unless its organization is allowed.",
            $"Ask the organization policy administrator to exempt project {account.Project}, or to allow "
                + $"Cockroach Labs' customer id; {GcpErrors.DescribeConstraint(constraint, account.Project)}"
        );

    /// <summary>Whether the managed constraint is enforced, or why that could not be read.</summary>
    private async Task<(bool? Value, CmekException? Refusal)> ReadManagedPolicyAsync()
    {
        try
        {
            return (
                await calls.ReadAsync("OrgPolicy", "policies.getEffectivePolicy", account.Project, c =>
                    clients.OrgPolicy.IsEnforcedAsync(account.Project, GcpConstraints.ManagedMembers, c)
                ),
                null
            );
        }
        catch (Exception error) when (calls.Translate(error, account.Project) is { } refusal)
        {
            return (null, refusal);
        }
    }

    private async Task<(OrgPolicy? Value, CmekException? Refusal)> ReadOrganizationPolicyAsync()
    {
        try
        {
            return (
                await calls.ReadAsync("CloudResourceManager", "projects.getEffectiveOrgPolicy", account.Project, c =>
                    clients.Projects.GetEffectiveOrgPolicyAsync(account.Project, GcpConstraints.MemberDomains, c)
                ),
                null
            );
        }
        catch (Exception error) when (calls.Translate(error, account.Project) is { } refusal)
        {
            return (null, refusal);
        }
    }

    private Task<T> ShareAsync<T>(string what, Func<Task<T>> read) => shared.GetAsync(calls.Context, what, read);
}
