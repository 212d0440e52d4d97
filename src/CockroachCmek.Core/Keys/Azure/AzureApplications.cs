namespace CockroachCmek.Core.Keys.Azure;

/// <summary>Reads the enterprise application of a cluster in the customer's tenant.</summary>
internal sealed class AzureApplications(AzureClients clients, AzureCalls calls)
{
    /// <summary>The one difference that the module can repair.</summary>
    internal const string SignInDisabled = "signing in as it is disabled";

    /// <summary>The application id of a cluster's identity, the same in every tenant.</summary>
    /// <exception cref="CmekException">
    /// ClusterHasNoAccount: a serverless cluster has no identity of its own.
    /// </exception>
    public static string ApplicationId(CrdbCluster cluster) =>
        Guid.TryParse(cluster.AzureClusterIdentityClientId, out var id)
            ? id.ToString("D")
            : throw Errors.ClusterHasNoAccount(cluster, "identity in Azure");

    /// <summary>How an application differs from what the cluster needs, in words.</summary>
    /// <param name="name">The expected name; null for the one that Cockroach Labs gives it.</param>
    public static IReadOnlyList<string> Differences(ServicePrincipal principal, CrdbCluster cluster, string? name)
    {
        var expected = name ?? AzureNames.Application(cluster);
        var differences = new List<string>();
        if (!string.Equals(principal.DisplayName, expected, StringComparison.OrdinalIgnoreCase))
            differences.Add($"its name is '{principal.DisplayName}', not '{expected}'");
        if (principal.AccountEnabled == false)
            differences.Add(SignInDisabled);
        return differences;
    }

    /// <summary>The enterprise application with an application id; null when the tenant has none.</summary>
    public Task<ServicePrincipal?> FindAsync(string applicationId) =>
        calls.ReadAsync("Graph", "FindServicePrincipal", applicationId, c =>
            clients.Graph.FindServicePrincipalAsync(applicationId, c)
        );

    /// <summary>
    /// The enterprise application of a cluster, of which a record or a manifest may name the id alone: then by the name
    /// that Cockroach Labs gives it.
    /// </summary>
    /// <exception cref="CmekException">ApplicationAmbiguous.</exception>
    public async Task<ServicePrincipal?> FindAsync(ChangeOwner owner)
    {
        if (owner.ApplicationId is { } applicationId)
            return await FindAsync(applicationId);
        var name = AzureNames.Application(owner.Id);
        var found = await calls.ReadAsync("Graph", "ListServicePrincipals", name, c =>
            clients.Graph.ListServicePrincipalsAsync(name, c)
        );
        return found.Count switch
        {
            0 => null,
            1 => found[0],
            _ => throw AzureErrors.ApplicationAmbiguous(name, found),
        };
    }

    /// <summary>Allows or disables signing in as an application, and reads it back.</summary>
    public Task EnableAsync(ServicePrincipal principal, bool enabled) =>
        calls.SettleAsync(
            $"{(enabled ? "Enable" : "Disable")}ServicePrincipal {principal.Id}",
            () =>
                calls.SendAsync("Graph", "UpdateServicePrincipal", principal.Id, c =>
                    clients.Graph.EnableServicePrincipalAsync(principal.Id, enabled, c)
                ),
            async () => await FindAsync(principal.AppId) is { } found && found.AccountEnabled == enabled
        );

    /// <summary>
    /// The cluster's enterprise application, ready for use. Its name is checked only where the role is created, so that
    /// somebody who accepted another name there is not asked again.
    /// </summary>
    /// <exception cref="CmekException">ConsentMissing, RoleDiffers.</exception>
    public async Task<ServicePrincipal> RequireAsync(CrdbCluster cluster, string tenantId)
    {
        var applicationId = ApplicationId(cluster);
        if (await FindAsync(applicationId) is not { } principal)
        {
            var consentUrl = clients.Cloud.ConsentUrl(tenantId, applicationId);
            throw AzureErrors.ConsentMissing(cluster.Name, tenantId, consentUrl);
        }

        return principal.AccountEnabled == false
            ? throw AzureErrors.RoleDiffers(cluster, applicationId, [SignInDisabled])
            : principal;
    }

    /// <summary>Waits until Graph lists an application.</summary>
    /// <param name="timedOut">The error when it does not in time.</param>
    public async Task<ServicePrincipal> WaitUntilVisibleAsync(
        string applicationId,
        TimeSpan limit,
        TimeSpan pause,
        Func<CmekException> timedOut
    )
    {
        ServicePrincipal? principal = null;
        await calls.PollUntilAsync(
            async () => (principal = await FindAsync(applicationId)) is not null,
            limit,
            pause,
            timedOut
        );
        return principal!;
    }
}
