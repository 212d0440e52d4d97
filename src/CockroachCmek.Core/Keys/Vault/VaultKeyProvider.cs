using CockroachCmek.Core.Access;
using CockroachCmek.Core.Checks;

namespace CockroachCmek.Core.Keys.Vault;

/// <summary>
/// Keys that are generated in HashiCorp Vault. Vault creates, distributes and rotates them; the cloud's own provider
/// does the rest: identity, grants, revocation, and the key's state in the KMS.
/// </summary>
internal sealed class VaultKeyProvider(ICmekKeyProvider cloud, VaultClient client) : ICmekKeyProvider
{
    /// <inheritdoc/>
    public ICustomerCloud Cloud => cloud.Cloud;

    /// <inheritdoc/>
    public Task<CmekRole> EnsureRoleAsync(RoleRequest request, OperationContext context) =>
        cloud.EnsureRoleAsync(request, context);

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekKey>> EnsureKeysAsync(KeyRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, context, (reader, calls) =>
            new VaultKeys(cloud, client.Connection, reader, calls).EnsureAsync(request)
        );

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekRegionSpec>?> RotateKeysAsync(RotationRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, context, (reader, calls) =>
            request.NewKey
                ? new VaultReplacement(cloud, client.Connection, reader, calls).ReplaceAsync(request)
                : new VaultRotation(cloud, client.Connection, reader, calls).RotateAsync(request)
        );

    /// <inheritdoc/>
    public Task<KeyOrigin> ReadOriginAsync(CmekRegionSpec key, OperationContext context) =>
        cloud.ReadOriginAsync(key, context);

    /// <inheritdoc/>
    public Task MarkVaultOriginAsync(CrdbCluster cluster, CmekRegionSpec key, OperationContext context) =>
        cloud.MarkVaultOriginAsync(cluster, key, context);

    /// <inheritdoc/>
    public Task SettleNewKeysAsync(
        CrdbCluster cluster,
        IReadOnlyList<CmekRegionSpec> inForce,
        OperationContext context
    ) => RunAsync(cluster.Name, context, async (reader, calls) =>
        {
            await new VaultReplacement(cloud, client.Connection, reader, calls).RecordInForceAsync(cluster, inForce);
            return true;
        });

    /// <inheritdoc/>
    public Task<CmekKeyPolicy> GetKeyPolicyAsync(KeyPolicyRequest request, OperationContext context) =>
        cloud.GetKeyPolicyAsync(request, context);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<CmekCheck>> CheckKeyAsync(KeyCheckRequest request, OperationContext context)
    {
        var checks = await cloud.CheckKeyAsync(request, context);
        if (request.IsPast)
            return checks;
        var results = new KeyChecks(request.Cluster, request.Spec.Region, _ => null);
        try
        {
            await CheckVaultAsync(request, results, context);
        }
        catch (CmekException error)
        {
            // The cluster uses the key in the KMS: that Vault cannot be read is no failure of the key.
            results.Unknown(CmekCheckName.VaultReadable, error);
            return [.. checks, .. results.All];
        }

        // Vault creates the versions, so Vault's check replaces the cloud's: rotating in the cloud would separate the
        // two.
        return [.. checks.Where(c => c.Check != CmekCheckName.VersionInUse), .. results.All];
    }

    /// <inheritdoc/>
    public Task<KeyAccess> ReadAccessAsync(KeyAccessRequest request, OperationContext context) =>
        cloud.ReadAccessAsync(request, context);

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekAccess>> ReviewAccessAsync(KeyAccessRequest request, OperationContext context) =>
        cloud.ReviewAccessAsync(request, context);

    /// <inheritdoc/>
    public Task<KeyUsage> ReadUsageAsync(KeyUsageRequest request, OperationContext context) =>
        cloud.ReadUsageAsync(request, context);

    /// <inheritdoc/>
    public Task<KeyEvents> ReadEventsAsync(KeyEventsRequest request, OperationContext context) =>
        cloud.ReadEventsAsync(request, context);

    /// <inheritdoc/>
    public Task<KeySearch> FindKeysAsync(
        CrdbCluster cluster,
        OperationContext context,
        CancellationToken timeUp = default
    ) => cloud.FindKeysAsync(cluster, context, timeUp);

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> ReadCallersAsync(IReadOnlyList<CmekRegionSpec> keys, OperationContext context) =>
        cloud.ReadCallersAsync(keys, context);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ClusterMark>?> ReadMarksAsync(CmekRegionSpec key, OperationContext context) =>
        cloud.ReadMarksAsync(key, context);

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekRegionSpec>> FindCopiesAsync(
        IReadOnlyList<CmekRegionSpec> keys,
        OperationContext context
    ) => cloud.FindCopiesAsync(keys, context);

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekRevocationDrill>> DrillAsync(RevocationRequest request, OperationContext context) =>
        cloud.DrillAsync(request, context);

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekAccessChange>> PlanRevocationAsync(
        RevocationRequest request,
        OperationContext context
    ) => cloud.PlanRevocationAsync(request, context);

    /// <inheritdoc/>
    public Task<CmekAccessChange> RevokeAccessAsync(CmekAccessChange change, OperationContext context) =>
        cloud.RevokeAccessAsync(change, context);

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekAccessChange>> FindRevocationAsync(
        RevocationRequest request,
        OperationContext context
    ) => cloud.FindRevocationAsync(request, context);

    /// <inheritdoc/>
    public Task<CmekAccessChange> RestoreAccessAsync(CmekAccessChange change, OperationContext context) =>
        cloud.RestoreAccessAsync(change, context);

    private Task CheckVaultAsync(KeyCheckRequest request, KeyChecks results, OperationContext context) =>
        RunAsync(request.Cluster.Name, context, async (reader, _) =>
        {
            await new VaultKeyChecks(cloud, client.Connection, reader).CheckAsync(request, results);
            return true;
        });

    /// <summary>Does nothing: the client and the cloud's provider belong to the session.</summary>
    public void Dispose() { }

    private async Task<T> RunAsync<T>(
        string target,
        OperationContext context,
        Func<VaultKeyReader, VaultCalls, Task<T>> work
    )
    {
        var calls = new VaultCalls(context);
        try
        {
            return await work(new VaultKeyReader(client, calls), calls);
        }
        catch (Exception error)
            when (error is VaultException
                || (VaultCalls.IsOutcomeUnknown(error) && !context.CancellationToken.IsCancellationRequested)
            )
        {
            throw await new VaultDiagnosis(client, calls).ExplainAsync(error, target);
        }
    }
}
