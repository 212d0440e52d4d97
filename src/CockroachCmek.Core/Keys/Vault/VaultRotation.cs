namespace CockroachCmek.Core.Keys.Vault;

/// <summary>
/// New versions of the keys in force. On AWS each version is its own KMS key, with another URI, and needs its own
/// grant. On Azure a version has another URI; on Google Cloud the URI stays. A version that an earlier run created is
/// recognised by what the cluster uses and when it last wrapped.
/// </summary>
internal sealed class VaultRotation(
    ICmekKeyProvider cloud,
    VaultConnection connection,
    VaultKeyReader reader,
    VaultCalls calls
)
{
    private readonly IVaultTarget _target = cloud.Cloud.VaultTarget!;
    private readonly VaultKeysInForce _keys = new(cloud, connection, reader, calls);
    private readonly VaultKeyWriter _writer = new(reader, calls);

    /// <summary>
    /// What each region is to use next: keys with a version newer than the one in force; null when that was declined.
    /// </summary>
    public async Task<IReadOnlyList<CmekRegionSpec>?> RotateAsync(RotationRequest request)
    {
        var keys = await _keys.FindAsync(request);
        var due = keys.Where(k => !HasNewerVersion(k)).ToList();
        await new VaultPermissions(reader.Client, calls).ThrowUnlessWritableAsync(
            [.. due.Select(k => $"{connection.Mount}/key/{k.Found.Name}/rotate")],
            request.Cluster.Name
        );
        if (!await ConfirmAsync(due))
            return null;
        var renewed = await Task.WhenAll(
            keys.Select(async key =>
                due.Contains(key)
                    ? new RenewedVaultKey(key, await _writer.RotateAsync(key.Found), IsFresh: true)
                    : new RenewedVaultKey(key, key.Found, IsFresh: false)
            )
        );
        return await _keys.GrantAsync(request, renewed);
    }

    /// <summary>Asks about every key, also after a No: -WhatIf names all of them.</summary>
    private async Task<bool> ConfirmAsync(IReadOnlyList<VaultKeyInForce> keys)
    {
        var declined = 0;
        foreach (var key in keys)
        {
            var what = _target.HasKeyForEachRegion ? "a new KMS key" : "a new version";
            var action =
                $"Rotate {connection.Mount}/{key.Found.Name}, which creates {what} in {key.Copy.Entry.KeyCollection}, "
                + $"granted to {key.AuthPrincipal}";
            if (
                !await calls.Context.Host.ConfirmAsync(
                    $"Vault at {connection.Address.Authority}",
                    action,
                    calls.Context.CancellationToken
                )
            )
                declined++;
        }

        return declined == 0;
    }

    /// <summary>True when Vault has a version that no region uses yet.</summary>
    private bool HasNewerVersion(VaultKeyInForce key)
    {
        var isNewer = key.Regions.All(r => key.Found.HasNewerVersion(_target, r.Keys[0].KeyUri, key.WrappedAt));
        if (isNewer)
            calls.Context.Host.Verbose(
                $"Version {key.Found.Key.LatestVersion} of {key.Found.Name} is newer than the one the cluster uses; "
                    + "it is not rotated again."
            );
        return isNewer;
    }
}
