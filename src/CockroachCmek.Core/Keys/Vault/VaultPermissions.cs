namespace CockroachCmek.Core.Keys.Vault;

/// <summary>What the token may do, before anything is written: every path that is closed to it is named at once.</summary>
internal sealed class VaultPermissions(IVaultKeyManagement client, VaultCalls calls)
{
    /// <param name="paths">Paths below /v1/ that will be written.</param>
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
        catch (VaultException fault) when (fault.Status is 403 or 404)
        {
            // Part of Vault's default policy, which a token need not have. What it lacks then shows at the write itself.
            calls.Context.Log.Verbose(
                "The Vault token may not ask what it may do (sys/capabilities-self); its writes are not checked beforehand."
            );
            return;
        }

        // Whether Vault asks for create or for update depends on the engine and on what is there.
        var missing = paths
            .Where(p => !capabilities[p].Any(c => c is "root" or "create" or "update"))
            .Select(p => $"{p} (create or update)")
            .ToList();
        if (missing.Count > 0)
            throw VaultErrors.VaultPermissionMissing(target, missing, client.Namespace, nothingWritten: true);
    }
}
