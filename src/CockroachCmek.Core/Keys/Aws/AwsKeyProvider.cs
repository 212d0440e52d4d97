using Amazon.Runtime;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>The customer's half of CMEK on AWS.</summary>
public sealed class AwsKeyProvider(AwsConnection connection) : ICmekKeyProvider
{
    /// <inheritdoc/>
    public string CloudProvider => "AWS";

    /// <inheritdoc/>
    public string KeyType => "AWS_KMS";

    /// <inheritdoc/>
    public Task<CmekRole> EnsureRoleAsync(RoleRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, context, (clients, calls) => new AwsRoles(clients, calls).EnsureAsync(request));

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekKey>> EnsureKeysAsync(KeyRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, context, (clients, calls) => new AwsKeys(clients, calls).EnsureAsync(request));

    /// <inheritdoc/>
    public Task<bool> RotateKeysAsync(CrdbCluster cluster, IReadOnlyList<CmekKeyInfo> keys, OperationContext context) =>
        RunAsync(cluster.Name, context, (clients, calls) => new AwsKeyRotation(clients, calls).RotateAsync(keys));

    /// <inheritdoc/>
    public Task<CmekKeyPolicy> GetKeyPolicyAsync(KeyPolicyRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, context, (clients, calls) => new AwsKeyPolicies(clients, calls).DescribeAsync(request));

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekCheck>> CheckKeyAsync(CrdbCluster cluster, string organizationId, CmekRegionSpec spec, OperationContext context) =>
        RunAsync(cluster.Name, context, (clients, calls) => new AwsKeyChecks(clients, calls).CheckAsync(cluster, organizationId, spec));

    private async Task<T> RunAsync<T>(string target, OperationContext context, Func<AwsClients, AwsCalls, Task<T>> work)
    {
        using var clients = new AwsClients(connection);
        try
        {
            return await work(clients, new AwsCalls(context));
        }
        catch (Exception fault) when (fault is AmazonClientException or AmazonServiceException || (AwsCalls.IsAmbiguous(fault) && !context.CancellationToken.IsCancellationRequested))
        {
            throw AwsCalls.Map(fault, target);
        }
    }
}
