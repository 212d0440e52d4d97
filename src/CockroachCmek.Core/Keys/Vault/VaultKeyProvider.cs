using CockroachCmek.Core.Cmek;

namespace CockroachCmek.Core.Keys.Vault;

/// <summary>
/// The customer's half of CMEK where keys are born in HashiCorp Vault: Vault makes, distributes and rotates them; identity, grants, revocation and the key's state in the KMS are
/// the cloud's, and go to its own provider.
/// </summary>
public sealed class VaultKeyProvider(ICmekKeyProvider cloud, VaultConnection connection) : ICmekKeyProvider
{
    /// <inheritdoc/>
    public string CloudProvider => cloud.CloudProvider;

    /// <inheritdoc/>
    public string KeyType => cloud.KeyType;

    /// <inheritdoc/>
    public Task<CmekRole> EnsureRoleAsync(RoleRequest request, OperationContext context) =>
        cloud.EnsureRoleAsync(request, context);

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekKey>> EnsureKeysAsync(KeyRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, context, (reader, calls) =>
            new VaultKeys(cloud, connection, reader, calls).EnsureAsync(request)
        );

    /// <inheritdoc/>
    public Task<IReadOnlyList<CmekRegionSpec>?> RotateKeysAsync(RotationRequest request, OperationContext context) =>
        RunAsync(request.Cluster.Name, context, (reader, calls) =>
            request.NewKey
                ? new VaultRotation(cloud, connection, reader, calls).ReplaceAsync(request)
                : new VaultRotation(cloud, connection, reader, calls).RotateAsync(request)
        );

    /// <inheritdoc/>
    public Task SettleNewKeysAsync(
        CrdbCluster cluster,
        IReadOnlyList<CmekRegionSpec> inForce,
        OperationContext context
    ) => RunAsync(cluster.Name, context, async (reader, calls) =>
        {
            await new VaultRotation(cloud, connection, reader, calls).SettleAsync(cluster, inForce);
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
        var results = new CheckList(request.Cluster);
        try
        {
            await RunAsync(request.Cluster.Name, context, async (reader, _) =>
            {
                await new VaultKeyChecks(cloud, connection, reader).CheckAsync(request, results);
                return true;
            });
        }
        catch (CmekException fault)
        {
            results.Unknown("VaultReadable", request.Spec.Region, fault.Message, fault.RecommendedAction);
            return [.. checks, .. results.All];
        }

        // Versions are made in Vault: what is the newest is Vault's to say, and rotating in the cloud would part the two.
        return [.. checks.Where(c => c.Check is not ("VersionTakenUp" or "VersionNotTakenUp")), .. results.All];
    }

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

    private async Task<T> RunAsync<T>(
        string target,
        OperationContext context,
        Func<VaultKeyReader, VaultCalls, Task<T>> work
    )
    {
        using var client = new VaultClient(connection);
        var calls = new VaultCalls(client, context);
        CmekException explained;
        try
        {
            return await work(new VaultKeyReader(client, calls), calls);
        }
        catch (Exception fault)
            when (fault is VaultFault
                || (VaultCalls.MayHaveHappened(fault) && !context.CancellationToken.IsCancellationRequested)
            )
        {
            explained = await calls.ExplainAsync(fault, target);
        }

        throw explained;
    }
}
