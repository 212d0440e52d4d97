namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// Adds the cluster's application to the customer's tenant, or checks the one that is there. A caller who is not
/// allowed to add it gets the page on which an administrator consents.
/// </summary>
internal sealed class AzureRoles(AzureClients clients, AzureCalls calls, RoleRequest request)
{
    /// <summary>Graph's lists show its writes after seconds.</summary>
    internal static readonly TimeSpan Propagation = TimeSpan.FromMinutes(2);

    internal static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);

    private readonly AzureApplications _applications = new(clients, calls);
    private readonly AzureRoleOptions _options = AzureRoleOptions.From(request.Options);
    private readonly string _applicationId = AzureApplications.ApplicationId(request.Cluster);

    public async Task<CmekRole> EnsureAsync()
    {
        var tenantId = await calls.TenantIdAsync(clients);
        var consentUrl = clients.Cloud.ConsentUrl(tenantId, _applicationId);
        var (principal, outcome) = await EnsurePrincipalAsync(tenantId, consentUrl);
        if (
            principal is not null
            && _options.GrantConsent
            && await new AzureConsent(clients, calls, _applications).EnsureAsync(request.Cluster, principal)
            && outcome == CmekOutcome.Existing
        )
            outcome = CmekOutcome.Updated;
        return new CmekRole
        {
            Cluster = request.Cluster,
            Name = principal?.DisplayName ?? _options.ApplicationName ?? AzureNames.Application(request.Cluster),
            AuthPrincipal = tenantId,
            TrustedPrincipal = _applicationId,
            PrincipalId = principal?.Id ?? "",
            ConsentUrl = consentUrl,
            Outcome = outcome,
        };
    }

    private async Task<(ServicePrincipal? Principal, CmekOutcome Outcome)> EnsurePrincipalAsync(
        string tenantId,
        Uri consentUrl
    )
    {
        ServicePrincipal? found;
        try
        {
            found = await _applications.FindAsync(_applicationId);
        }
        catch (AzureException error) when (error.Status == 403)
        {
            calls.Context.Host.Warning(
                $"{request.Cluster.Name}: these credentials are not allowed to read Microsoft Graph, so it is unknown "
                    + $"whether the cluster's application is in the tenant. An administrator can consent at "
                    + $"{consentUrl} and pass the application's object id, shown under Enterprise applications, to "
                    + "New-CrdbCmekKey -PrincipalId."
            );
            return (null, CmekOutcome.Planned);
        }

        if (found is not null)
            return await ReconcileAsync(found, CmekOutcome.Existing);
        if (
            !await calls.ConfirmAsync(
                $"tenant {tenantId}",
                $"Add the application {_applicationId} of {request.Cluster.Name} as an enterprise application"
            )
        )
            return (null, CmekOutcome.Planned);
        var added = await CreateUnlessDeniedAsync() ?? await AskForConsentAsync(consentUrl);
        return added is null ? (null, CmekOutcome.Planned) : await ReconcileAsync(added, CmekOutcome.Created);
    }

    /// <summary>Adds the application; null when the caller is not allowed to.</summary>
    private async Task<ServicePrincipal?> CreateUnlessDeniedAsync()
    {
        try
        {
            return await calls.SettleAsync($"CreateServicePrincipal {_applicationId}", CreateAsync, () =>
                _applications.FindAsync(_applicationId)
            );
        }
        catch (AzureException error) when (error.Status == 403)
        {
            return null;
        }
    }

    private async Task<ServicePrincipal> CreateAsync()
    {
        try
        {
            return await calls.WriteAsync("Graph", "CreateServicePrincipal", _applicationId, c =>
                clients.Graph.CreateServicePrincipalAsync(_applicationId, c)
            );
        }
        catch (AzureException error)
            when (error.Status == 409 || error.Code == "Request_MultipleObjectsWithSameKeyValue")
        {
            // Another run, or an earlier one, has added it.
            return await _applications.WaitUntilVisibleAsync(_applicationId, Propagation, Pause, () =>
                AzureErrors.ApplicationNotSeen(_applicationId, error)
            );
        }
    }

    /// <summary>
    /// Shows the consent page, and waits for the application if asked to. The page redirects to Cockroach Labs, so only
    /// Graph shows the result.
    /// </summary>
    /// <returns>Null when this run does not wait.</returns>
    private async Task<ServicePrincipal?> AskForConsentAsync(Uri consentUrl)
    {
        var cluster = request.Cluster.Name;
        calls.Context.Host.Warning(
            $"{cluster}: these credentials are not allowed to add applications to the tenant. "
                + $"An administrator can consent at {consentUrl}"
        );
        if (_options.Open is { } open && !open(consentUrl))
            calls.Context.Host.Warning("The browser could not be opened. Open the address yourself.");
        if (_options.Wait is not { } limit)
            return null;
        var progress = new OperationProgress
        {
            Activity = $"Waiting for consent to the application of {cluster}",
            Status = consentUrl.ToString(),
        };
        calls.Context.Host.Progress(progress);
        try
        {
            return await _applications.WaitUntilVisibleAsync(_applicationId, limit, Pause, () =>
                AzureErrors.ConsentNotGiven(cluster, consentUrl, limit)
            );
        }
        finally
        {
            calls.Context.Host.Progress(progress with { Status = "", Completed = true });
        }
    }

    /// <summary>
    /// Compares an application with what the cluster needs. Only a disabled sign-in can be repaired: the name belongs
    /// to Cockroach Labs.
    /// </summary>
    private async Task<(ServicePrincipal? Principal, CmekOutcome Outcome)> ReconcileAsync(
        ServicePrincipal found,
        CmekOutcome outcome
    )
    {
        var differences = AzureApplications.Differences(found, request.Cluster, _options.ApplicationName);
        if (differences.Count == 0)
            return (found, outcome);
        if (!request.Update || differences is not [AzureApplications.SignInDisabled])
            throw AzureErrors.RoleDiffers(request.Cluster, _applicationId, differences);
        var target = found.DisplayName ?? _applicationId;
        if (!await calls.ConfirmAsync(target, "Enable sign-in for the enterprise application"))
            return (found, CmekOutcome.Planned);
        await _applications.EnableAsync(found, enabled: true);
        return (found with { AccountEnabled = true }, CmekOutcome.Updated);
    }
}
