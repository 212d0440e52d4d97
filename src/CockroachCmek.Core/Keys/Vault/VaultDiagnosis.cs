namespace CockroachCmek.Core.Keys.Vault;

/// <summary>
/// Turns an error of Vault into the module's own. Where the response alone does not tell, it asks Vault about its
/// state and about the token.
/// </summary>
internal sealed class VaultDiagnosis(IVaultKeyManagement client, VaultCalls calls)
{
    /// <param name="error">An error response of Vault, or no response.</param>
    /// <param name="target">What the module was working on.</param>
    public async Task<CmekException> ExplainAsync(Exception error, string target) =>
        error switch
        {
            VaultException { Status: 403 } denied => await ExplainDeniedAsync(denied, target),
            VaultException { Status: 404, Path: "sys/mounts" } when client.Namespace is { } space =>
                VaultErrors.VaultNamespaceNotFound(client.Address, space),
            VaultException { Status: 404 } missing when missing.Mentions("no handler for route") =>
                VaultErrors.VaultMountMissing(client.Mount),
            VaultException { Status: 502, Errors.Count: > 0 } refused => VaultErrors.VaultCloudRefused(
                target,
                refused.Path,
                refused.ErrorText
            ),
            VaultException { Status: 307 or 308 or 429 or 472 or 473 or >= 500 } unavailable =>
                await ExplainUnavailableAsync(unavailable, target),
            VaultException refused => Refused(refused, target),
            _ => VaultErrors.VaultUnreachable(client.Address, target, error),
        };

    /// <summary>
    /// Vault answers 403 both for a token that it does not know and for a missing capability. A good token is allowed
    /// to read its own capabilities.
    /// </summary>
    private async Task<CmekException> ExplainDeniedAsync(VaultException denied, string target)
    {
        var path = denied.Path.Split('?')[0];
        try
        {
            if (path != "sys/capabilities-self")
                await client.ReadCapabilitiesAsync([path], calls.Context.CancellationToken);
        }
        catch (VaultException error) when (error.Status == 403)
        {
            return VaultErrors.VaultTokenRefused(client.Address, client.Namespace);
        }
        catch (Exception error) when (error is VaultException || calls.IsResponseLost(error))
        {
            calls.Context.Host.Verbose($"Vault did not tell the token's capabilities on {path}: {error.Message}");
        }

        return VaultErrors.VaultPermissionMissing(target, [$"{path} ({CapabilityFor(denied)})"], client.Namespace);
    }

    private static string CapabilityFor(VaultException denied) =>
        denied.Method switch
        {
            "GET" when denied.Path.EndsWith("?list=true", StringComparison.Ordinal) => "list",
            "GET" => "read",
            "DELETE" => "delete",
            _ => "create or update",
        };

    /// <summary>
    /// A node that cannot serve gives the reason at sys/health: 200 active, 429 standby, 472 disaster recovery
    /// secondary, 473 performance standby, 501 not initialized, 503 sealed.
    /// </summary>
    private async Task<CmekException> ExplainUnavailableAsync(VaultException error, string target)
    {
        // A standby that forwards requests works: an internal error then comes from the active node.
        var isForwarded = error.Status >= 500 && error.Status != 503 && !error.Mentions("active");
        return await ReadHealthAsync() switch
        {
            503 => VaultErrors.VaultSealed(client.Address),
            501 => VaultErrors.VaultNotInitialized(client.Address),
            _ when error.IsThrottled => VaultErrors.VaultRateLimited(client.Address, target),
            429 when !isForwarded => Standby("a standby", error),
            472 when !isForwarded => Standby("a disaster recovery secondary", error),
            473 when !isForwarded => Standby("a performance standby", error),
            _ when error.Status is 307 or 308 or 472 or 473 => Standby("a standby", error),
            _ when error.Status == 429 => VaultErrors.VaultRateLimited(client.Address, target),
            _ when error.Mentions("sealed") => VaultErrors.VaultSealed(client.Address),
            _ => Refused(error, target),
        };
    }

    /// <summary>Null where something in front of Vault does not let sys/health through.</summary>
    private async Task<int?> ReadHealthAsync()
    {
        try
        {
            return (await client.ReadHealthAsync(calls.Context.CancellationToken)).Data;
        }
        catch (Exception error) when (error is VaultException or CmekException || calls.IsResponseLost(error))
        {
            calls.Context.Host.Verbose($"The health of Vault could not be read: {error.Message}");
            return null;
        }
    }

    private CmekException Standby(string kind, VaultException error) =>
        VaultErrors.VaultStandby(client.Address, kind, error.Location);

    private static CmekException Refused(VaultException error, string target) =>
        VaultErrors.VaultRefused(error.Status, target, $"{error.Method} {error.Path}", error.ErrorText);
}
