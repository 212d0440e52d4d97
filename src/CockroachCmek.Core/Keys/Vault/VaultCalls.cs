using CockroachCmek.Core.Http;

namespace CockroachCmek.Core.Keys.Vault;

/// <summary>Every call to Vault: which errors are retried, and how lost responses are settled.</summary>
internal sealed class VaultCalls(OperationContext context) : CloudCalls("Vault", context)
{
    /// <summary>
    /// Vault may still be distributing when the first read shows nothing. An error text of Vault's own is a clear
    /// refusal: the write is not sent again after it.
    /// </summary>
    private static readonly Settling SlowWrite = new()
    {
        SecondRead = TimeSpan.FromSeconds(5),
        MaySendAgain = error => error is not VaultException { Errors.Count: > 0 },
    };

    /// <summary>
    /// True when it is unknown whether the call was processed: no response, an internal failure of Vault, or a
    /// failure of something in front of it. Vault's own 502 is a clear refusal: the cloud's KMS refused the request.
    /// </summary>
    public static bool IsOutcomeUnknown(Exception error) =>
        error switch
        {
            // A standby without an active node has processed nothing.
            VaultException { Status: 500 } failed => !failed.Mentions("active"),
            VaultException { Status: > 500, Errors.Count: 0 } => true,
            _ => IsNoResponse(error),
        };

    /// <summary>Reads something; null when nothing exists at the path.</summary>
    public async Task<T?> FindAsync<T>(
        string verb,
        string resource,
        Func<CancellationToken, Task<VaultResponse<T>>> call
    )
        where T : class
    {
        try
        {
            return ReportWarnings(await ReadAsync("keymgmt", verb, resource, call)).Data;
        }
        catch (VaultException error) when (error.Status == 404 && !error.Mentions("no handler for route"))
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
        Func<CancellationToken, Task<VaultResponse<bool>>> call,
        Func<Task<bool>> isDone,
        Func<Exception, bool>? isDoneAlready = null
    ) =>
        SettleAsync(
            $"{verb} {resource}",
            async () => ReportWarnings(await WriteAsync("keymgmt", verb, resource, call)),
            isDone,
            isDoneAlready is null ? SlowWrite : SlowWrite with { IsDone = isDoneAlready }
        );

    /// <summary>Distributing a key with many versions is slow.</summary>
    protected override Patience PatienceFor(bool isWrite) =>
        isWrite && Context.Patience == Patience.Usual
            ? Context.Patience with
            {
                Attempt = VaultConnection.LongestWrite,
            }
            : Context.Patience;

    protected override bool IsAmbiguous(Exception error) => IsOutcomeUnknown(error);

    /// <summary>412: the node lags behind another one, and has processed nothing.</summary>
    protected override bool IsThrottled(Exception error) =>
        error is VaultException { IsThrottled: true } or VaultException { Status: 412 };

    protected override (string Code, string? RequestId) Describe(Exception error) =>
        error switch
        {
            VaultException response => ($"{response.Status}", null),
            CmekException known => (known.ErrorId, known.RequestId),
            _ => ("no response", null),
        };

    protected override string? RequestIdOf(object? response) => (response as IVaultResponse)?.RequestId;

    private VaultResponse<T> ReportWarnings<T>(VaultResponse<T> response)
    {
        foreach (var warning in response.Warnings)
            Context.Host.Warning($"Vault: {warning}");
        return response;
    }
}
