using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>Azure's part in what every service needs of the server: failures in its own shape, and recordings without its secrets.</summary>
internal static class AzureRecording
{
    private static readonly Regex Secret = new("(client_secret|client_assertion|access_token|refresh_token)=[^&]*", RegexOptions.CultureInvariant);
    private static readonly Regex Token = new("(\"(?:access_token|refresh_token|id_token)\"\\s*:\\s*\")[^\"]*", RegexOptions.CultureInvariant);

    public static bool Concerns(SandboxRequest request) => request.Service is "azure" or "msi";

    public static string FailureBody(FaultRule fault, SandboxRequest request)
    {
        const string Message = "The sandbox was told to fail.";
        var code = fault.Status switch { 429 => "TooManyRequests", 503 => "ServiceUnavailable", _ => "InternalServerError" };
        if (request.Service == "msi") return new JsonObject { ["statusCode"] = fault.Status, ["message"] = Message }.ToJsonString();
        return IsTokenRequest(request)
            ? new JsonObject { ["error"] = "temporarily_unavailable", ["error_description"] = "AADSTS90033: " + Message, ["error_codes"] = new JsonArray(90033) }.ToJsonString()
            : new JsonObject { ["error"] = new JsonObject { ["code"] = code, ["message"] = Message } }.ToJsonString();
    }

    public static SandboxRequest Redacted(SandboxRequest request) => !Concerns(request) ? request : request with
    {
        Body = IsTokenRequest(request) ? Replace(request.Body, Secret, "$1=(redacted)") : request.Body,
        Headers = [.. request.Headers.Select(h => h.Key.Equals("X-IDENTITY-HEADER", StringComparison.OrdinalIgnoreCase) ? new KeyValuePair<string, string>(h.Key, "(redacted)") : h)],
    };

    public static SandboxResponse? Redacted(SandboxRequest request, SandboxResponse? response) =>
        response is null || !Concerns(request) ? response : response with { Body = Replace(response.Body, Token, "$1(redacted)") };

    private static bool IsTokenRequest(SandboxRequest request) => request.Path.EndsWith("/token", StringComparison.OrdinalIgnoreCase);

    private static byte[] Replace(byte[] body, Regex pattern, string replacement) => Encoding.UTF8.GetBytes(pattern.Replace(Encoding.UTF8.GetString(body), replacement));
}
