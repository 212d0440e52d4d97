using System.Text.Json;
using Google.Apis.Auth.OAuth2;
using Google.Apis.Auth.OAuth2.Responses;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// Calls to Google Cloud: what its errors mean for retries, for the verbose line, and in the module's own terms.
/// </summary>
internal sealed class GcpCalls(OperationContext context) : CloudCalls("GCP", context)
{
    /// <summary>For a creation: a resource that exists already is read instead.</summary>
    public static Settling ReadIfExists { get; } = new() { IsDone = IsAlreadyExists };

    /// <summary>True when a resource of this name exists, or did once.</summary>
    public static bool IsAlreadyExists(Exception error) => error is GcpException { Status: "ALREADY_EXISTS" };

    /// <summary>True when no access token could be had, so that nothing was sent.</summary>
    /// <remarks>The second type is workload identity's, when its own token was not found.</remarks>
    public static bool IsTokenError(Exception error) => error is TokenResponseException or SubjectTokenException;

    /// <summary>
    /// An exception of a call in the module's terms; null for one that is not Google Cloud's, and for a call that the
    /// user stopped.
    /// </summary>
    public CmekException? Translate(Exception error, string target)
    {
        var isStopped = Context.CancellationToken.IsCancellationRequested;
        return error is GcpException || IsTokenError(error) || (MayHaveBeenProcessed(error) && !isStopped)
            ? Map(error, target)
            : null;
    }

    /// <summary>An exception of a call in the module's terms.</summary>
    public static CmekException Map(Exception error, string target) =>
        error switch
        {
            GcpException refusal when !MayHaveBeenProcessed(refusal) => Map(refusal, target),
            TokenResponseException token => GcpErrors.GcpCredentialsRefused(
                token.Error?.ErrorDescription ?? token.Error?.Error ?? token.Message
            ),
            _ when MayHaveBeenProcessed(error) => GcpErrors.GcpUnreachable(target, error),
            _ => GcpErrors.GcpCredentialsMissing(
                error.InnerException is { } inner ? $"{error.Message} {inner.Message}" : error.Message,
                error
            ),
        };

    /// <summary>What a refused call takes, when that is not a permission; null when it may be one.</summary>
    public static string? NeedOf(GcpException error) =>
        error.PerimeterRefusal is { } id ? $"a caller inside the perimeter of VPC Service Controls, refusal {id}"
        : error.Reason == "SERVICE_DISABLED"
            ? $"the API {error.Metadata("service")} enabled in the project {ConsumerProject(error)}"
        : error.Code >= 500 ? "an answer of Google Cloud, which failed"
        : null;

    /// <summary>Reads something that may not exist: null on 404.</summary>
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
        catch (GcpException error) when (error.Code == 404)
        {
            return null;
        }
    }

    protected override bool IsAmbiguous(Exception error) => MayHaveBeenProcessed(error);

    protected override bool IsThrottled(Exception error) =>
        error switch
        {
            GcpException refusal => refusal.Code == 429,
            TokenResponseException token => (int?)token.StatusCode is 429 or >= 500,
            _ => false,
        };

    protected override (string Code, string? RequestId) Describe(Exception error) =>
        error switch
        {
            GcpException refusal => ($"{(refusal.Status.Length > 0 ? refusal.Status : "HTTP")}, {refusal.Code}", null),
            TokenResponseException token => ($"no token, {token.Error?.Error ?? "refused"}", null),
            SubjectTokenException => ("no token", null),
            _ => ("no response", null),
        };

    /// <summary>
    /// True when it is unknown whether the call was processed: no response, or an internal failure of the service.
    /// </summary>
    private static bool MayHaveBeenProcessed(Exception error) =>
        error switch
        {
            GcpException refusal => refusal.Code >= 500,
            // The token is fetched before the call is sent.
            _ when IsTokenError(error) => false,
            JsonException => true,
            _ => IsNoResponse(error),
        };

    private static CmekException Map(GcpException error, string target) =>
        error switch
        {
            { Code: 401 } => GcpErrors.GcpCredentialsRefused(error.Message),
            { Reason: "SERVICE_DISABLED" } => GcpErrors.GcpApiDisabled(
                target,
                error.Metadata("service") ?? "cloudkms.googleapis.com",
                ConsumerProject(error),
                error.Message
            ),
            { PerimeterRefusal: { } id } => GcpErrors.PerimeterDenies(target, error, id),
            { Constraint: { } constraint } => GcpErrors.OrganizationPolicyDenies(target, constraint, error),
            { Code: 403 } => GcpErrors.GcpPermissionDenied(target, error),
            { Code: 429 } => GcpErrors.GcpQuotaExceeded(target, error),
            { Status: "ABORTED" } => GcpErrors.GcpConflict(target, error),
            _ => GcpErrors.GcpRefused(target, error),
        };

    /// <summary>The project that an API call is counted for: "consumer" is projects/ and a number or an id.</summary>
    private static string? ConsumerProject(GcpException error) =>
        error.Metadata("consumer") is { } consumer && consumer.StartsWith("projects/", StringComparison.Ordinal)
            ? consumer.Substring("projects/".Length)
            : null;
}
