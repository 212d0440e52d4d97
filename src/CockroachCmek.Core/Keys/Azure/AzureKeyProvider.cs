using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys.Azure.Access;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>Identity and keys on Azure. Its clients, and their tokens, live as long as the session.</summary>
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
            new AzureRoles(clients, calls, request).EnsureAsync()
        );

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekKey>> EnsureKeysAsync(KeyRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, request.AuthPrincipal, context, (clients, calls) =>
            new AzureKeys(clients, calls, request).EnsureAsync()
        );

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekRegionSpec>?> RotateKeysAsync(RotationRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, request.Regions[0].Keys[0].AuthPrincipal, context, (clients, calls) =>
            request.NewKey
                ? new AzureKeyReplacement(clients, calls, request.Cluster).ReplaceAsync(request.Regions)
                : new AzureKeyRotation(clients, calls).RotateAsync(request)
        );

    /// <inheritdoc/>
    public Task<KeyOrigin> ReadOriginAsync(CmekRegionSpec key, OperationContext context) =>
        RunAsync(key.KeyUri, key.AuthPrincipal, context, (clients, calls) =>
            new AzureKeyOrigins(clients, calls).ReadAsync(key.KeyUri)
        );

    /// <inheritdoc/>
    public Task MarkVaultOriginAsync(CrdbCluster cluster, CmekRegionSpec key, OperationContext context) =>
        RunAsync<object?>(key.KeyUri, key.AuthPrincipal, context, async (clients, calls) =>
        {
            await new AzureKeyOrigins(clients, calls).MarkAsync(AzureKeyId.Parse(key.KeyUri, clients.Cloud), cluster);
            return null;
        });

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
                await new AzureKeySuccession(clients, calls, cluster).CompleteAsync(inForce);
                return null;
            });

    /// <inheritdoc/>
    public Task<CmekKeyPolicy> GetKeyPolicyAsync(KeyPolicyRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, request.AuthPrincipal, context, (clients, calls) =>
            new AzureKeyPolicies(clients, calls, request).DescribeAsync()
        );

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekCheck>> CheckKeyAsync(KeyCheckRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, request.Spec.AuthPrincipal, context, (clients, calls) =>
            new AzureKeyChecks(clients, calls, request).CheckAsync()
        );

    /// <inheritdoc/>
    public Task<KeyAccess> ReadAccessAsync(KeyAccessRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, request.Spec.AuthPrincipal, context, (clients, calls) =>
            new AzureAccessQuestions(clients, calls, request).ReadAsync()
        );

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekAccess>> ReviewAccessAsync(KeyAccessRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, request.Spec.AuthPrincipal, context, (clients, calls) =>
            new AzureAccessQuestions(clients, calls, request).ReviewAsync()
        );

    /// <inheritdoc/>
    public Task<KeyUsage> ReadUsageAsync(KeyUsageRequest request, OperationContext context) =>
        Task.FromResult(
            new KeyUsage
            {
                Source = "Azure",
                Gaps = [new CmekLogGap { What = "uses of the key", Why = "The logs of Azure are not read yet." }],
            }
        );

    /// <inheritdoc/>
    public Task<KeyEvents> ReadEventsAsync(KeyEventsRequest request, OperationContext context) =>
        Task.FromResult(
            new KeyEvents(
                [],
                [new CmekLogGap { What = "events of the keys", Why = "The logs of Azure are not read yet." }]
            )
        );

    /// <inheritdoc/>
    public Task<KeySearch> FindKeysAsync(
        CrdbCluster cluster,
        OperationContext context,
        CancellationToken timeUp = default
    ) =>
        RunAsync(cluster.Name, null, context, (clients, calls) =>
            new AzureKeySearch(clients, calls, cluster, timeUp).FindAsync()
        );

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> ReadCallersAsync(
        IReadOnlyList<CmekRegionSpec> keys,
        OperationContext context
    )
    {
        var callers = await Task.WhenAll(
            keys.Select(k => k.AuthPrincipal)
                .Distinct(StringComparer.OrdinalIgnoreCase)
                .Select(tenant =>
                    RunAsync(tenant, tenant, context, (clients, calls) =>
                        calls.ReadAsync("Entra", "GetToken", clients.Cloud.Arm.Host, clients.ReadCallerAsync)
                    )
                )
        );
        return [.. callers.OfType<string>().Distinct()];
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<ClusterMark>?> ReadMarksAsync(CmekRegionSpec key, OperationContext context) =>
        RunAsync<IReadOnlyList<ClusterMark>?>(key.KeyUri, key.AuthPrincipal, context, async (clients, calls) =>
        {
            // The identity is the tenant, which every cluster shares: only the key is marked.
            if (
                await new AzureKeyReader(clients, calls).FindAsync(AzureKeyId.Parse(key.KeyUri, clients.Cloud))
                is not { } found
            )
                return null;
            var mark = ClusterMark.Of(found.Tags, AzureNames.ClusterIdTag, AzureNames.ClusterNameTag);
            return mark is null ? [] : [mark];
        });

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekRegionSpec>> FindCopiesAsync(
        IReadOnlyList<CmekRegionSpec> keys,
        OperationContext context
    ) => Task.FromResult<IReadOnlyList<CmekRegionSpec>>([]);

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekRevocationDrill>> DrillAsync(RevocationRequest request, OperationContext context) =>
        RunByTenantAsync(request, context, (clients, calls, own) =>
            new AzureRevocationDrill(clients, calls, own).RunAsync()
        );

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekAccessChange>> PlanRevocationAsync(
        RevocationRequest request,
        OperationContext context
    ) =>
        RunByTenantAsync(request, context, (clients, calls, own) =>
            new AzureKeyAccess(clients, calls, own).PlanAsync()
        );

    /// <inheritdoc/>
    public Task<CmekAccessChange> RevokeAccessAsync(CmekAccessChange change, OperationContext context) =>
        RunAsync(change.Target, change.AuthPrincipal, context, (clients, calls) =>
            new AzureKeyAccessWriter(clients, calls).RevokeAsync(change)
        );

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekAccessChange>> FindRevocationAsync(
        RevocationRequest request,
        OperationContext context
    ) =>
        RunByTenantAsync(request, context, (clients, calls, own) =>
            new AzureKeyAccess(clients, calls, own).FindRevocationAsync()
        );

    /// <inheritdoc/>
    public Task<CmekAccessChange> RestoreAccessAsync(CmekAccessChange change, OperationContext context) =>
        RunAsync(change.Target, change.AuthPrincipal, context, (clients, calls) =>
            new AzureKeyAccessWriter(clients, calls).RestoreAsync(change)
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

    /// <summary>Runs a revocation's reads in each tenant: past keys may belong to another one.</summary>
    private async Task<IReadOnlyList<T>> RunByTenantAsync<T>(
        RevocationRequest request,
        OperationContext context,
        Func<AzureClients, AzureCalls, RevocationRequest, Task<IReadOnlyList<T>>> work
    )
    {
        var results = new List<T>();
        foreach (var tenant in request.Keys.GroupBy(k => k.AuthPrincipal, StringComparer.OrdinalIgnoreCase))
            results.AddRange(
                await RunAsync(request.Cluster.Name, tenant.Key, context, (clients, calls) =>
                    work(clients, calls, request with { Keys = [.. tenant] })
                )
            );
        return results;
    }

    /// <param name="target">What the work is for, as errors name it.</param>
    /// <param name="tenantId">
    /// The tenant to work in, which is the principal of an Azure key in a manifest; null for the session's.
    /// </param>
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
        catch (Exception error)
            when (!context.CancellationToken.IsCancellationRequested
                && AzureCalls.Translate(error, target) is { } translated
            )
        {
            throw translated;
        }
    }
}
