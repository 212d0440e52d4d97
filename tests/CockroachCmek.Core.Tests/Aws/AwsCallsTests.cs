using System.Net;
using Amazon.Runtime;
using CockroachCmek.Core.Keys.Aws;

namespace CockroachCmek.Core.Tests.Aws;

public sealed class AwsCallsTests
{
    [Fact]
    public void A_wrong_signature_does_not_repeat_the_session_token()
    {
        var fault = AwsCalls.Map(
            new AmazonServiceException(
                "The request signature we calculated does not match the signature you provided. Check your key.\n\nThe Canonical String for this request should have been\n'POST\n/\nx-amz-security-token:planted-token'",
                ErrorType.Sender,
                "SignatureDoesNotMatch",
                "id",
                HttpStatusCode.Forbidden
            ),
            "cluster"
        );
        Assert.Equal("AwsCredentialsRefused", fault.ErrorId);
        Assert.Contains("does not match the signature you provided", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("planted-token", fault.ToString(), StringComparison.Ordinal);
    }
}
