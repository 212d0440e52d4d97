using System.Net;
using Amazon.Runtime;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>What AWS's faults mean, for retries, for the verbose line, and in the module's own terms.</summary>
internal sealed class AwsCalls(OperationContext context) : CloudCalls("AWS", context)
{
    private static readonly HashSet<string> Throttles =
    [
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestLimitExceeded",
        "TooManyRequestsException",
        "RequestThrottled",
        "SlowDown",
    ];

    /// <summary>True when nobody can say whether the call was processed: no answer, or the service's own failure.</summary>
    public static bool MayHaveHappened(Exception fault) =>
        fault switch
        {
            AmazonServiceException { StatusCode: >= HttpStatusCode.InternalServerError } => true,
            AmazonServiceException { ErrorCode: null or "" } service => service.InnerException is not null,
            AmazonUnmarshallingException => true,
            _ => IsNoResponse(fault),
        };

    /// <summary>An exception of the SDK in the module's terms; null for one that is not the SDK's.</summary>
    public static CmekException? Translate(Exception fault, string target) =>
        fault is AmazonClientException or AmazonServiceException || MayHaveHappened(fault) ? Map(fault, target) : null;

    /// <summary>Anything that the SDK throws, in the module's terms.</summary>
    public static CmekException Map(Exception fault, string target) =>
        fault switch
        {
            AmazonServiceException
            {
                ErrorCode: "AccessDenied" or "AccessDeniedException" or "UnauthorizedOperation"
            } denied => AwsErrors.AwsPermissionDenied(target, denied.Message, denied),
            AmazonServiceException
            {
                ErrorCode: "InvalidClientTokenId"
                    or "UnrecognizedClientException"
                    or "SignatureDoesNotMatch"
                    or "InvalidSignatureException"
                    or "ExpiredToken"
                    or "ExpiredTokenException"
                    or "MissingAuthenticationToken"
                    or "MissingAuthenticationTokenException"
            } refused => AwsErrors.AwsCredentialsRefused(refused.ErrorCode, FirstSentence(refused.Message)),
            _ when MayHaveHappened(fault) => AwsErrors.AwsUnreachable(target, fault),
            AmazonServiceException service => AwsErrors.AwsRefused(target, service.ErrorCode, service.Message, service),
            AmazonClientException client => AwsErrors.AwsCredentialsMissing(client.Message, client),
            _ => AwsErrors.AwsRefused(target, fault.GetType().Name, fault.Message, fault),
        };

    /// <summary>What follows AWS's first sentence about a wrong signature is the canonical request, which holds the session token: neither it nor the SDK's exception goes on.</summary>
    private static string FirstSentence(string message)
    {
        var end = message.IndexOfAny(['.', '\r', '\n']);
        return end < 0 ? message : message.Substring(0, end) + ".";
    }

    protected override bool IsAmbiguous(Exception fault) => MayHaveHappened(fault);

    protected override bool IsThrottled(Exception fault) =>
        fault is AmazonServiceException service
        && (Throttles.Contains(service.ErrorCode ?? "") || (int)service.StatusCode == 429);

    protected override (string Code, string? RequestId) Describe(Exception fault) =>
        fault is AmazonServiceException { ErrorCode.Length: > 0 } answered
            ? ($"{answered.ErrorCode}, {(int)answered.StatusCode}", answered.RequestId)
            : ("no answer", null);

    protected override string? RequestIdOf(object? answer) =>
        (answer as AmazonWebServiceResponse)?.ResponseMetadata?.RequestId;
}
