using System.Net;
using Amazon.Runtime;
using CockroachCmek.Core.Keys.Aws;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Aws;

public sealed class AwsCallsTests
{
    [Fact]
    public void A_refused_signature_does_not_repeat_the_session_token()
    {
        var error = AwsCalls.ToCmekException(
            Refusal(
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. Check your key.\n\n"
                    + "The Canonical String for this request should have been\n'POST\n/\n\n"
                    + "x-amz-security-token:planted-token'"
            ),
            "cluster"
        );
        Assert.Equal("AwsCredentialsRefused", error.ErrorId);
        Assert.Contains("does not match the signature you provided", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("planted-token", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("User: u is not authorized to perform: kms:CreateKey on resource: *", "allow kms:CreateKey for")]
    [InlineData("Access denied", "allow the action for")]
    public void A_denial_advises_to_allow_the_denied_action(string message, string advice)
    {
        var error = AwsCalls.ToCmekException(Refusal("AccessDeniedException", message), "cluster");
        Assert.Equal(("AwsPermissionDenied", CmekErrorKind.PermissionDenied), (error.ErrorId, error.Kind));
        Assert.Contains(advice, error.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_response_after_a_stop_is_not_an_error_of_AWS()
    {
        using var stop = new CancellationTokenSource();
        var calls = new AwsCalls(new OperationContext(new RecordingLog(), TimeProvider.System, stop.Token));
        var lost = new TaskCanceledException();
        Assert.Equal("AwsUnreachable", calls.Translate(lost, "cluster")?.ErrorId);
        stop.Cancel();
        Assert.Null(calls.Translate(lost, "cluster"));
    }

    private static AmazonServiceException Refusal(string code, string message) =>
        new(message, ErrorType.Sender, code, "request-id", HttpStatusCode.Forbidden);
}
