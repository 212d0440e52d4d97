namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// Consents on behalf of all users, as the consent page does when it admits the application. Key Vault does not need
/// this.
/// </summary>
internal sealed class AzureConsent(AzureClients clients, AzureCalls calls, AzureApplications applications)
{
    /// <summary>Microsoft Graph's own application id, the same in every tenant.</summary>
    private const string GraphApplication = "00000003-0000-0000-c000-000000000000";

    /// <summary>The permission that the consent page asks for: "Sign in and read user profile".</summary>
    private const string Scope = "User.Read";

    /// <returns>True when this run wrote the consent.</returns>
    public async Task<bool> EnsureAsync(CrdbCluster cluster, ServicePrincipal principal)
    {
        if (await IsGrantedAsync(principal))
            return false;
        var graph = await applications.FindAsync(GraphApplication)
            ?? throw AzureErrors.ApplicationNotSeen(GraphApplication, null);
        var target = principal.DisplayName ?? principal.AppId;
        if (!await calls.ConfirmAsync(target, $"Consent to {Scope} for all users, as the consent page does"))
            return false;
        try
        {
            await calls.SettleAsync(
                $"CreateConsentGrant {principal.Id}",
                () => CreateAsync(principal, graph),
                () => IsGrantedAsync(principal)
            );
            return true;
        }
        catch (AzureException error) when (error.Status == 409)
        {
            return false; // somebody else consented in the meantime
        }
        catch (AzureException error) when (error.Status == 403)
        {
            calls.Context.Host.Warning(
                $"{cluster.Name}: the application is in the tenant, but these credentials are not allowed to consent "
                    + $"for it ({error.Message}) Key Vault does not need the consent."
            );
            return false;
        }
    }

    /// <summary>Other parts of Graph do not know a new application for a while.</summary>
    private Task CreateAsync(ServicePrincipal principal, ServicePrincipal graph) =>
        calls.RetryUntilPropagatedAsync(
            async () =>
            {
                await calls.SendAsync("Graph", "CreateConsentGrant", principal.Id, c =>
                    clients.Graph.CreateConsentGrantAsync(principal.Id, graph.Id, Scope, c)
                );
                return true;
            },
            error => error is AzureException { Status: 404, Code: "Request_ResourceNotFound" },
            AzureRoles.Propagation,
            AzureRoles.Pause
        );

    private async Task<bool> IsGrantedAsync(ServicePrincipal principal)
    {
        var grants = await calls.ReadAsync("Graph", "ListConsentGrants", principal.Id, c =>
            clients.Graph.ListConsentGrantsAsync(principal.Id, c)
        );
        return grants.Any(g => g.ConsentType == "AllPrincipals" && (g.Scope ?? "").Split(' ').Contains(Scope));
    }
}
