using Amazon.Runtime;
using CockroachCmek.Core.Http;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// Errors of AWS: calls and credentials. The method name is the error id. An id that several clouds share has
/// the same name in each.
/// </summary>
internal static partial class AwsErrors
{
    /// <summary>The SDK's credential chain found nothing: neither environment, profile nor metadata service.</summary>
    public static CmekException AwsCredentialsMissing(string reason, Exception inner) =>
        Errors.Make(
            CmekErrorKind.Authentication,
            "AWS credentials",
            $"No AWS credentials were found: {reason}",
            "Connect-CrdbCloud -AwsProfile <profile>   (or: aws configure sso)",
            inner
        );

    /// <summary>AWS does not know the credentials, or they have expired.</summary>
    public static CmekException AwsCredentialsRefused(string code, string message) =>
        Errors.Make(
            CmekErrorKind.Authentication,
            "AWS credentials",
            $"AWS does not accept the credentials ({code}): {message}",
            "aws sts get-caller-identity   (shows which credentials are found)"
        );

    /// <summary>No response, or an internal failure of the service, after all retries.</summary>
    public static CmekException AwsUnreachable(string target, Exception inner) =>
        inner is NoResponseException silent
            ? Errors.NoResponse(silent, target)
            : Errors.Make(
                CmekErrorKind.Connection,
                target,
                $"AWS did not respond while working on '{target}': {Reason(inner)}",
                "Run the same command again   (what exists already is reused)",
                inner
            );

    /// <summary>The SDK wraps an HTTP error in an exception whose message is its own type's name.</summary>
    private static string Reason(Exception error) =>
        error is AmazonServiceException { StatusCode: not 0 } answered
            ? $"it responded with {(int)answered.StatusCode} ({answered.StatusCode}) each time"
            : error.GetBaseException().Message;

    /// <summary>Any other refusal.</summary>
    public static CmekException AwsRefused(string target, string code, string message, Exception inner) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            target,
            $"AWS refused a call for '{target}' ({code}): {message}",
            "Run the same command again with -Verbose, which shows every call",
            inner
        );

    /// <summary>AWS refuses what was signed more than five minutes ago, or in the future.</summary>
    /// <param name="offset">AWS's time minus this machine's.</param>
    public static CmekException ClockSkewed(string target, TimeSpan offset, Exception inner) =>
        Errors.Make(
            CmekErrorKind.Authentication,
            target,
            $"This machine's clock is {AwsClock.Describe(offset)} that of AWS, so AWS refuses the signature of a call for "
                + $"'{target}'.",
            "Set the clock (Linux: timedatectl set-ntp true; Windows: w32tm /resync), then run the same command again",
            inner
        );

    /// <summary>The credentials are good elsewhere: the account has not enabled the region.</summary>
    public static CmekException RegionNotEnabled(string target, string region, Exception inner) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            target,
            $"AWS does not accept the credentials in {region}, but accepts them elsewhere. The account has not enabled "
                + $"the region {region}, or it did so a short time ago.",
            $"aws account enable-region --region-name {region}   (as an administrator of the account; takes minutes)",
            inner
        );
}
