using System.Net.Http;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// An answer of Google's that is no success, with the status and the details that the SDK's own exception drops. ALREADY_EXISTS and ABORTED
/// are both HTTP 409: <see cref="Status"/> tells them apart.
/// </summary>
internal sealed class GcpFault : Exception
{
    private GcpFault(int code, string status, string message, JsonArray details)
        : base(message)
    {
        Code = code;
        Status = status;
        Details = details;
    }

    /// <summary>HTTP status.</summary>
    public int Code { get; }

    /// <summary>Name of google.rpc.Code, for example NOT_FOUND; empty when the answer was not Google's.</summary>
    public string Status { get; }

    /// <summary>google.rpc.ErrorInfo, PreconditionFailure, ... as they came.</summary>
    public JsonArray Details { get; }

    /// <summary>Reason of google.rpc.ErrorInfo, for example SERVICE_DISABLED or IAM_PERMISSION_DENIED.</summary>
    public string Reason => (string?)DetailOf("ErrorInfo")?["reason"] ?? "";

    /// <summary>A value that google.rpc.ErrorInfo tells about the fault, for example the service or the permission.</summary>
    public string? Metadata(string name) => (string?)(DetailOf("ErrorInfo")?["metadata"] as JsonObject)?[name];

    /// <summary>The constraint of the organization that stands against the call, for example constraints/iam.allowedPolicyMemberDomains; null when none does.</summary>
    public string? Constraint =>
        (DetailOf("PreconditionFailure")?["violations"] as JsonArray ?? [])
            .OfType<JsonObject>()
            .Select(v => (string?)v["type"])
            .FirstOrDefault(t => t is not null && t.StartsWith("constraints/", StringComparison.Ordinal))
        // The same refusal without details, in the words of Google's knowledge base (article 000004666).
        ?? (
            Code == 400
            && Message.IndexOf("do not belong to a permitted customer", StringComparison.OrdinalIgnoreCase) >= 0
                ? GcpOrganizationChecks.MemberConstraint
                : null
        );

    /// <summary>Reads a refusal, whoever it is from: a proxy's page of HTML has neither status nor details.</summary>
    public static GcpFault From(HttpResponseMessage response, string body)
    {
        try
        {
            if (JsonNode.Parse(body) is JsonObject root && root["error"] is JsonObject error)
                return new GcpFault(
                    (int)response.StatusCode,
                    (string?)error["status"] ?? "",
                    (string?)error["message"] ?? "",
                    error["details"] as JsonArray ?? []
                );
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or FormatException)
        {
            // Not Google's JSON: what is left is the HTTP status.
        }

        return new GcpFault(
            (int)response.StatusCode,
            "",
            $"HTTP {(int)response.StatusCode} {response.ReasonPhrase}",
            []
        );
    }

    private JsonObject? DetailOf(string type) =>
        Details
            .OfType<JsonObject>()
            .FirstOrDefault(d =>
                ((string?)d["@type"])?.EndsWith($"/google.rpc.{type}", StringComparison.Ordinal) == true
            );
}
