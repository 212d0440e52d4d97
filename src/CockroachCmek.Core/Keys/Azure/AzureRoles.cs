namespace CockroachCmek.Core.Keys.Azure;

/// <summary>The cluster's application in the customer's tenant: found, compared, made. Where the caller may not make it, an administrator has to consent on a page.</summary>
internal sealed class AzureRoles(AzureClients clients, AzureCalls calls)
{
    /// <summary>Microsoft Graph's own application id, the same in every tenant.</summary>
    private const string GraphApplication = "00000003-0000-0000-c000-000000000000";

    /// <summary>What the page of consent asks for: "Sign in and read user profile".</summary>
    private const string ConsentScope = "User.Read";

    private const string Disabled = "signing in as it is disabled";

    /// <summary>Graph's lists follow its writes after seconds.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);

    public async Task<CmekRole> EnsureAsync(RoleRequest request)
    {
        var applicationId = ApplicationId(request.Cluster);
        var tenant = (await calls.CallerAsync(clients)).TenantId;
        var consentUrl = clients.Cloud.ConsentUrl(tenant, applicationId);
        var (principal, outcome) = await EnsurePrincipalAsync(request, applicationId, consentUrl);
        if (
            principal is not null
            && AzureRoleOptions.From(request.Options).GrantConsent
            && await GrantConsentAsync(request.Cluster, principal)
            && outcome == CmekOutcome.Existing
        )
            outcome = CmekOutcome.Updated;
        return new CmekRole
        {
            Cluster = request.Cluster,
            Name = principal?.DisplayName
                ?? AzureRoleOptions.From(request.Options).ApplicationName
                ?? AzureNames.Application(request.Cluster),
            AuthPrincipal = tenant,
            TrustedPrincipal = applicationId,
            PrincipalId = principal?.Id ?? "",
            ConsentUrl = consentUrl,
            Outcome = outcome,
        };
    }

    /// <summary>The enterprise application, where there is one and it is right.</summary>
    /// <exception cref="CmekException">ConsentMissing, RoleDiffers.</exception>
    public async Task<ServicePrincipal> RequireAsync(CrdbCluster cluster, string tenantId)
    {
        var applicationId = ApplicationId(cluster);
        var principal = await FindAsync(applicationId)
            ?? throw AzureErrors.ConsentMissing(
                cluster.Name,
                tenantId,
                clients.Cloud.ConsentUrl(tenantId, applicationId)
            );
        // What the application is called is asked where the role is made: whoever accepted another name there is not asked again.
        return principal.AccountEnabled == false
            ? throw AzureErrors.RoleDiffers(cluster, applicationId, [Disabled])
            : principal;
    }

    public Task<ServicePrincipal?> FindAsync(string applicationId) =>
        calls.ReadAsync("Graph", "FindServicePrincipal", applicationId, c =>
            clients.Graph.FindServicePrincipalAsync(applicationId, c)
        );

    /// <exception cref="CmekException">ClusterHasNoAccount: a serverless cluster has no identity of its own.</exception>
    public static string ApplicationId(CrdbCluster cluster) =>
        Guid.TryParse(cluster.AzureClusterIdentityClientId, out var id)
            ? id.ToString("D")
            : throw Errors.ClusterHasNoAccount(cluster, "identity in Azure");

    /// <summary>What is wrong with an application, in words.</summary>
    public static IReadOnlyList<string> Differences(ServicePrincipal principal, CrdbCluster cluster, string? name)
    {
        var expected = name ?? AzureNames.Application(cluster);
        var differences = new List<string>();
        if (!string.Equals(principal.DisplayName, expected, StringComparison.OrdinalIgnoreCase))
            differences.Add($"it is called '{principal.DisplayName}' and not '{expected}'");
        if (principal.AccountEnabled == false)
            differences.Add(Disabled);
        return differences;
    }

    private async Task<(ServicePrincipal? Principal, CmekOutcome Outcome)> EnsurePrincipalAsync(
        RoleRequest request,
        string applicationId,
        Uri consentUrl
    )
    {
        ServicePrincipal? found;
        try
        {
            found = await FindAsync(applicationId);
        }
        catch (AzureFault fault) when (fault.Status == 403)
        {
            calls.Context.Log.Warning(
                $"{request.Cluster.Name}: these credentials may not read Microsoft Graph, so nobody can say whether the cluster's application is in the tenant. An administrator lets it in at {consentUrl}, and finds its object id among the enterprise applications, for New-CrdbCmekKey -PrincipalId."
            );
            return (null, CmekOutcome.Planned);
        }

        if (found is not null)
            return await ReconcileAsync(request, applicationId, found, CmekOutcome.Existing);
        if (
            !await calls.AskAsync(
                $"tenant of {consentUrl.Segments[1].Trim('/')}",
                $"Let the application {applicationId} of {request.Cluster.Name} in as an enterprise application"
            )
        )
            return (null, CmekOutcome.Planned);
        try
        {
            return await ReconcileAsync(request, applicationId, await CreateAsync(applicationId), CmekOutcome.Created);
        }
        catch (AzureFault fault) when (fault.Status == 403)
        {
            return await ByConsentAsync(request, applicationId, consentUrl);
        }
    }

