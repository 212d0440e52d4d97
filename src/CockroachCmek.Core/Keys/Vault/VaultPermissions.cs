namespace CockroachCmek.Core.Keys.Vault;

/// <summary>
/// Checks the token's capabilities before anything is written, and names every path that it cannot write.
/// </summary>
internal sealed class VaultPermissions(IVaultKeyManagement client, VaultCalls calls)
{
    /// <param name="paths">The paths below /v1/ that will be written.</param>
    /// <param name="target">What they are written for.</param>
    /// <exception cref="CmekException">VaultPermissionMissing.</exception>
    public async Task ThrowUnlessWritableAsync(IReadOnlyList<string> paths, string target)
    {
        if (paths.Count == 0)
            return;
        IReadOnlyDictionary<string, IReadOnlyList<string>> capabilities;
        try
        {
            capabilities = (
                await calls.ReadAsync("sys", "read", "capabilities-self", c => client.ReadCapabilitiesAsync(paths, c))
            ).Data;
        }
        catch (VaultException error) when (error.Status is 403 or 404)
        {
            // Vault's default policy allows this read, but a token need not have that policy.
            calls.Context.Host.Verbose(
                "The Vault token is not allowed to read its own capabilities (sys/capabilities-self): "
                    + "a missing one shows only at the write."
            );
            return;
        }

        // Whether a write needs create or update depends on the engine and on what exists.
        var missing = paths
            .Where(p => !capabilities[p].Any(c => c is "root" or "create" or "update"))
            .Select(p => $"{p} (create or update)")
            .ToList();
        if (missing.Count > 0)
            throw VaultErrors.VaultPermissionMissing(target, missing, client.Namespace, nothingWritten: true);
    }
}
