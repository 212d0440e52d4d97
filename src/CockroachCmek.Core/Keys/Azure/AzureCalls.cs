using System.Text.Json;
using System.Text.RegularExpressions;
using Azure;
using Azure.Identity;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>What Azure's errors mean: for retries, for the verbose line, and as errors of this module.</summary>
internal sealed class AzureCalls(OperationContext context) : CloudCalls("Azure", context)
{
    /// <summary>
    /// The tenant does not exist, or does not know the caller (Microsoft Entra authentication error codes).
    /// </summary>
    private static readonly Regex UnknownInTenant = new(
        "AADSTS(50020|50034|90002|90072|500011|700016)",
        RegexOptions.CultureInvariant
    );

    /// <summary>An exception of a call as an error of this module; null for an exception that is not Azure's.</summary>
    /// <param name="target">What the call was for, as the error names it.</param>
    public static CmekException? Translate(Exception error, string target) =>
        error switch
        {
            AzureException refused => TranslateRefusal(refused, target),
            AuthenticationFailedException failed => TranslateMissingToken(failed, target),
            _ when IsOutcomeUnknown(error) => AzureErrors.AzureUnreachable(target, error),
            RequestFailedException => AzureErrors.AzureRefused(target, error.GetType().Name, error.Message, error),
            _ => null,
        };

    /// <summary>
    /// The same for work that only reads: the advice names a role that is allowed to read, and no more.
    /// </summary>
    public static CmekException? TranslateRead(Exception error, string target) =>
        error is AzureException { Status: 403, IsFirewall: false } denied
            ? denied.Service switch
            {
                AzureService.KeyVault => AzureErrors.KeyVaultReadDenied(target, denied.Message, denied),
                AzureService.Graph => AzureErrors.GraphReadDenied(target, denied.Message, denied),
                _ => AzureErrors.ArmReadDenied(target, denied.Message, denied),
            }
            : Translate(error, target);

    /// <summary>Reads something that may not exist; null when it does not.</summary>
    public async Task<T?> FindAsync<T>(
        string service,
        string verb,
        string resource,
        Func<CancellationToken, Task<T>> call
    )
        where T : class
    {
        try
        {
            return await ReadAsync(service, verb, resource, call);
        }
        catch (AzureException error) when (error.Status == 404)
        {
            return null;
        }
    }

    /// <summary>The tenant of the credentials. Fails when another one was requested.</summary>
    /// <exception cref="CmekException">TenantDiffers, TenantUnknown.</exception>
    public async Task<string> TenantIdAsync(AzureClients clients) =>
        clients.KnownTenantId
        ?? await ReadAsync("Entra", "GetToken", clients.Cloud.Arm.Host, clients.ReadTenantIdAsync);

    /// <summary>A write whose response is not needed.</summary>
    public Task SendAsync(string service, string verb, string resource, Func<CancellationToken, Task> call) =>
        WriteAsync<object?>(service, verb, resource, async cancellation =>
        {
            await call(cancellation);
            return null;
        });

    /// <summary>Asks before a write: false under -WhatIf, or when the answer is No.</summary>
    public Task<bool> ConfirmAsync(string target, string action) =>
        Context.Host.ConfirmAsync(target, action, Context.CancellationToken);

    protected override bool IsAmbiguous(Exception error) => IsOutcomeUnknown(error);

    protected override bool IsThrottled(Exception error) => error is AzureException { Status: 429 } || IsUnsent(error);

    protected override (string Code, string? RequestId) Describe(Exception error) =>
        error switch
        {
            AzureException { Code: "", InnerCode: "" } refused => ($"HTTP, {refused.Status}", refused.RequestId),
            AzureException refused => (
                $"{$"{refused.Code} {refused.InnerCode}".Trim()}, {refused.Status}",
                refused.RequestId
            ),
            AuthenticationFailedException => ("no token", null),
            CmekException known => (known.ErrorId, null),
            _ => ("no response", null),
        };

    /// <summary>
    /// True when it is unknown whether the call was processed: no response, or an internal failure of the service.
    /// </summary>
    private static bool IsOutcomeUnknown(Exception error) =>
        error switch
        {
            AzureException refused => refused.Status is 408 or >= 500,
            // The token is fetched before the call is sent.
            AuthenticationFailedException => false,
            RequestFailedException { Status: 0 } => true,
            JsonException => true,
            // Thrown by the SDK's own retries.
            AggregateException many => many.InnerExceptions.Any(IsOutcomeUnknown),
            _ => IsNoResponse(error),
        };

    private static CmekException TranslateRefusal(AzureException error, string target) =>
        error switch
        {
            { IsFirewall: true } => AzureErrors.KeyVaultFirewalled(target, error.Message, error),
            { IsPolicy: true } => AzureErrors.AzurePolicyDenies(target, error),
            { IsLocked: true } => AzureErrors.ScopeLocked(target, error.Message, error),
            { Status: 401 } => AzureErrors.AzureCredentialsRefused(error.Message, error),
            { Status: 403, Service: AzureService.KeyVault } => AzureErrors.KeyVaultPermissionDenied(
                target,
                error.Message,
                error
            ),
            { Status: 403, Service: AzureService.Graph } => AzureErrors.GraphPermissionDenied(
                target,
                error.Message,
                error
            ),
            { Status: 403 } => AzureErrors.ArmPermissionDenied(target, error.Message, error),
            { Status: 429 } => AzureErrors.AzureThrottled(target, error.Message, error),
            _ when IsOutcomeUnknown(error) => AzureErrors.AzureUnreachable(target, error),
            { Code: "" } => AzureErrors.AzureRefused(target, $"HTTP {error.Status}", error.Message, error),
            _ => AzureErrors.AzureRefused(target, error.Code, error.Message, error),
        };

    private static CmekException TranslateMissingToken(AuthenticationFailedException error, string target)
    {
        if (error is CredentialUnavailableException)
            return AzureErrors.AzureCredentialsMissing(FirstSentence(error.Message), error);
        if (IsUnsent(error))
            return AzureErrors.AzureUnreachable(target, error);
        var reason = error.GetBaseException().Message;
        return UnknownInTenant.IsMatch(reason)
            ? AzureErrors.TenantDiffers(FirstSentence(reason), error)
            : AzureErrors.AzureCredentialsRefused(FirstSentence(reason), error);
    }

    /// <summary>
    /// True when the token could not be fetched for want of a response. The call itself was not sent, so that even a
    /// write can be repeated.
    /// </summary>
    private static bool IsUnsent(Exception error)
    {
        if (error is not AuthenticationFailedException || error is CredentialUnavailableException)
            return false;
        for (var inner = error.InnerException; inner is not null; inner = inner.InnerException)
            if (inner is RequestFailedException { Status: 0 or 429 or >= 500 } || IsNoResponse(inner))
                return true;
        return false;
    }

    /// <summary>
    /// The first sentence. Entra's messages go on with trace ids; those of the default chain have a paragraph for each
    /// credential that was tried.
    /// </summary>
    private static string FirstSentence(string message)
    {
        var line = message.Split('\r', '\n')[0];
        var end = line.IndexOf(" Trace ID:", StringComparison.Ordinal);
        return (end < 0 ? line : line.Substring(0, end)).Trim();
    }
}
