using System.Text.Json;
using System.Text.Json.Nodes;
using Azure;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>Which of Azure's services was asked: a refusal of one says nothing about the others.</summary>
internal enum AzureService
{
    Entra,
    ResourceManager,
    Graph,
    KeyVault,
}

/// <summary>An answer of Azure's that is no success. The SDK's own exception repeats headers and body in its message; this one says what the service said.</summary>
internal sealed class AzureFault : Exception
{
    private AzureFault(
        AzureService service,
        int status,
        string code,
        string innerCode,
        string message,
        string? requestId
    )
        : base(message)
    {
        Service = service;
        Status = status;
        Code = code;
        InnerCode = innerCode;
        RequestId = requestId;
    }

    public AzureService Service { get; }

    /// <summary>HTTP status.</summary>
    public int Status { get; }

    /// <summary>The service's code, for example AuthorizationFailed; empty when the answer was not Azure's.</summary>
    public string Code { get; }

    /// <summary>Key Vault's finer code, for example ForbiddenByRbac or ObjectIsDeletedButRecoverable.</summary>
    public string InnerCode { get; }

    public string? RequestId { get; }

    /// <summary>The vault's firewall stands before the request, or only private endpoints lead to it.</summary>
    public bool IsFirewall =>
        Service == AzureService.KeyVault
        && Status == 403
        && (
            InnerCode is "ForbiddenByFirewall" or "ForbiddenByConnection"
            || Message.IndexOf("Client address is not authorized", StringComparison.OrdinalIgnoreCase) >= 0
            || Message.IndexOf("Public network access is disabled", StringComparison.OrdinalIgnoreCase) >= 0
        );

    /// <summary>Reads a refusal. ARM, Graph and Key Vault all answer {"error":{"code","message"}}; a proxy's page of HTML has neither.</summary>
    public static AzureFault From(AzureService service, Response response)
    {
        var requestId =
            response.Headers.TryGetValue("x-ms-request-id", out var id)
            || response.Headers.TryGetValue("request-id", out id)
                ? id
                : null;
        try
        {
            if (
                JsonNode.Parse(response.Content.ToMemory().Span) is JsonObject root
                && root["error"] is JsonObject error
            )
            {
                var inner = (error["innererror"] ?? error["innerError"]) as JsonObject;
                return new AzureFault(
                    service,
                    response.Status,
                    (string?)error["code"] ?? "",
                    (string?)inner?["code"] ?? "",
                    (string?)error["message"] ?? "",
                    requestId
                );
            }
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or FormatException)
        {
            // Not Azure's JSON: what is left is the HTTP status.
        }

        return new AzureFault(
            service,
            response.Status,
            "",
            "",
            $"HTTP {response.Status} {response.ReasonPhrase}",
            requestId
        );
    }
}
