using CockroachCmek.Core.Http;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// Errors of Azure. The method's name is the error id; an id that several clouds share has the same name in each. This
/// file holds the errors that any call can raise; the other files of this class are named after their topic.
/// </summary>
internal static partial class AzureErrors
{
    private const string RunAgain = "Run the same command again";

    /// <summary>No credentials in any of the places where they are looked for.</summary>
    public static CmekException AzureCredentialsMissing(string reason, Exception inner) =>
        Errors.Make(
            CmekErrorKind.Authentication,
            "Azure credentials",
            $"No Azure credentials were found: {reason}",
            "az login   (or Connect-AzAccount; Connect-CrdbCloud -AzureCredential selects which to use)",
            inner
        );

    /// <summary>Entra does not know the credentials, or they have expired.</summary>
    public static CmekException AzureCredentialsRefused(string message, Exception inner) =>
        Errors.Make(
            CmekErrorKind.Authentication,
            "Azure credentials",
            $"Azure refused the credentials: {message}",
            ShowAccount,
            inner
        );

    /// <summary>Too many requests, after all retries.</summary>
    public static CmekException AzureThrottled(string target, string message, Exception inner) =>
        Errors.Make(
            CmekErrorKind.LimitsExceeded,
            target,
            $"Azure accepts no more requests at the moment, while working for '{target}': {message}",
            $"{RunAgain}, with a smaller -ThrottleLimit",
            inner,
            statusCode: 429
        );

    /// <summary>No response, or an internal failure of the service, after all retries.</summary>
    public static CmekException AzureUnreachable(string target, Exception inner) =>
        inner is NoResponseException silent
            ? Errors.NoResponse(silent, target)
            : Errors.Make(
                CmekErrorKind.Connection,
                target,
                $"Azure did not respond while working for '{target}': {inner.GetBaseException().Message}",
                $"{RunAgain}: it reads what exists before it creates anything",
                inner
            );

    /// <summary>Any other refusal.</summary>
    public static CmekException AzureRefused(string target, string code, string message, Exception inner) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            target,
            $"Azure refused the request ({code}) while working for '{target}': {message}",
            $"{RunAgain} with -Verbose, which shows every call",
            inner
        );
}
