using System.Text.Json;
using System.Text.Json.Nodes;
using Azure;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>The Azure service that was called: a refusal by one says nothing about the others.</summary>
internal enum AzureService
{
    ResourceManager,
    Graph,
    KeyVault,
    Logs,
}

/// <summary>
/// An error response from Azure. The SDK's own exception repeats headers and body in its message; this one carries what
/// the service said.
/// </summary>
internal sealed class AzureException : Exception
{
    private AzureException(
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

    /// <summary>
    /// The service's code, for example AuthorizationFailed; empty when the response did not come from Azure.
    /// </summary>
    public string Code { get; }

    /// <summary>Key Vault's finer code, for example ForbiddenByRbac or ObjectIsDeletedButRecoverable.</summary>
    public string InnerCode { get; }

    public string? RequestId { get; }

    /// <summary>
    /// True when the Key Vault's firewall refused the request, or only private endpoints lead to the Key Vault.
    /// </summary>
    public bool IsFirewall =>
        Service == AzureService.KeyVault
        && Status == 403
        && (
            InnerCode is "ForbiddenByFirewall" or "ForbiddenByConnection"
            || MessageContains("Client address is not authorized")
            || MessageContains("Public network access is disabled")
        );

    /// <summary>True when Azure Policy does not allow the request.</summary>
    public bool IsPolicy => Code == "RequestDisallowedByPolicy";

    /// <summary>The assignments of Azure Policy that refused the request, as far as the response names them.</summary>
    public IReadOnlyList<string> PolicyAssignments { get; private init; } = [];

    /// <summary>True when a management lock refused the change.</summary>
    public bool IsLocked => Code == "ScopeLocked";

    /// <summary>
    /// True when a Key Vault refuses because the caller lacks a role or an access policy. The code of the latter also
    /// stands for other refusals (rest-error-codes.md; recordings of azure-sdk-for-js).
    /// </summary>
    public bool IsMissingPermission =>
        Service == AzureService.KeyVault
        && Status == 403
        && (
            InnerCode is "ForbiddenByRbac" or "AccessDenied"
            || (InnerCode == "ForbiddenByPolicy" && MessageContains("permission on key vault"))
        );

    /// <summary>True when a key of the name was deleted and can still be recovered.</summary>
    public bool IsSoftDeleted =>
        Status == 409 && (InnerCode == "ObjectIsDeletedButRecoverable" || MessageContains("deleted but recoverable"));

    /// <summary>
    /// Reads an error response. Resource Manager, Graph and Key Vault all send {"error":{"code","message"}}; a proxy's
    /// HTML page has neither.
    /// </summary>
    public static AzureException From(AzureService service, Response response)
    {
        var requestId =
            response.Headers.TryGetValue("x-ms-request-id", out var id)
            || response.Headers.TryGetValue("request-id", out id)
                ? id
                : null;
        if (ReadError(response) is not { } error)
        {
            var line = $"HTTP {response.Status} {response.ReasonPhrase}";
            return new AzureException(service, response.Status, "", "", line, requestId);
        }

        return new AzureException(
            service,
            response.Status,
            Text(error["code"]),
            Text(((error["innererror"] ?? error["innerError"]) as JsonObject)?["code"]),
            Text(error["message"]),
            requestId
        )
        {
            PolicyAssignments = [.. PolicyAssignmentsIn(error).Distinct()],
        };
    }

    /// <summary>The "error" of a response; null when the body is not Azure's JSON.</summary>
    private static JsonObject? ReadError(Response response)
    {
        try
        {
            return (JsonNode.Parse(response.Content.ToMemory().Span) as JsonObject)?["error"] as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>
    /// The names of policy assignments, wherever in an error they are: their place differs between services.
    /// </summary>
    private static IEnumerable<string> PolicyAssignmentsIn(JsonNode? node) =>
        node switch
        {
            JsonObject named when NameIn(named) is { Length: > 0 } name => [name],
            JsonObject other => other.SelectMany(p => PolicyAssignmentsIn(p.Value)),
            JsonArray list => list.SelectMany(PolicyAssignmentsIn),
            _ => [],
        };

    private static string NameIn(JsonObject info) =>
        new[] { "policyAssignmentDisplayName", "policyAssignmentName", "policyAssignmentId" }
            .Select(p => Text(info[p]))
            .FirstOrDefault(t => t.Length > 0)
        ?? "";

    private static string Text(JsonNode? node) =>
        node is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";

    private bool MessageContains(string text) => Message.IndexOf(text, StringComparison.OrdinalIgnoreCase) >= 0;
}
