using Amazon.Runtime;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>The customer's half of CMEK on AWS.</summary>
internal sealed class AwsKeyProvider(ICustomerCloud cloud, AwsConnection connection) : ICmekKeyProvider
{
    private readonly AwsClients _clients = new(connection);

    /// <inheritdoc/>
    public ICustomerCloud Cloud => cloud;

    /// <inheritdoc/>
    public Task<CmekRole> EnsureRoleAsync(RoleRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, context, (clients, calls) => new AwsRoles(clients, calls).EnsureAsync(request));

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekKey>> EnsureKeysAsync(KeyRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, context, (clients, calls) => new AwsKeys(clients, calls).EnsureAsync(request));

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekRegionSpec>?> RotateKeysAsync(RotationRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, context, (clients, calls) =>
            request.NewKey
                ? new AwsKeyReplacement(clients, calls).ReplaceAsync(request.Cluster, request.Regions)
                : new AwsKeyRotation(clients, calls).RotateAsync(request.Regions)
        );

    /// <inheritdoc/>
    public Task SettleNewKeysAsync(
        CrdbCluster cluster,
        IReadOnlyList<CmekRegionSpec> inForce,
        OperationContext context
    ) => RunAsync(cluster.Name, context, async (clients, calls) =>
        {
            await new AwsKeyReplacement(clients, calls).SettleAsync(cluster, inForce);
            return true;
        });

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekAccessChange>> PlanRevocationAsync(
        RevocationRequest request,
        OperationContext context
    ) =>
        RunAsync(request.Cluster.Name, context, (clients, calls) =>
            new AwsKeyAccess(clients, calls).PlanAsync(request)
        );

    /// <inheritdoc/>
    public Task<CmekAccessChange> RevokeAccessAsync(CmekAccessChange change, OperationContext context) =>
        RunAsync(change.Target, context, (clients, calls) => new AwsKeyAccess(clients, calls).RevokeAsync(change));

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekAccessChange>> FindRevocationAsync(
        RevocationRequest request,
        OperationContext context
    ) =>
        RunAsync(request.Cluster.Name, context, (clients, calls) =>
            new AwsKeyAccess(clients, calls).FindRevocationAsync(request)
        );

    /// <inheritdoc/>
    public Task<CmekAccessChange> RestoreAccessAsync(CmekAccessChange change, OperationContext context) =>
        RunAsync(change.Target, context, (clients, calls) => new AwsKeyAccess(clients, calls).RestoreAsync(change));

    /// <inheritdoc/>
    public Task<CmekKeyPolicy> GetKeyPolicyAsync(KeyPolicyRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, context, (clients, calls) =>
            new AwsKeyPolicies(clients, calls).DescribeAsync(request)
        );

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekCheck>> CheckKeyAsync(KeyCheckRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, context, (clients, calls) =>
            new AwsKeyChecks(clients, calls).CheckAsync(request)
        );

    public void Dispose() => _clients.Dispose();

    private async Task<T> RunAsync<T>(string target, OperationContext context, Func<AwsClients, AwsCalls, Task<T>> work)
    {
        try
        {
            return await work(_clients, new AwsCalls(context));
        }
        catch (Exception fault)
            when (fault is AmazonClientException or AmazonServiceException
                || (AwsCalls.MayHaveHappened(fault) && !context.CancellationToken.IsCancellationRequested)
            )
        {
            throw AwsCalls.Map(fault, target);
        }
    }
}
