using System.Text.Json;
using System.Text.RegularExpressions;
using Azure;
using Azure.Identity;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>What Azure's faults mean, for retries, for the verbose line, and in the module's own terms.</summary>
internal sealed class AzureCalls(OperationContext context) : CloudCalls("Azure", context)
{
    /// <summary>Entra knows no such tenant, or does not know the caller in it (Microsoft Entra authentication error codes).</summary>
    private static readonly Regex UnknownThere = new(
        "AADSTS(50020|50034|90002|90072|500011|700016)",
        RegexOptions.CultureInvariant
    );

    /// <summary>True when nobody can say whether the call was processed: no answer, or the service's own failure.</summary>
    public static bool MayHaveHappened(Exception fault) =>
        fault switch
        {
            AzureFault answered => answered.Status is 408 or >= 500,
            // The token is fetched before the call is sent.
            AuthenticationFailedException => false,
            RequestFailedException { Status: 0 } => true,
            JsonException => true,
            AggregateException many => many.InnerExceptions.Any(MayHaveHappened), // what the SDK's own retries would throw
            _ => IsNoResponse(fault),
        };

    /// <summary>True for what a call of Azure throws: what else flies by is not ours to translate.</summary>
    public static bool IsAzures(Exception fault) =>
        fault is AzureFault or RequestFailedException or AuthenticationFailedException or JsonException
        || MayHaveHappened(fault);

    /// <summary>An exception of a call in the module's terms; null for one that is not Azure's.</summary>
    public static CmekException? Translate(Exception fault, string target) =>
        IsAzures(fault) ? Map(fault, target) : null;

    /// <summary>Anything that a call throws, in the module's terms.</summary>
    public static CmekException Map(Exception fault, string target) =>
        fault switch
        {
            AzureFault { IsFirewall: true } walled => AzureErrors.KeyVaultFirewalled(target, walled.Message, walled),
            AzureFault { Status: 401 } refused => AzureErrors.AzureCredentialsRefused(refused.Message, refused),
            AzureFault { Status: 403, Service: AzureService.KeyVault } denied => AzureErrors.KeyVaultPermissionDenied(
                target,
                denied.Message,
                denied
            ),
            AzureFault { Status: 403, Service: AzureService.Graph } denied => AzureErrors.GraphPermissionDenied(
                target,
                denied.Message,
                denied
            ),
            AzureFault { Status: 403 } denied => AzureErrors.ArmPermissionDenied(target, denied.Message, denied),
            AzureFault { Status: 429 } limited => AzureErrors.AzureThrottled(target, limited.Message, limited),
            CredentialUnavailableException missing => AzureErrors.AzureCredentialsMissing(
                FirstSentence(missing.Message),
                missing
            ),
            AuthenticationFailedException when IsUnsent(fault) => AzureErrors.AzureUnreachable(target, fault),
            AuthenticationFailedException stranger when UnknownThere.IsMatch(stranger.GetBaseException().Message) =>
                AzureErrors.TenantDiffers(FirstSentence(stranger.GetBaseException().Message), stranger),
            AuthenticationFailedException refused => AzureErrors.AzureCredentialsRefused(
                FirstSentence(refused.GetBaseException().Message),
                refused
            ),
            _ when MayHaveHappened(fault) => AzureErrors.AzureUnreachable(target, fault),
            AzureFault answered => AzureErrors.AzureRefused(
                target,
                answered.Code.Length > 0 ? answered.Code : $"HTTP {answered.Status}",
                answered.Message,
                answered
            ),
            _ => AzureErrors.AzureRefused(target, fault.GetType().Name, fault.Message, fault),
        };

    /// <summary>Looks for something that may not be there.</summary>
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
        catch (AzureFault fault) when (fault.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Whose credentials they are, and that they are of the tenant that is meant.</summary>
    public async Task<Caller> CallerAsync(AzureClients clients) =>
        clients.KnownCaller ?? await ReadAsync("Entra", "GetToken", clients.Cloud.Arm.Host, clients.CallerAsync);

    /// <summary>A write without an answer worth keeping.</summary>
    public Task SendAsync(string service, string verb, string resource, Func<CancellationToken, Task> call) =>
        WriteAsync<object?>(service, verb, resource, async c =>
        {
            await call(c);
            return null;
        });

    public Task<bool> AskAsync(string target, string action) =>
        Context.Log.ShouldProcessAsync(target, action, Context.CancellationToken);

    protected override bool IsAmbiguous(Exception fault) => MayHaveHappened(fault);

    protected override bool IsThrottled(Exception fault) => fault is AzureFault { Status: 429 } || IsUnsent(fault);

    protected override (string Code, string? RequestId) Describe(Exception fault) =>
        fault switch
        {
            AzureFault answered => (
                $"{string.Join(" ", new[] { answered.Code, answered.InnerCode }.Where(c => c.Length > 0).DefaultIfEmpty("HTTP"))}, {answered.Status}",
                answered.RequestId
            ),
            AuthenticationFailedException => ("no token", null),
            CmekException known => (known.ErrorId, null),
            _ => ("no answer", null),
        };

    /// <summary>There was no answer when the token was asked for: the call itself has not been sent, and may be made again, a write too.</summary>
    private static bool IsUnsent(Exception fault)
    {
        if (fault is not AuthenticationFailedException || fault is CredentialUnavailableException)
            return false;
        for (var inner = fault.InnerException; inner is not null; inner = inner.InnerException)
            if (inner is RequestFailedException { Status: 0 or 429 or >= 500 } || IsNoResponse(inner))
                return true;
        return false;
    }

    /// <summary>Entra's sentences go on with trace ids, the chain's with one paragraph for each credential that was tried.</summary>
    private static string FirstSentence(string message)
    {
        var line = message.Split('\r', '\n')[0];
        var end = line.IndexOf(" Trace ID:", StringComparison.Ordinal);
        return (end < 0 ? line : line.Substring(0, end)).Trim();
    }
}
