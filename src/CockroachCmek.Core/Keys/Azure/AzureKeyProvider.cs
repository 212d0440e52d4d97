namespace CockroachCmek.Core.Keys.Azure;

/// <summary>The customer's half of CMEK on Azure.</summary>
internal sealed class AzureKeyProvider(ICustomerCloud cloud, AzureConnection connection)
    : ICmekKeyProvider,
        IVaultLocationProvider
{
    private readonly Lazy<AzureClients> _clients = new(() => AzureClients.Create(connection));

    /// <inheritdoc/>
    public ICustomerCloud Cloud => cloud;

    /// <inheritdoc/>
    public Task<CmekRole> EnsureRoleAsync(RoleRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, AzureRoleOptions.From(request.Options).TenantId, context, (clients, calls) =>
            new AzureRoles(clients, calls).EnsureAsync(request)
        );

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekKey>> EnsureKeysAsync(KeyRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, request.AuthPrincipal, context, (clients, calls) =>
            new AzureKeys(clients, calls).EnsureAsync(request)
        );

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekRegionSpec>?> RotateKeysAsync(RotationRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, request.Regions[0].Keys[0].AuthPrincipal, context, (clients, calls) =>
            request.NewKey
                ? new AzureKeyReplacement(clients, calls).ReplaceAsync(request.Cluster, request.Regions)
                : new AzureKeyRotation(clients, calls).RotateAsync(request.Regions)
        );

    /// <inheritdoc/>
    public Task SettleNewKeysAsync(
        CrdbCluster cluster,
        IReadOnlyList<CmekRegionSpec> inForce,
        OperationContext context
    ) =>
        inForce.Count == 0
            ? Task.CompletedTask
            : RunAsync<object?>(cluster.Name, inForce[0].AuthPrincipal, context, async (clients, calls) =>
            {
                await new AzureKeyReplacement(clients, calls).SettleAsync(cluster, inForce);
                return null;
            });

    /// <inheritdoc/>
    public Task<CmekKeyPolicy> GetKeyPolicyAsync(KeyPolicyRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, request.AuthPrincipal, context, (clients, calls) =>
            new AzureKeyPolicies(clients, calls).DescribeAsync(request)
        );

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekCheck>> CheckKeyAsync(KeyCheckRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, request.Spec.AuthPrincipal, context, (clients, calls) =>
            new AzureKeyChecks(clients, calls).CheckAsync(request)
        );

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekAccessChange>> PlanRevocationAsync(
        RevocationRequest request,
        OperationContext context
    ) => ByTenantAsync(request, context, (access, part) => access.PlanAsync(part));

    /// <inheritdoc/>
    public Task<CmekAccessChange> RevokeAccessAsync(CmekAccessChange change, OperationContext context) =>
        RunAsync(change.Target, change.AuthPrincipal, context, (clients, calls) =>
            new AzureKeyAccess(clients, calls).RevokeAsync(change)
        );

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekAccessChange>> FindRevocationAsync(
        RevocationRequest request,
        OperationContext context
    ) => ByTenantAsync(request, context, (access, part) => access.FindRevocationAsync(part));

    /// <inheritdoc/>
    public Task<CmekAccessChange> RestoreAccessAsync(CmekAccessChange change, OperationContext context) =>
        RunAsync(change.Target, change.AuthPrincipal, context, (clients, calls) =>
            new AzureKeyAccess(clients, calls).RestoreAsync(change)
        );

    Task<IVaultLocation> IVaultLocationProvider.FindVaultLocationAsync(KeyRequest request, OperationContext context) =>
        RunAsync<IVaultLocation>(request.Cluster.Name, request.AuthPrincipal, context, async (clients, calls) =>
            await AzureVaultLocation.FindAsync(request, clients, calls)
        );

    public void Dispose()
    {
        if (_clients.IsValueCreated)
            _clients.Value.Dispose();
    }

    /// <summary>Past keys may be another tenant's.</summary>
    private async Task<IReadOnlyList<CmekAccessChange>> ByTenantAsync(
        RevocationRequest request,
        OperationContext context,
        Func<AzureKeyAccess, RevocationRequest, Task<IReadOnlyList<CmekAccessChange>>> work
    )
    {
        var changes = new List<CmekAccessChange>();
        foreach (var tenant in request.Keys.GroupBy(k => k.AuthPrincipal, StringComparer.OrdinalIgnoreCase))
            changes.AddRange(
                await RunAsync(request.Cluster.Name, tenant.Key, context, (clients, calls) =>
                    work(new AzureKeyAccess(clients, calls), request with { Keys = [.. tenant] })
                )
            );
        return changes;
    }

    /// <param name="target">What the work is for, as faults name it.</param>
    /// <param name="tenantId">The tenant to work in: on Azure it is what a manifest calls the principal.</param>
    private async Task<T> RunAsync<T>(
        string target,
        string? tenantId,
        OperationContext context,
        Func<AzureClients, AzureCalls, Task<T>> work
    )
    {
        if (tenantId is not null && !Guid.TryParse(tenantId, out _))
            throw AzureErrors.TenantMalformed(tenantId);
        try
        {
            return await work(_clients.Value.In(tenantId), new AzureCalls(context));
        }
        catch (Exception fault) when (AzureCalls.IsAzures(fault) && !context.CancellationToken.IsCancellationRequested)
        {
            throw AzureCalls.Map(fault, target);
        }
    }
}
