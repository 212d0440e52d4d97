using System.Net;
using Amazon;
using Amazon.Runtime;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Aws;

namespace CockroachCmek.Core.Tests.Aws;

/// <summary>Refusals of AWS are named as what they are.</summary>
[Collection(nameof(AwsRefusalTests))]
public sealed class AwsRefusalTests
{
    private const string User = "User: arn:aws:sts::200000000001:assumed-role/ops/s is not authorized to perform: ";

    // The sentences of "Troubleshoot access denied error messages" (IAM user guide) and, with ARNs, of AWS's blog of
    // January 2026.
    [Theory]
    [InlineData("with an explicit deny in a service control policy", "OrganizationPolicyDenies", "denies")]
    [InlineData(
        "with an explicit deny in a service control policy: "
            + "arn:aws:organizations::111122223333:policy/o-abc/service_control_policy/p-xyz",
        "OrganizationPolicyDenies",
        "--policy-id p-xyz"
    )]
    [InlineData(
        "because no service control policy allows the kms:CreateKey action",
        "OrganizationPolicyDenies",
        "does not allow"
    )]
    [InlineData("with an explicit deny in a resource control policy", "OrganizationPolicyDenies", "resource control")]
    [InlineData(
        "because no permissions boundary allows the kms:CreateKey action",
        "BoundaryDenies",
        "A permission outside the boundary has no effect"
    )]
    [InlineData(
        "with an explicit deny in a permissions boundary: arn:aws:iam::200000000001:policy/Edge",
        "BoundaryDenies",
        "--policy-arn arn:aws:iam::200000000001:policy/Edge"
    )]
    [InlineData("because no session policy allows the kms:CreateKey action", "SessionPolicyDenies", "session policy")]
    [InlineData("with an explicit deny in a sessions policy", "SessionPolicyDenies", "session policy")]
    [InlineData(
        "because no VPC endpoint policy allows the kms:CreateKey action",
        "EndpointPolicyDenies",
        "VPC endpoint"
    )]
    [InlineData(
        "with an explicit deny in a VPC endpoint policy transitively through a service control policy",
        "EndpointPolicyDenies",
        "VPC endpoint"
    )]
    [InlineData(
        "because no identity-based policy allows the kms:CreateKey action",
        "AwsPermissionDenied",
        "allow kms:CreateKey for"
    )]
    [InlineData(
        "with an explicit deny in an identity-based policy: arn:aws:iam::200000000001:policy/No",
        "AwsPermissionDenied",
        "Deny in arn:aws:iam::200000000001:policy/No"
    )]
    [InlineData("with an explicit deny in a resource-based policy", "AwsPermissionDenied", "from the Deny")]
    [InlineData("with an explicit deny", "AwsPermissionDenied", "from the Deny")]
    public void A_denial_is_named_by_the_policy_that_decided(string reason, string errorId, string text)
    {
        var error = AwsCalls.ToCmekException(
            Refusal("AccessDeniedException", $"{User}kms:CreateKey on resource: * {reason}"),
            "cluster"
        );
        Assert.Equal((errorId, CmekErrorKind.PermissionDenied), (error.ErrorId, error.Kind));
        Assert.Contains(text, error.Message + error.RecommendedAction, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("with an explicit deny in a service control policy")]
    [InlineData("with an explicit deny in a resource control policy")]
    [InlineData("because no permissions boundary allows the kms:CreateKey action")]
    public void A_guardrail_is_not_answered_with_advice_to_take_more_rights(string reason)
    {
        var error = AwsCalls.ToCmekException(Refusal("AccessDenied", $"{User}kms:CreateKey {reason}"), "cluster");
        Assert.DoesNotContain("to allow", error.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_region_that_is_not_enabled_is_told_from_bad_credentials()
    {
        using var aws = new StubAws(call =>
            call switch
            {
                { Region: "ap-east-1" } => StubResponse.Error(
                    call,
                    call.IsJson ? "UnrecognizedClientException" : "InvalidClientTokenId",
                    "The security token included in the request is invalid."
                ),
                _ => StubResponse.Caller,
            }
        );
        var error = await Assert.ThrowsAsync<CmekException>(() =>
            aws.Provider.EnsureKeysAsync(Request("ap-east-1"), aws.Context)
        );
        Assert.Equal("RegionNotEnabled", error.ErrorId);
        Assert.Contains("--region-name ap-east-1", error.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Credentials_that_no_region_accepts_are_bad_credentials()
    {
        using var aws = new StubAws(call =>
            StubResponse.Error(call, "InvalidClientTokenId", "The security token included in the request is invalid.")
        );
        var error = await Assert.ThrowsAsync<CmekException>(() =>
            aws.Provider.EnsureKeysAsync(Request("ap-east-1"), aws.Context)
        );
        Assert.Equal("AwsCredentialsRefused", error.ErrorId);
    }

    [Theory]
    [InlineData(20, true)]
    [InlineData(-20, true)]
    [InlineData(20, false)]
    public async Task A_wrong_clock_is_corrected_once_and_named(int minutes, bool hasDate)
    {
        var now = DateTimeOffset.UtcNow.AddMinutes(minutes);
        using var aws = new StubAws(call =>
            (call.SignedAt - now).Duration() < TimeSpan.FromMinutes(5)
                ? StubResponse.Caller with
                {
                    Status = 400,
                    Body = "<ErrorResponse><Error><Code>Reached</Code><Message>m</Message></Error></ErrorResponse>",
                }
                : StubResponse.Error(
                    call,
                    "SignatureDoesNotMatch",
                    $"Signature expired: {call.SignedAt:yyyyMMddTHHmmssZ} is now earlier than x "
                        + $"({now:yyyyMMdd'T'HHmmss'Z'} - 5 min.)"
                ) with
                {
                    Date = hasDate ? now : null,
                }
        );
        try
        {
            var error = await Assert.ThrowsAsync<CmekException>(() =>
                aws.Provider.EnsureKeysAsync(Request("us-east-1"), aws.Context)
            );
            Assert.Contains("Reached", error.Message, StringComparison.Ordinal);
            Assert.Equal(2, aws.Calls.Count);
            Assert.Contains(
                $"20 minutes {(minutes > 0 ? "behind" : "ahead of")} that of AWS",
                Assert.Single(aws.Log.Warnings),
                StringComparison.Ordinal
            );
        }
        finally
        {
            AWSConfigs.ManualClockCorrection = null;
        }
    }

    [Fact]
    public async Task A_clock_that_stays_wrong_ends_the_call()
    {
        using var aws = new StubAws(call =>
            StubResponse.Error(call, "RequestTimeTooSkewed", "The difference is too large.") with
            {
                Date = DateTimeOffset.UtcNow.AddMinutes(20),
            }
        );
        try
        {
            var error = await Assert.ThrowsAsync<CmekException>(() =>
                aws.Provider.EnsureKeysAsync(Request("us-east-1"), aws.Context)
            );
            Assert.Equal(("ClockSkewed", CmekErrorKind.Authentication), (error.ErrorId, error.Kind));
            Assert.Contains("20 minutes behind", error.Message, StringComparison.Ordinal);
            Assert.Equal(2, aws.Calls.Count);
        }
        finally
        {
            AWSConfigs.ManualClockCorrection = null;
        }
    }

    private static KeyRequest Request(string region) =>
        new()
        {
            Cluster = AwsWorld.ClusterIn(region),
            AuthPrincipal = "arn:aws:iam::200000000001:role/cmek",
            Regions = [region],
        };

    private static AmazonServiceException Refusal(string code, string message) =>
        new(message, ErrorType.Sender, code, "request-id", HttpStatusCode.BadRequest);
}

/// <summary>The correction of the clock is the process's: nothing else may call AWS meanwhile.</summary>
[CollectionDefinition(nameof(AwsRefusalTests), DisableParallelization = true)]
public sealed class AwsRefusalsRunAlone;
