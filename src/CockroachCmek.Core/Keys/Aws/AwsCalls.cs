using System.Net;
using Amazon.Runtime;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>What AWS's errors mean: for retries, for the verbose line, and in the module's own terms.</summary>
internal sealed class AwsCalls(OperationContext context) : CloudCalls("AWS", context)
{
    private const int TooManyRequests = 429;

    private static readonly HashSet<string> ThrottlingCodes =
    [
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestLimitExceeded",
        "TooManyRequestsException",
        "RequestThrottled",
        "SlowDown",
    ];

    private static readonly HashSet<string> DenialCodes =
    [
        "AccessDenied",
        "AccessDeniedException",
        "UnauthorizedOperation",
    ];

    private static readonly HashSet<string> CredentialCodes =
    [
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
        "ExpiredToken",
        "ExpiredTokenException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
    ];

    /// <summary>True when AWS refused the call because of a missing permission.</summary>
    public static bool IsDenied(Exception error) =>
        error is AmazonServiceException { ErrorCode: { } code } && DenialCodes.Contains(code);

    /// <summary>
    /// True for a read that failed, so that what stands there is unknown: refused, or not answered. Not for what does
    /// not exist, and not for credentials that are no good for anything.
    /// </summary>
    public bool IsUnread(Exception error) =>
        error is AmazonServiceException { ErrorCode: { Length: > 0 } code }
            ? code is not ("NotFoundException" or "NoSuchEntity") && !CredentialCodes.Contains(code)
            : IsResponseLost(error);

    /// <summary>
    /// What reading a place needs: the permission, and what AWS answered when that was something else.
    /// </summary>
    public static string NeedOf(Exception error, string permission) =>
        IsDenied(error) ? permission
        : error is AmazonServiceException { ErrorCode: { Length: > 0 } code }
            ? $"{permission}; AWS answered {code}, so try again"
        : $"{permission}; AWS did not answer, so try again";

    /// <summary>
    /// An error of AWS or of its SDK in the module's terms; null for any other, and for a missing response after a stop
    /// was requested.
    /// </summary>
    /// <param name="target">What was worked on: a cluster's name or a key's ARN.</param>
    public CmekException? Translate(Exception error, string target) =>
        error is AmazonClientException or AmazonServiceException || IsResponseLost(error)
            ? ToCmekException(error, target)
            : null;

    /// <summary>Any error of a call in the module's terms.</summary>
    public static CmekException ToCmekException(Exception error, string target)
    {
        if (IsDenied(error))
            return AwsDenial.Parse(error.Message).ToException(target, error);
        if (AwsClock.OffsetOf(error) is { } offset)
            return AwsErrors.ClockSkewed(target, offset, error);
        if (AwsCredentialUse.RegionNotEnabled(error) is { } region)
            return AwsErrors.RegionNotEnabled(target, region, error);
        if (error is AmazonServiceException { ErrorCode: { } code } && CredentialCodes.Contains(code))
            return AwsErrors.AwsCredentialsRefused(code, FirstSentence(error.Message));
        if (IsUnsettled(error))
            return AwsErrors.AwsUnreachable(target, error);
        return error switch
        {
            AmazonServiceException service => AwsErrors.AwsRefused(target, service.ErrorCode, service.Message, service),
            AmazonClientException client => AwsErrors.AwsCredentialsMissing(client.Message, client),
            _ => AwsErrors.AwsRefused(target, error.GetType().Name, error.Message, error),
        };
    }

    /// <summary>
    /// A wrong clock is corrected, once: what was refused for its time was not processed. Credentials that a region
    /// does not know are tried elsewhere, to tell a region that is not enabled from bad credentials.
    /// </summary>
    protected override async Task<bool> TryRecoverAsync(Exception error)
    {
        if (AwsClock.OffsetOf(error) is { } offset && AwsClock.TryCorrect(offset))
        {
            Context.Host.Warning(
                $"This machine's clock is {AwsClock.Describe(offset)} that of AWS. Calls are signed with AWS's time. "
                    + "Set "
                    + "the clock."
            );
            return true;
        }

        if (error is AmazonServiceException { ErrorCode: { } code } && IsUnknownToken(code))
            await AwsCredentialUse.FindOutAsync(error, Context.CancellationToken);
        return false;
    }

    /// <summary>The same two codes stand for a wrong access key and for a region that is not enabled.</summary>
    private static bool IsUnknownToken(string code) => code is "UnrecognizedClientException" or "InvalidClientTokenId";

    protected override bool IsAmbiguous(Exception error) => IsUnsettled(error);

    protected override bool IsThrottled(Exception error) =>
        error is AmazonServiceException service
        && (ThrottlingCodes.Contains(service.ErrorCode ?? "") || (int)service.StatusCode == TooManyRequests);

    protected override (string Code, string? RequestId) Describe(Exception error) =>
        error is AmazonServiceException { ErrorCode.Length: > 0 } service
            ? ($"{service.ErrorCode}, {(int)service.StatusCode}", service.RequestId)
            : ("no response", null);

    protected override string? RequestIdOf(object? response) =>
        (response as AmazonWebServiceResponse)?.ResponseMetadata?.RequestId;

    /// <summary>
    /// True when it is unknown whether the call was processed: no response, or an internal failure of the service.
    /// </summary>
    private static bool IsUnsettled(Exception error) =>
        error switch
        {
            AmazonServiceException { StatusCode: >= HttpStatusCode.InternalServerError } => true,
            AmazonServiceException { ErrorCode: null or "" } service => service.InnerException is not null,
            AmazonUnmarshallingException => true,
            _ => IsNoResponse(error),
        };

    /// <summary>
    /// AWS's first sentence about a wrong signature. The canonical request follows it, with the session token: neither
    /// that nor the SDK's exception is passed on.
    /// </summary>
    private static string FirstSentence(string message)
    {
        var end = message.IndexOfAny(['.', '\r', '\n']);
        return end < 0 ? message : message.Substring(0, end) + ".";
    }
}
