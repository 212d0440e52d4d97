namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>The customer's half of CMEK on Google Cloud.</summary>
internal sealed class GcpKeyProvider(ICustomerCloud cloud, GcpConnection connection)
    : ICmekKeyProvider,
        IVaultLocationProvider
{
    private readonly GcpClients _clients = new(connection);

    /// <inheritdoc/>
    public ICustomerCloud Cloud => cloud;

    /// <inheritdoc/>
    public Task<CmekRole> EnsureRoleAsync(RoleRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, context, (clients, calls) => new GcpRoles(clients, calls).EnsureAsync(request));

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekKey>> EnsureKeysAsync(KeyRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, context, (clients, calls) => new GcpKeys(clients, calls).EnsureAsync(request));

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekRegionSpec>?> RotateKeysAsync(RotationRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, context, (clients, calls) =>
            request.NewKey
                ? new GcpKeyReplacement(clients, calls).ReplaceAsync(request)
                : new GcpKeyRotation(clients, calls).RotateAsync(request)
        );

    /// <inheritdoc/>
    public Task SettleNewKeysAsync(
        CrdbCluster cluster,
        IReadOnlyList<CmekRegionSpec> inForce,
        OperationContext context
    ) => RunAsync<object?>(cluster.Name, context, async (clients, calls) =>
        {
            await new GcpKeyReplacement(clients, calls).SettleAsync(inForce);
            return null;
        });

    /// <inheritdoc/>
    public Task<CmekKeyPolicy> GetKeyPolicyAsync(KeyPolicyRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, context, (clients, calls) =>
            new GcpKeyPolicies(clients, calls).DescribeAsync(request)
        );

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekCheck>> CheckKeyAsync(KeyCheckRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, context, (clients, calls) =>
            new GcpKeyChecks(clients, calls).CheckAsync(request)
        );

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekAccessChange>> PlanRevocationAsync(
        RevocationRequest request,
        OperationContext context
    ) =>
        RunAsync(request.Cluster.Name, context, (clients, calls) =>
            new GcpKeyAccess(clients, calls).PlanAsync(request)
        );

    /// <inheritdoc/>
    public Task<CmekAccessChange> RevokeAccessAsync(CmekAccessChange change, OperationContext context) =>
        RunAsync(change.Target, context, (clients, calls) => new GcpKeyAccess(clients, calls).RevokeAsync(change));

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekAccessChange>> FindRevocationAsync(
        RevocationRequest request,
        OperationContext context
    ) =>
        RunAsync(request.Cluster.Name, context, (clients, calls) =>
            new GcpKeyAccess(clients, calls).FindRevocationAsync(request)
        );

    /// <inheritdoc/>
    public Task<CmekAccessChange> RestoreAccessAsync(CmekAccessChange change, OperationContext context) =>
        RunAsync(change.Target, context, (clients, calls) => new GcpKeyAccess(clients, calls).RestoreAsync(change));

    Task<IVaultLocation> IVaultLocationProvider.FindVaultLocationAsync(KeyRequest request, OperationContext context) =>
        RunAsync<IVaultLocation>(request.Cluster.Name, context, async (clients, calls) =>
            await GcpVaultLocation.FindAsync(this, request, clients, calls)
        );

    public void Dispose() => _clients.Dispose();

    internal async Task<T> RunAsync<T>(
        string target,
        OperationContext context,
        Func<GcpClients, GcpCalls, Task<T>> work
    )
    {
        try
        {
            await _clients.OpenAsync(context.CancellationToken);
            return await work(_clients, new GcpCalls(context));
        }
        catch (Exception fault)
            when (fault is GcpFault
                || GcpCalls.IsTokenFault(fault)
                || (GcpCalls.MayHaveHappened(fault) && !context.CancellationToken.IsCancellationRequested)
            )
        {
            throw GcpCalls.Map(fault, target);
        }
    }
}
