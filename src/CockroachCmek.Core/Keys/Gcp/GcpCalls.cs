using System.Text.Json;
using Google.Apis.Auth.OAuth2;
using Google.Apis.Auth.OAuth2.Responses;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>What Google's faults mean, for retries, for the verbose line, and in the module's own terms.</summary>
internal sealed class GcpCalls(OperationContext context) : CloudCalls("GCP", context)
{
    /// <summary>True when nobody can say whether the call was processed: no answer, or the service's own failure.</summary>
    public static bool MayHaveHappened(Exception fault) =>
        fault switch
        {
            GcpFault answered => answered.Code >= 500,
            // The token is fetched before the call is sent.
            _ when IsTokenFault(fault) => false,
            JsonException => true,
            _ => IsNoResponse(fault),
        };

    /// <summary>True when no token was to be had, so that nothing was sent: the second is of workload identity, whose own token was not found.</summary>
    public static bool IsTokenFault(Exception fault) => fault is TokenResponseException or SubjectTokenException;

    /// <summary>An exception of a call in the module's terms; null for one that is not Google Cloud's.</summary>
    public static CmekException? Translate(Exception fault, string target) =>
        fault is GcpFault || IsTokenFault(fault) || MayHaveHappened(fault) ? Map(fault, target) : null;

    /// <summary>Anything that a call throws, in the module's terms.</summary>
    public static CmekException Map(Exception fault, string target) =>
        fault switch
        {
            GcpFault { Code: 401 } refused => GcpErrors.GcpCredentialsRefused(refused.Message),
            GcpFault { Reason: "SERVICE_DISABLED" } disabled => GcpErrors.GcpApiDisabled(
                target,
                disabled.Metadata("service") ?? "cloudkms.googleapis.com",
                ProjectOf(disabled),
                disabled.Message
            ),
            GcpFault { Constraint: { } constraint } forbidden => GcpErrors.OrganizationPolicyForbids(
                target,
                constraint,
                forbidden.Message
            ),
            GcpFault { Code: 403 } denied => GcpErrors.GcpPermissionDenied(target, denied.Message, denied),
            GcpFault { Code: 429 } limited => GcpErrors.GcpQuotaExceeded(target, limited.Message, limited),
            GcpFault { Status: "ABORTED" } conflict => GcpErrors.GcpConflict(target, conflict.Message, conflict),
            TokenResponseException token => GcpErrors.GcpCredentialsRefused(
                token.Error?.ErrorDescription ?? token.Error?.Error ?? token.Message
            ),
            _ when MayHaveHappened(fault) => GcpErrors.GcpUnreachable(target, fault),
            GcpFault answered => GcpErrors.GcpRefused(
                target,
                answered.Status.Length > 0 ? answered.Status : $"HTTP {answered.Code}",
                answered.Message,
                answered
            ),
            _ => GcpErrors.GcpCredentialsMissing(
                fault.InnerException is { } inner ? $"{fault.Message} {inner.Message}" : fault.Message,
                fault
            ),
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
        catch (GcpFault fault) when (fault.Code == 404)
        {
            return null;
        }
    }

    protected override bool IsAmbiguous(Exception fault) => MayHaveHappened(fault);

    protected override bool IsThrottled(Exception fault) =>
        fault switch
        {
            GcpFault answered => answered.Code == 429,
            TokenResponseException token => (int?)token.StatusCode is 429 or >= 500,
            _ => false,
        };

    protected override (string Code, string? RequestId) Describe(Exception fault) =>
        fault switch
        {
            GcpFault answered => ($"{(answered.Status.Length > 0 ? answered.Status : "HTTP")}, {answered.Code}", null),
            TokenResponseException token => ($"no token, {token.Error?.Error ?? "refused"}", null),
            SubjectTokenException => ("no token", null),
            _ => ("no answer", null),
        };

    /// <summary>consumer is projects/ and a number or an id.</summary>
    private static string? ProjectOf(GcpFault fault) =>
        fault.Metadata("consumer") is { } consumer && consumer.StartsWith("projects/", StringComparison.Ordinal)
            ? consumer.Substring(9)
            : null;
}
