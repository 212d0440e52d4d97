using CockroachCmek.Core.Checks;

namespace CockroachCmek.Core.Keys.Vault;

/// <summary>Vault's side of a region's key. Reads only. That Vault cannot be read harms no cluster, whose key is in the KMS: it is Unknown, not a failure.</summary>
internal sealed class VaultKeyChecks(ICmekKeyProvider cloud, VaultConnection connection, VaultKeyReader reader)
{
    private readonly IVaultTarget _target = cloud.Cloud.VaultTarget!;

    public async Task CheckAsync(KeyCheckRequest request, KeyChecks results)
    {
        var (region, uri) = (request.Spec.Region, request.Spec.KeyUri);
        var key = (await reader.FindByUriAsync(request.Cluster, _target, [uri]))[0];
        results.Pass(CmekCheckName.VaultReadable, $"Vault at {connection.Address.Authority} lets its keys be read.");
        if (key?.Place is not { } place)
        {
            results.Fail(CmekCheckName.VaultKeyUsable, VaultErrors.VaultKeyNotFound(uri, connection.Mount));
            return;
        }

        var inForce = _target.VersionOf(uri, place.Entry, place.Distribution)!.Value;
        results.FailAll(
            CmekCheckName.VaultKeyUsable,
            [.. VaultFaults.OfKey(_target, key, key.Name, key.Key.Type, connection.Mount)]
        );
        if (key.IsWhole)
            results.Pass(
                CmekCheckName.VaultVersionDistributed,
                $"{place.Entry.KeyCollection} has version {key.Key.LatestVersion} of {key.Name}, Vault's latest."
            );
        if (inForce < key.Key.MinEnabledVersion)
            results.Fail(
                CmekCheckName.VaultKeyUsable,
                VaultErrors.VaultVersionDisabled(key.Name, inForce, key.Key.MinEnabledVersion, connection.Mount)
            );
        if (key.Key.DeletionAllowed)
            results.Warn(
                CmekCheckName.VaultKeyProtected,
                "VaultKeyDeletable",
                $"The Vault key {key.Name}, which the cluster uses, may be deleted (deletion_allowed): deleting it destroys the key in the KMS too.",
                key.IsUnsettled
                    ? $"Get-CrdbCluster {request.Cluster.Name} | Invoke-CrdbCmekRotation -NewKey -Via HashiCorpVault -Wait   (finishes the rotation that made it)"
                    : $"vault write {connection.Mount}/key/{key.Name} deletion_allowed=false"
            );
        else
            results.Pass(
                CmekCheckName.VaultKeyProtected,
                $"The Vault key {key.Name} cannot be deleted while deletion_allowed is false."
            );
        Version(request, key, inForce, results);
    }

    /// <summary>Where a version has a URI of its own, that tells; on Google Cloud the times do.</summary>
    private void Version(KeyCheckRequest request, FoundVaultKey key, int inForce, KeyChecks results)
    {
        if (request.TakenUpAt is not { } takenUp)
            return;
        var latest = key.Key.LatestVersion;
        var isNewer = !_target.HasUriForEachVersion
            ? key.Key.Versions.TryGetValue(latest, out var created) && created > takenUp
            : inForce < latest;
        if (isNewer)
            results.Warn(
                CmekCheckName.VersionInUse,
                "VersionNotTakenUp",
                $"Vault has version {latest} of {key.Name}, and the cluster uses one of before: CockroachDB does not follow by itself.",
                $"Get-CrdbCluster {request.Cluster.Name} | Invoke-CrdbCmekRotation -Via HashiCorpVault -Wait"
            );
        else
            results.Pass(
                CmekCheckName.VersionInUse,
                $"The cluster uses version {latest} of {key.Name}, Vault's latest."
            );
    }
}
