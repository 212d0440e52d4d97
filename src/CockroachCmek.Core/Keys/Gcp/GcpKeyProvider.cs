using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys.Gcp.Access;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// The customer's half of CMEK on Google Cloud. Lives as long as the session, with its clients and access token.
/// </summary>
internal sealed class GcpKeyProvider(ICustomerCloud cloud, GcpConnection connection)
    : ICmekKeyProvider,
        IVaultLocationProvider
{
    private readonly SemaphoreSlim _connecting = new(1, 1);
    private readonly SharedReads _shared = new();
    private GcpClients? _clients;

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
    public Task<KeyOrigin> ReadOriginAsync(CmekRegionSpec key, OperationContext context) =>
        RunAsync(key.KeyUri, context, (clients, calls) => new GcpKeyOrigins(clients, calls).ReadAsync(key.KeyUri));

    /// <inheritdoc/>
    public Task MarkVaultOriginAsync(CrdbCluster cluster, CmekRegionSpec key, OperationContext context) =>
        RunAsync<object?>(key.KeyUri, context, async (clients, calls) =>
        {
            await new GcpKeyOrigins(clients, calls).MarkAsync(GcpKeyName.Parse(key.KeyUri), cluster);
            return null;
        });

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
            new GcpKeyChecks(clients, calls, _shared, request).CheckAsync()
        );

    /// <inheritdoc/>
    public Task<KeyAccess> ReadAccessAsync(KeyAccessRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, context, async (clients, calls) =>
        {
            var reader = new GcpAccessReader(clients, calls, _shared);
            var account = ServiceAccountEmail.Parse(request.Spec.AuthPrincipal);
            return (await reader.ReadKeyAsync(GcpKeyName.Parse(request.Spec.KeyUri), account)).Access;
        });

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekAccess>> ReviewAccessAsync(KeyAccessRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, context, (clients, calls) =>
            new GcpAccessReview(
                new GcpAccessReader(clients, calls, _shared),
                new GcpAccounts(clients, calls),
                request
            ).ReadAsync()
        );

    /// <inheritdoc/>
    public Task<KeyUsage> ReadUsageAsync(KeyUsageRequest request, OperationContext context) =>
        Task.FromResult(
            new KeyUsage
            {
                Source = "Google Cloud",
                Gaps =
                [
                    new CmekLogGap { What = "uses of the key", Why = "The logs of Google Cloud are not read yet." },
                ],
            }
        );

    /// <inheritdoc/>
    public Task<KeyEvents> ReadEventsAsync(KeyEventsRequest request, OperationContext context) =>
        Task.FromResult(
            new KeyEvents(
                [],
                [new CmekLogGap { What = "events of the keys", Why = "The logs of Google Cloud are not read yet." }]
            )
        );

    /// <inheritdoc/>
    public Task<KeySearch> FindKeysAsync(
        CrdbCluster cluster,
        OperationContext context,
        CancellationToken timeUp = default
    ) =>
        RunAsync(cluster.Name, context, (clients, calls) =>
            new GcpKeySearch(clients, calls, cluster, timeUp).FindAsync()
        );

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> ReadCallersAsync(IReadOnlyList<CmekRegionSpec> keys, OperationContext context) =>
        RunAsync<IReadOnlyList<string>>(keys[0].KeyUri, context, (clients, _) =>
            Task.FromResult<IReadOnlyList<string>>(clients.CallerEmail is { } email ? [email] : [])
        );

    /// <inheritdoc/>
    public Task<IReadOnlyList<ClusterMark>?> ReadMarksAsync(CmekRegionSpec key, OperationContext context) =>
        RunAsync(key.KeyUri, context, (clients, calls) => new GcpClusterMarks(clients, calls).ReadAsync(key));

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekRegionSpec>> FindCopiesAsync(
        IReadOnlyList<CmekRegionSpec> keys,
        OperationContext context
    ) => Task.FromResult<IReadOnlyList<CmekRegionSpec>>([]);

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekRevocationDrill>> DrillAsync(RevocationRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, context, (clients, calls) =>
            new GcpRevocationDrills(cloud, clients, calls, _shared).RunAsync(request)
        );

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekAccessChange>> PlanRevocationAsync(
        RevocationRequest request,
        OperationContext context
    ) =>
        RunAsync(request.Cluster.Name, context, (clients, calls) =>
            new GcpKeyAccess(cloud, clients, calls).PlanAsync(request)
        );

    /// <inheritdoc/>
    public Task<CmekAccessChange> RevokeAccessAsync(CmekAccessChange change, OperationContext context) =>
        RunAsync(change.Target, context, (clients, calls) =>
            new GcpKeyAccessWriter(clients, calls).RevokeAsync(change)
        );

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekAccessChange>> FindRevocationAsync(
        RevocationRequest request,
        OperationContext context
    ) =>
        RunAsync(request.Cluster.Name, context, (clients, calls) =>
            new GcpKeyAccess(cloud, clients, calls).FindRevocationAsync(request)
        );

    /// <inheritdoc/>
    public Task<CmekAccessChange> RestoreAccessAsync(CmekAccessChange change, OperationContext context) =>
        RunAsync(change.Target, context, (clients, calls) =>
            new GcpKeyAccessWriter(clients, calls).RestoreAsync(change)
        );

    Task<IVaultLocation> IVaultLocationProvider.FindVaultLocationAsync(KeyRequest request, OperationContext context) =>
        RunAsync<IVaultLocation>(request.Cluster.Name, context, async (clients, calls) =>
            await GcpVaultLocation.FindAsync(this, request, clients, calls)
        );

    public void Dispose()
    {
        _clients?.Dispose();
        _connecting.Dispose();
    }

    /// <summary>
    /// Runs work with the session's clients, and reports Google Cloud's errors in the module's terms.
    /// </summary>
    /// <param name="target">What the work is for, for its errors.</param>
    /// <param name="context">The run.</param>
    /// <param name="work">The work.</param>
    internal async Task<T> RunAsync<T>(
        string target,
        OperationContext context,
        Func<GcpClients, GcpCalls, Task<T>> work
    )
    {
        var calls = new GcpCalls(context);
        try
        {
            return await work(await ConnectAsync(context.CancellationToken), calls);
        }
        catch (Exception error) when (calls.Translate(error, target) is { } translated)
        {
            throw translated;
        }
    }

    private async Task<GcpClients> ConnectAsync(CancellationToken cancellationToken)
    {
        await _connecting.WaitAsync(cancellationToken);
        try
        {
            return _clients ??= await GcpClients.ConnectAsync(connection, cancellationToken);
        }
        finally
        {
            _connecting.Release();
        }
    }
}
