using System.Diagnostics;
using System.IO;
using System.Net;
using System.Net.Http;
using Amazon.Runtime;
using Polly;
using Polly.Retry;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>Every call of AWS goes through here: the verbose line, retries on the injected clock, and faults in the module's own terms.</summary>
internal sealed class AwsCalls(OperationContext context)
{
    private static readonly HashSet<string> Throttles = ["Throttling", "ThrottlingException", "ThrottledException", "RequestLimitExceeded", "TooManyRequestsException", "RequestThrottled", "SlowDown"];

    private readonly ResiliencePipeline _reads = Retrying(context.Time, fault => IsThrottled(fault) || IsAmbiguous(fault));
    private readonly ResiliencePipeline _writes = Retrying(context.Time, IsThrottled);

    public OperationContext Context => context;

    /// <summary>A call that changes nothing: repeated on every passing failure.</summary>
    public Task<T> ReadAsync<T>(string service, string verb, string resource, Func<CancellationToken, Task<T>> call) => RunAsync(_reads, service, verb, resource, call);

    /// <summary>A call that changes something: repeated only when AWS says that it was throttled, and so not processed.</summary>
    public Task<T> WriteAsync<T>(string service, string verb, string resource, Func<CancellationToken, Task<T>> call) => RunAsync(_writes, service, verb, resource, call);

    /// <summary>True when nobody can say whether the call was processed: no answer, or the service's own failure.</summary>
    public static bool IsAmbiguous(Exception fault) => fault switch
    {
        AmazonServiceException { StatusCode: >= HttpStatusCode.InternalServerError } => true,
        AmazonServiceException { ErrorCode: null or "" } service => service.InnerException is not null,
        AmazonUnmarshallingException => true,
        HttpRequestException or IOException or TimeoutException or WebException => true,
        TaskCanceledException => true, // the SDK's own time-out; a stop by the user is told apart before
        _ => false,
    };

    /// <summary>Anything that the SDK throws, in the module's terms.</summary>
    public static CmekException Map(Exception fault, string target) => fault switch
    {
        AmazonServiceException { ErrorCode: "AccessDenied" or "AccessDeniedException" or "UnauthorizedOperation" } denied => Errors.AwsPermissionDenied(target, denied.Message, denied),
        AmazonServiceException { ErrorCode: "InvalidClientTokenId" or "UnrecognizedClientException" or "SignatureDoesNotMatch" or "InvalidSignatureException" or "ExpiredToken" or "ExpiredTokenException" or "MissingAuthenticationToken" or "MissingAuthenticationTokenException" } refused =>
            Errors.AwsCredentialsRefused(refused.ErrorCode, FirstSentence(refused.Message)),
        _ when IsAmbiguous(fault) => Errors.AwsUnreachable(target, fault),
        AmazonServiceException service => Errors.AwsRefused(target, service.ErrorCode, service.Message, service),
        AmazonClientException client => Errors.AwsCredentialsMissing(client.Message, client),
        _ => Errors.AwsRefused(target, fault.GetType().Name, fault.Message, fault),
    };

    /// <summary>What follows AWS's first sentence about a wrong signature is the canonical request, which holds the session token: neither it nor the SDK's exception goes on.</summary>
    private static string FirstSentence(string message)
    {
        var end = message.IndexOfAny(['.', '\r', '\n']);
        return end < 0 ? message : message.Substring(0, end) + ".";
    }

    private async Task<T> RunAsync<T>(ResiliencePipeline pipeline, string service, string verb, string resource, Func<CancellationToken, Task<T>> call) =>
        await pipeline.ExecuteAsync(
            async cancellation =>
            {
                var watch = Stopwatch.StartNew();
                try
                {
                    var answer = await call(cancellation);
                    var id = (answer as AmazonWebServiceResponse)?.ResponseMetadata?.RequestId;
                    context.Log.Verbose($"AWS {service} {verb} {resource}: OK, {watch.ElapsedMilliseconds} ms{(id is null ? "" : $", request {id}")}");
                    return answer;
                }
                catch (Exception fault) when (!cancellation.IsCancellationRequested)
                {
                    var code = fault is AmazonServiceException { ErrorCode.Length: > 0 } answered ? $"{answered.ErrorCode}, {(int)answered.StatusCode}" : "no answer";
                    context.Log.Verbose($"AWS {service} {verb} {resource}: {code}, {watch.ElapsedMilliseconds} ms{(fault is AmazonServiceException { RequestId: { Length: > 0 } id } ? $", request {id}" : "")}");
                    throw;
                }
            },
            context.CancellationToken);

    private static bool IsThrottled(Exception fault) => fault is AmazonServiceException service && (Throttles.Contains(service.ErrorCode ?? "") || (int)service.StatusCode == 429);

    private static ResiliencePipeline Retrying(TimeProvider time, Func<Exception, bool> when) =>
        new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = 5,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = TimeSpan.FromSeconds(1),
                MaxDelay = TimeSpan.FromSeconds(20),
                ShouldHandle = outcome => new ValueTask<bool>(outcome.Outcome.Exception is { } fault && !outcome.Context.CancellationToken.IsCancellationRequested && when(fault)),
            })
            .Build();
}
