using System.Globalization;
using System.Text;
using CockroachCmek.Sandbox.Azure;
using CockroachCmek.Sandbox.Gcp;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox;

/// <summary>
/// The response of a <see cref="FaultAction.Status"/> fault, in the form of the service that it hits.
/// </summary>
internal static class InjectedFailure
{
    private const string Message = "The sandbox was told to fail.";

    public static SandboxResponse Response(FaultRule fault, SandboxRequest request)
    {
        var isXml = request.Service == "aws" && !IsKms(request);
        return new SandboxResponse(
            fault.Status,
            Encoding.UTF8.GetBytes(Body(fault, request)),
            isXml ? "text/xml" : "application/json"
        )
        {
            Headers = fault.RetryAfter is { } seconds
                ? [new("Retry-After", seconds.ToString(CultureInfo.InvariantCulture))]
                : [],
        };
    }

    private static bool IsKms(SandboxRequest request) => request.Header("X-Amz-Target") is not null;

    private static string Body(FaultRule fault, SandboxRequest request) =>
        request.Service switch
        {
            "azure" or "msi" => AzureFailure.Body(fault, request),
            _ when IsKms(request) => Kms(fault.Status),
            "vault" => $$"""{"errors":["{{Message}}"]}""",
            "aws" => "<ErrorResponse><Error><Type>Receiver</Type><Code>ServiceFailure</Code>"
                + $"<Message>{Message}</Message></Error></ErrorResponse>",
            "gcp" => GcpException.InjectedBody(fault.Status),
            _ => Cloud(fault.Status),
        };

    private static string Kms(int status) =>
        $$"""
            {"__type":"{{(status == 429 ? "ThrottlingException" : "KMSInternalException")}}","message":"{{Message}}"}
            """;

    private static string Cloud(int status)
    {
        var (code, message) = status switch
        {
            429 => (8, "rate limit exceeded"),
            503 => (14, Message),
            _ => (13, Message),
        };
        return $$"""{"code":{{code}},"message":"{{message}}","details":[]}""";
    }
}