    private async Task<ServicePrincipal> CreateAsync(string applicationId)
    {
        for (var round = 1; ; round++)
        {
            try
            {
                return await calls.WriteAsync("Graph", "CreateServicePrincipal", applicationId, c =>
                    clients.Graph.CreateServicePrincipalAsync(applicationId, c)
                );
            }
            catch (AzureFault fault)
                when (fault.Status == 409 || fault.Code == "Request_MultipleObjectsWithSameKeyValue")
            {
                // Somebody else was faster, or a run before this one.
                return await AppearsAsync(applicationId, Settling, fault);
            }
            catch (Exception fault) when (calls.IsResponseLost(fault) && round < 3)
            {
                calls.Context.Log.Verbose(
                    $"The answer to CreateServicePrincipal {applicationId} was lost; looking whether it happened."
                );
                if (await FindAsync(applicationId) is { } made)
                    return made;
            }
        }
    }

    /// <summary>The caller may not: a person consents in a browser, and Graph shows the application afterwards. The page's own answer goes to Cockroach Labs.</summary>
    private async Task<(ServicePrincipal? Principal, CmekOutcome Outcome)> ByConsentAsync(
        RoleRequest request,
        string applicationId,
        Uri consentUrl
    )
    {
        calls.Context.Log.Warning(
            $"{request.Cluster.Name}: these credentials may not add applications to the tenant. An administrator has to consent at {consentUrl}"
        );
        if (AzureRoleOptions.From(request.Options).Open is { } open && !open(consentUrl))
            calls.Context.Log.Warning("No browser could be opened here; open the address yourself.");
        if (AzureRoleOptions.From(request.Options).Wait is not { } limit)
            return (null, CmekOutcome.Planned);
        var activity = $"Waiting for consent to the application of {request.Cluster.Name}";
        calls.Context.Log.Progress(new OperationProgress { Activity = activity, Status = consentUrl.ToString() });
        try
        {
            return await ReconcileAsync(
                request,
                applicationId,
                await AppearsAsync(applicationId, limit, inner: null, () =>
                    AzureErrors.ConsentNotGiven(request.Cluster.Name, consentUrl, limit)
                ),
                CmekOutcome.Created
            );
        }
        finally
        {
            calls.Context.Log.Progress(
                new OperationProgress
                {
                    Activity = activity,
                    Status = "",
                    Completed = true,
                }
            );
        }
    }

    private async Task<ServicePrincipal> AppearsAsync(
        string applicationId,
        TimeSpan limit,
        Exception? inner,
        Func<CmekException>? otherwise = null
    )
    {
        ServicePrincipal? principal = null;
        await calls.PollUntilAsync(
            async () => (principal = await FindAsync(applicationId)) is not null,
            limit,
            Pause,
            otherwise ?? (() => AzureErrors.ApplicationNotSeen(applicationId, inner))
        );
        return principal!;
    }

    private async Task<(ServicePrincipal? Principal, CmekOutcome Outcome)> ReconcileAsync(
        RoleRequest request,
        string applicationId,
        ServicePrincipal found,
        CmekOutcome outcome
    )
    {
        var differences = Differences(found, request.Cluster, AzureRoleOptions.From(request.Options).ApplicationName);
        if (differences.Count == 0)
            return (found, outcome);
        // The name is Cockroach Labs' to give; what can be brought into line is whether it may sign in.
        if (!request.Update || differences is not [Disabled])
            throw AzureErrors.RoleDiffers(request.Cluster, applicationId, differences);
        if (
            !await calls.AskAsync(found.DisplayName ?? applicationId, "Enable signing in as the enterprise application")
        )
            return (found, CmekOutcome.Planned);
        await calls.SendAsync("Graph", "EnableServicePrincipal", found.Id, c =>
            clients.Graph.EnableServicePrincipalAsync(found.Id, c)
        );
        return (found with { AccountEnabled = true }, CmekOutcome.Updated);
    }

    /// <summary>What the page of consent grants besides letting the application in. True when it was written by this run.</summary>
    private async Task<bool> GrantConsentAsync(CrdbCluster cluster, ServicePrincipal principal)
    {
        if (await IsConsentedAsync(principal))
            return false;
        var graph = await FindAsync(GraphApplication) ?? throw AzureErrors.ApplicationNotSeen(GraphApplication, null);
        if (
            !await calls.AskAsync(
                principal.DisplayName ?? principal.AppId,
                $"Consent to {ConsentScope} for all users, as the page of consent does"
            )
        )
            return false;
        for (var round = 1; ; round++)
        {
            try
            {
                // A fresh application is unknown to other parts of Graph for a while.
                await calls.RetryUntilPropagatedAsync(
                    async () =>
                    {
                        await calls.SendAsync("Graph", "CreateConsentGrant", principal.Id, c =>
                            clients.Graph.CreateConsentGrantAsync(principal.Id, graph.Id, ConsentScope, c)
                        );
                        return true;
                    },
                    fault => fault is AzureFault { Status: 404, Code: "Request_ResourceNotFound" },
                    Settling,
                    Pause
                );
                return true;
            }
            catch (AzureFault fault) when (fault.Status == 409)
            {
                return false;
            }
            catch (AzureFault fault) when (fault.Status == 403)
            {
                calls.Context.Log.Warning(
                    $"{cluster.Name}: the application is in the tenant, but these credentials may not consent for it ({fault.Message}) Key Vault does not need the consent."
                );
                return false;
            }
            catch (Exception fault) when (calls.IsResponseLost(fault) && round < 3)
            {
                if (await IsConsentedAsync(principal))
                    return true;
            }
        }
    }

    private async Task<bool> IsConsentedAsync(ServicePrincipal principal) =>
        (
            await calls.ReadAsync("Graph", "ListConsentGrants", principal.Id, c =>
                clients.Graph.ListConsentGrantsAsync(principal.Id, c)
            )
        ).Any(g => g.ConsentType == "AllPrincipals" && (g.Scope ?? "").Split(' ').Contains(ConsentScope));
}
