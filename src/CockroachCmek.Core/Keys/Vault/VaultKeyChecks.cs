using CockroachCmek.Core.Checks;

namespace CockroachCmek.Core.Keys.Vault;

/// <summary>Checks of a region's key in Vault. Reads only.</summary>
internal sealed class VaultKeyChecks(ICmekKeyProvider cloud, VaultConnection connection, VaultKeyReader reader)
{
    private readonly IVaultTarget _target = cloud.Cloud.VaultTarget!;
    private readonly VaultKeyProblems _problems = new(cloud.Cloud, connection.Mount);

    public async Task CheckAsync(KeyCheckRequest request, KeyChecks results)
    {
        var uri = request.Spec.KeyUri;
        var key = (await reader.FindByUriAsync(request.Cluster, _target, [uri]))[0];
        results.Pass(CmekCheckName.VaultReadable, $"The keys in Vault at {connection.Address.Authority} can be read.");
        if (key?.Copy is not { } copy)
        {
            results.Fail(CmekCheckName.VaultKeyUsable, VaultErrors.VaultKeyNotFound(uri, connection.Mount));
            return;
        }

        var version = _target.VersionOf(uri, copy.Entry, copy.Distribution)!.Value;
        CheckUsable(key, version, results);
        CheckDistributed(key, copy, results);
        CheckProtected(request.Cluster, key, results);
        CheckVersionInUse(request, key, results);
    }

    private void CheckUsable(FoundVaultKey key, int version, KeyChecks results)
    {
        var problems = _problems.OfKey(key.Name, key.Key.Type, key).ToList();
        if (version < key.Key.MinEnabledVersion)
            problems.Add(
                VaultErrors.VaultVersionDisabled(key.Name, version, key.Key.MinEnabledVersion, connection.Mount)
            );
        if (results.FailAll(CmekCheckName.VaultKeyUsable, problems))
            results.Pass(
                CmekCheckName.VaultKeyUsable,
                $"The Vault key {key.Name} is of type {key.Key.Type}, and the version in use is enabled."
            );
    }

    private void CheckDistributed(FoundVaultKey key, KmsCopy copy, KeyChecks results)
    {
        if (results.FailAll(CmekCheckName.VaultVersionDistributed, [.. _problems.OfDistribution(key)]))
            results.Pass(
                CmekCheckName.VaultVersionDistributed,
                $"{copy.Entry.KeyCollection} has version {key.Key.LatestVersion} of {key.Name}, the latest in Vault."
            );
    }

    private void CheckProtected(CrdbCluster cluster, FoundVaultKey key, KeyChecks results)
    {
        if (!key.Key.DeletionAllowed)
            results.Pass(
                CmekCheckName.VaultKeyProtected,
                $"The Vault key {key.Name} cannot be deleted: deletion_allowed is false."
            );
        else
            results.Warn(
                CmekCheckName.VaultKeyProtected,
                "VaultKeyDeletable",
                $"The Vault key {key.Name} is in use and can be deleted (deletion_allowed). "
                    + "That destroys it in the KMS too.",
                key.IsPending
                    ? $"Get-CrdbCluster {cluster.Name} | Invoke-CrdbCmekRotation -NewKey -Via HashiCorpVault -Wait   "
                        + $"(finishes the rotation that created it)"
                    : $"vault write {connection.Mount}/key/{key.Name} deletion_allowed=false"
            );
    }

    private void CheckVersionInUse(KeyCheckRequest request, FoundVaultKey key, KeyChecks results)
    {
        if (request.TakenUpAt is not { } wrappedAt)
            return;
        var latest = key.Key.LatestVersion;
        if (key.HasNewerVersion(_target, request.Spec.KeyUri, wrappedAt))
            results.Warn(
                CmekCheckName.VersionInUse,
                "VersionNotTakenUp",
                $"Vault has version {latest} of {key.Name}, but the cluster uses an older one. "
                    + "CockroachDB does not switch to a new version by itself.",
                $"Get-CrdbCluster {request.Cluster.Name} | Invoke-CrdbCmekRotation -Via HashiCorpVault -Wait"
            );
        else
            results.Pass(
                CmekCheckName.VersionInUse,
                $"The cluster uses version {latest} of {key.Name}, the latest in Vault."
            );
    }
}
