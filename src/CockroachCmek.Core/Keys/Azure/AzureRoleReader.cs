namespace CockroachCmek.Core.Keys.Azure;

/// <summary>Reads the enterprise application of a cluster in one tenant.</summary>
internal sealed class AzureRoleReader(AzureClients clients, AzureCalls calls, RoleSearch search)
{
    /// <returns>Null when the tenant has no such application.</returns>
    public async Task<CmekRole?> FindAsync()
    {
        var applicationId = AzureApplications.ApplicationId(search.Cluster);
        var tenantId = await calls.TenantIdAsync(clients);
        if (await new AzureApplications(clients, calls).FindAsync(applicationId) is not { } found)
            return null;
        var differences = AzureApplications.Differences(found, search.Cluster, name: null);
        return new CmekRole
        {
            Cluster = search.Cluster,
            Name = found.DisplayName ?? AzureNames.Application(search.Cluster),
            AuthPrincipal = tenantId,
            TrustedPrincipal = applicationId,
            PrincipalId = found.Id,
            ConsentUrl = clients.Cloud.ConsentUrl(tenantId, applicationId),
            State = found.AccountEnabled switch
            {
                true => "Enabled",
                false => "Disabled",
                null => "",
            },
            Trust =
                differences.Count > 0
                    ? string.Join("; ", differences)
                    : "the application that CockroachDB Cloud reports for the cluster",
            IsTrustExact = differences.Count == 0,
        };
    }
}
