using System.Runtime.CompilerServices;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys.Aws.Access;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>The customer's side of CMEK on AWS. Its clients live as long as the session.</summary>
internal sealed class AwsKeyProvider(ICustomerCloud cloud, AwsConnection connection) : ICmekKeyProvider
{
    private readonly AwsClients _clients = new(connection);

    /// <summary>One run for each operation of the caller, shared by all its calls.</summary>
    private readonly ConditionalWeakTable<OperationContext, AwsRun> _runs = new();

    /// <inheritdoc/>
    public ICustomerCloud Cloud => cloud;

    /// <inheritdoc/>
    public Task<CmekRole> EnsureRoleAsync(RoleRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, context, run => new AwsRoleSetup(run, request).EnsureAsync());

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekKey>> EnsureKeysAsync(KeyRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, context, run => new AwsKeys(run).EnsureAsync(request));

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekRegionSpec>?> RotateKeysAsync(RotationRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, context, run =>
            request.NewKey
                ? new AwsKeyReplacement(run, request.Cluster).ReplaceAsync(request.Regions)
                : new AwsKeyRotation(run, request).RotateAsync()
        );

    /// <inheritdoc/>
    public Task<KeyOrigin> ReadOriginAsync(CmekRegionSpec key, OperationContext context) =>
        RunAsync(key.KeyUri, context, run => new AwsKeyOrigins(run).ReadAsync(key.KeyUri));

    /// <inheritdoc/>
    public Task MarkVaultOriginAsync(CrdbCluster cluster, CmekRegionSpec key, OperationContext context) =>
        RunAsync(key.KeyUri, context, async run =>
        {
            await new AwsKeyOrigins(run).MarkAsync(key.KeyUri, cluster);
            return true;
        });

    /// <inheritdoc/>
    public Task SettleNewKeysAsync(
        CrdbCluster cluster,
        IReadOnlyList<CmekRegionSpec> inForce,
        OperationContext context
    ) => RunAsync(cluster.Name, context, async run =>
        {
            await new AwsAliasMove(run, cluster).MoveAsync(inForce);
            return true;
        });

    /// <inheritdoc/>
    public Task<CmekKeyPolicy> GetKeyPolicyAsync(KeyPolicyRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, context, run => new AwsKeyPolicies(run).DescribeAsync(request));

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekCheck>> CheckKeyAsync(KeyCheckRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, context, run => new AwsKeyChecks(run, cloud, request).CheckAsync());

    /// <inheritdoc/>
    public Task<KeyAccess> ReadAccessAsync(KeyAccessRequest request, OperationContext context) =>
        RunAsync(request.Spec.KeyUri, context, async run =>
        {
            var (key, reading) = await ReadAsync(run, request);
            return reading.ToAccess() with
            {
                IsUnusable =
                    key.KeyState == KeyState.PendingDeletion || key.KeyState == KeyState.PendingReplicaDeletion,
            };
        });

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekAccess>> ReviewAccessAsync(KeyAccessRequest request, OperationContext context) =>
        RunAsync(request.Spec.KeyUri, context, async run => (await ReadAsync(run, request)).Reading.Review());

    /// <inheritdoc/>
    public Task<KeyUsage> ReadUsageAsync(KeyUsageRequest request, OperationContext context) =>
        RunAsync(request.Key.KeyUri, context, run => new AwsKeyUsage(run, request).ReadAsync());

    /// <inheritdoc/>
    public Task<KeyEvents> ReadEventsAsync(KeyEventsRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, context, run => new AwsKeyEvents(run, request).ReadAsync());

    /// <inheritdoc/>
    public Task<KeySearch> FindKeysAsync(
        CrdbCluster cluster,
        OperationContext context,
        CancellationToken timeUp = default
    ) => RunAsync(cluster.Name, context, run => new AwsClusterKeys(run, cluster, timeUp).FindAsync());

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> ReadCallersAsync(IReadOnlyList<CmekRegionSpec> keys, OperationContext context) =>
        RunAsync<IReadOnlyList<string>>(keys[0].KeyUri, context, async run =>
        {
            var region = AwsKeyArn.Parse(keys[0].KeyUri).Region;
            // Keys and roles may be in two accounts, each with credentials of its own.
            var callers = await Task.WhenAll(run.GetCallerAsync(region), run.GetKeyCallerAsync(region));
            return [.. callers.Select(c => c.Arn).Distinct()];
        });

    /// <inheritdoc/>
    public Task<IReadOnlyList<ClusterMark>?> ReadMarksAsync(CmekRegionSpec key, OperationContext context) =>
        RunAsync(key.KeyUri, context, run => new AwsClusterMarks(run).ReadAsync(key));

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekRegionSpec>> FindCopiesAsync(
        IReadOnlyList<CmekRegionSpec> keys,
        OperationContext context
    ) => RunAsync("", context, run => new AwsKeyCopies(run).FindAsync(keys));

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekRevocationDrill>> DrillAsync(RevocationRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, context, run => new AwsRevocationDrill(run, cloud, request).RunAsync());

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekAccessChange>> PlanRevocationAsync(
        RevocationRequest request,
        OperationContext context
    ) => RunAsync(request.Cluster.Name, context, run => new AwsKeyAccess(run, cloud).PlanAsync(request));

    /// <inheritdoc/>
    public Task<CmekAccessChange> RevokeAccessAsync(CmekAccessChange change, OperationContext context) =>
        RunAsync(change.Target, context, run => new AwsKeyAccessWriter(run).RevokeAsync(change));

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekAccessChange>> FindRevocationAsync(
        RevocationRequest request,
        OperationContext context
    ) => RunAsync(request.Cluster.Name, context, run => new AwsRevocationSearch(run).FindAsync(request));

    /// <inheritdoc/>
    public Task<CmekAccessChange> RestoreAccessAsync(CmekAccessChange change, OperationContext context) =>
        RunAsync(change.Target, context, run => new AwsKeyAccessWriter(run).RestoreAsync(change));

    public void Dispose() => _clients.Dispose();

    private static async Task<(KeyMetadata Key, KeyAccessReading Reading)> ReadAsync(
        AwsRun run,
        KeyAccessRequest request
    )
    {
        var arn = AwsKeyArn.Parse(request.Spec.KeyUri);
        var key = await run.Keys.DescribeAsync(arn) ?? throw AwsErrors.KeyNotFound(request.Spec.KeyUri, arn.Region);
        return (key, await new AwsKeyAccessReader(run).ReadAsync(AwsKeyArn.Parse(key.Arn), request.Spec.AuthPrincipal));
    }

    private async Task<T> RunAsync<T>(string target, OperationContext context, Func<AwsRun, Task<T>> work)
    {
        var run = _runs.GetValue(context, c => new AwsRun(_clients, c));
        try
        {
            return await work(run);
        }
        catch (Exception error) when (run.Calls.Translate(error, target) is { } translated)
        {
            throw translated;
        }
    }
}
