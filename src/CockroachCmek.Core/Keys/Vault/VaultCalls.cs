namespace CockroachCmek.Core.Keys.Vault;

/// <summary>What Vault's faults mean, for retries, for the verbose line, and in the module's own terms.</summary>
internal sealed class VaultCalls(IVaultKeyManagement client, OperationContext context) : CloudCalls("Vault", context)
{
    /// <summary>
    /// Vault may still be distributing when the first read shows nothing. An error of Vault's own is an answer: the write is not
    /// sent again after it.
    /// </summary>
    private static readonly Settling Distributing = new()
    {
        SecondRead = TimeSpan.FromSeconds(5),
        MaySendAgain = error => error is not VaultFault { Errors.Count: > 0 },
    };

    /// <summary>True when nobody can say whether the call was processed: no answer, a failure of Vault's own, or of what stands in front of it. Vault's 502 is the cloud's clear no.</summary>
    public static bool MayHaveHappened(Exception fault) =>
        fault switch
        {
            VaultFault { Status: 500 } failed => !failed.Mentions("active"), // a standby that found no active node has done nothing
            VaultFault { Status: > 500, Errors.Count: 0 } => true,
            _ => IsNoResponse(fault),
        };

    /// <summary>A call that changes nothing; null for what is not there.</summary>
    public async Task<T?> LookAsync<T>(string verb, string resource, Func<CancellationToken, Task<VaultAnswer<T>>> call)
        where T : class
    {
        try
        {
            return Say(await ReadAsync("keymgmt", verb, resource, call)).Data;
        }
        catch (VaultFault fault) when (fault.Status == 404 && !fault.Mentions("no handler for route"))
        {
            return null;
        }
    }

    /// <summary>Sends a write until it is known what became of it.</summary>
    /// <param name="isDone">Reads the state back: true when it shows the write.</param>
    /// <param name="isDoneAlready">Refusals which mean that the write has been made before. Default: none.</param>
    public Task SettleAsync(
        string verb,
        string resource,
        Func<CancellationToken, Task<VaultAnswer<bool>>> call,
        Func<Task<bool>> isDone,
        Func<Exception, bool>? isDoneAlready = null
    ) =>
        SettleAsync(
            $"{verb} {resource}",
            async () => Say(await WriteAsync("keymgmt", verb, resource, call)),
            isDone,
            isDoneAlready is null ? Distributing : Distributing with { IsDone = isDoneAlready }
        );

    /// <summary>What a fault is in the module's terms. Vault says little of some, so it is asked about itself and the token.</summary>
    public async Task<CmekException> ExplainAsync(Exception fault, string target) =>
        fault switch
        {
            VaultFault { Status: 403 } denied => await ExplainDeniedAsync(denied, target),
            VaultFault { Status: 404 } missing when missing.Path == "sys/mounts" && client.Namespace is { } space =>
                VaultErrors.VaultNamespaceNotFound(client.Address, space),
            VaultFault { Status: 404 } missing when missing.Mentions("no handler for route") =>
                VaultErrors.VaultMountMissing(client.Mount),
            VaultFault { Status: 502, Errors.Count: > 0 } refused => VaultErrors.VaultCloudRefused(
                target,
                refused.Path,
                refused.Said
            ),
            VaultFault { Status: 307 or 308 or 429 or 472 or 473 or >= 500 } state => await ExplainStateAsync(
                state,
                target
            ),
            VaultFault refused => VaultErrors.VaultRefused(
                refused.Status,
                target,
                $"{refused.Method} {refused.Path}",
                refused.Said
            ),
            _ when IsUntrusted(fault) => VaultErrors.VaultCertificateRefused(client.Address, fault),
            _ => VaultErrors.VaultUnreachable(client.Address, target, fault),
        };

    protected override bool IsAmbiguous(Exception fault) => MayHaveHappened(fault) && !IsUntrusted(fault);

