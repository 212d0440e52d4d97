using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>The body of an injected failure, in the shape of the service that fails.</summary>
internal static class AzureFailure
{
    public static string Body(FaultRule fault, SandboxRequest request)
    {
        const string Message = "The sandbox was told to fail.";
        var code = fault.Status switch
        {
            429 => "TooManyRequests",
            503 => "ServiceUnavailable",
            _ => "InternalServerError",
        };
        if (request.Service == "msi")
            return new JsonObject { ["statusCode"] = fault.Status, ["message"] = Message }.ToJsonString();
        return request.Path.EndsWith("/token", StringComparison.OrdinalIgnoreCase)
            ? new JsonObject
            {
                ["error"] = "temporarily_unavailable",
                ["error_description"] = "AADSTS90033: " + Message,
                ["error_codes"] = new JsonArray(90033),
            }.ToJsonString()
            : new JsonObject
            {
                ["error"] = new JsonObject { ["code"] = code, ["message"] = Message },
            }.ToJsonString();
    }
}
