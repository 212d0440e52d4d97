using System.Net.Http;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// A refusal from Google Cloud, with the status and the details that the SDK's own exception drops. ALREADY_EXISTS and
/// ABORTED are both HTTP 409: <see cref="Status"/> tells them apart.
/// </summary>
internal sealed class GcpException : Exception
{
    private GcpException(int code, string status, string message, JsonArray details)
        : base(message)
    {
        Code = code;
        Status = status;
        Details = details;
    }

    /// <summary>HTTP status.</summary>
    public int Code { get; }

    /// <summary>Name of the google.rpc.Code, for example NOT_FOUND; empty when the response was not Google's.</summary>
    public string Status { get; }

    /// <summary>google.rpc.ErrorInfo, PreconditionFailure and others, as they came.</summary>
    public JsonArray Details { get; }

    /// <summary>Reason in google.rpc.ErrorInfo, for example SERVICE_DISABLED or IAM_PERMISSION_DENIED.</summary>
    public string Reason => (string?)FindDetail("ErrorInfo")?["reason"] ?? "";

    /// <summary>The organization policy constraint that forbids the call; null when none does.</summary>
    /// <example>constraints/iam.allowedPolicyMemberDomains</example>
    public string? Constraint =>
        (FindDetail("PreconditionFailure")?["violations"] as JsonArray ?? [])
            .OfType<JsonObject>()
            .Select(v => (string?)v["type"])
            .FirstOrDefault(t => t is not null && t.StartsWith("constraints/", StringComparison.Ordinal))
        ?? (IsMemberRefusedInWords ? GcpAccountChecks.MemberConstraint : null);

    /// <summary>
    /// The member constraint's refusal may come without details (Google's knowledge base, article 000004666).
    /// </summary>
    private bool IsMemberRefusedInWords =>
        Code == 400
        && Message.IndexOf("do not belong to a permitted customer", StringComparison.OrdinalIgnoreCase) >= 0;

    /// <summary>A value in google.rpc.ErrorInfo, for example the service or the permission; null without one.</summary>
    public string? Metadata(string name) => (string?)(FindDetail("ErrorInfo")?["metadata"] as JsonObject)?[name];

    /// <summary>Reads a refusal from any sender: an HTML page of a proxy has neither status nor details.</summary>
    public static GcpException From(HttpResponseMessage response, string body)
    {
        var code = (int)response.StatusCode;
        try
        {
            if (JsonNode.Parse(body) is JsonObject root && root["error"] is JsonObject error)
                return new GcpException(
                    code,
                    (string?)error["status"] ?? "",
                    (string?)error["message"] ?? "",
                    error["details"] as JsonArray ?? []
                );
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException)
        {
            // Not Google's JSON: only the HTTP status can be reported.
        }

        return new GcpException(code, "", $"HTTP {code} {response.ReasonPhrase}", []);
    }

    private JsonObject? FindDetail(string type) =>
        Details
            .OfType<JsonObject>()
            .FirstOrDefault(d =>
                ((string?)d["@type"])?.EndsWith($"/google.rpc.{type}", StringComparison.Ordinal) == true
            );
}