    /// <summary>412: the node has not seen yet what another was told, and has done nothing.</summary>
    protected override bool IsThrottled(Exception fault) =>
        fault is VaultFault { IsThrottled: true } or VaultFault { Status: 412 };

    protected override (string Code, string? RequestId) Describe(Exception fault) =>
        fault switch
        {
            VaultFault answered => ($"{answered.Status}", null),
            CmekException known => (known.ErrorId, known.RequestId),
            _ => ("no answer", null),
        };

    protected override string? RequestIdOf(object? answer) => (answer as IVaultAnswer)?.RequestId;

    private static bool IsUntrusted(Exception fault)
    {
        for (var inner = fault.InnerException; inner is not null; inner = inner.InnerException)
            if (inner is System.Security.Authentication.AuthenticationException)
                return true;
        return false;
    }

    /// <summary>403 is all that Vault says of an unknown token and of a missing policy alike; what the token may do on the path tells them apart.</summary>
    private async Task<CmekException> ExplainDeniedAsync(VaultFault denied, string target)
    {
        var path = denied.Path.Split('?')[0];
        try
        {
            if (path != "sys/capabilities-self")
                await client.ReadCapabilitiesAsync([path], Context.CancellationToken);
            return VaultErrors.VaultPermissionMissing(target, [$"{path} ({Needed(denied)})"], client.Namespace);
        }
        catch (VaultFault fault) when (fault.Status == 403)
        {
            return VaultErrors.VaultTokenRefused(client.Address, client.Namespace);
        }
        catch (Exception fault) when (fault is VaultFault || IsResponseLost(fault))
        {
            return VaultErrors.VaultPermissionMissing(target, [$"{path} ({Needed(denied)})"], client.Namespace);
        }
    }

    private static string Needed(VaultFault denied) =>
        denied.Method switch
        {
            "GET" when denied.Path.EndsWith("?list=true", StringComparison.Ordinal) => "list",
            "GET" => "read",
            "DELETE" => "delete",
            _ => "create or update",
        };

    /// <summary>A node that cannot serve says why at sys/health: 200 is active, 429 standby, 472 and 473 replicas, 501 not initialized, 503 sealed.</summary>
    private async Task<CmekException> ExplainStateAsync(VaultFault fault, string target)
    {
        int? status = null;
        try
        {
            status = (await client.ReadHealthAsync(Context.CancellationToken)).Data.Status;
        }
        catch (Exception unread) when (unread is VaultFault or CmekException || IsResponseLost(unread))
        {
            // Not every address lets sys/health through; then the fault itself must do.
        }

        // A standby that passes requests on is no fault: only what it could not pass on is.
        var isPassedOn = fault.Status >= 500 && fault.Status != 503 && !fault.Mentions("active");
        return status switch
        {
            503 => VaultErrors.VaultSealed(client.Address),
            501 => VaultErrors.VaultNotInitialized(client.Address),
            _ when fault.IsThrottled => VaultErrors.VaultRateLimited(client.Address, target),
            429 when !isPassedOn => VaultErrors.VaultStandby(client.Address, "a standby", fault.Location),
            472 or 473 when !isPassedOn => VaultErrors.VaultStandby(
                client.Address,
                status == 472 ? "a disaster recovery secondary" : "a performance standby",
                fault.Location
            ),
            _ when fault.Status is 307 or 308 or 472 or 473 => VaultErrors.VaultStandby(
                client.Address,
                "a standby",
                fault.Location
            ),
            _ when fault.Status == 429 => VaultErrors.VaultRateLimited(client.Address, target),
            _ when fault.Mentions("sealed") => VaultErrors.VaultSealed(client.Address),
            _ => VaultErrors.VaultRefused(fault.Status, target, $"{fault.Method} {fault.Path}", fault.Said),
        };
    }

    private VaultAnswer<T> Say<T>(VaultAnswer<T> answer)
    {
        foreach (var warning in answer.Warnings)
            Context.Log.Warning($"Vault: {warning}");
        return answer;
    }
}
