using System.Net.Http;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// A refusal from Google Cloud, with the status and the details that the SDK's own exception drops. ALREADY_EXISTS and
/// ABORTED are both HTTP 409: <see cref="Status"/> tells them apart.
/// </summary>
internal sealed class GcpException : Exception
{
    private static readonly Regex ConstraintInWords = new(
        @"constraints/[a-zA-Z]+(\.[a-zA-Z]+)+|customConstraints/custom\.\w+",
        RegexOptions.CultureInvariant
    );
    private static readonly Regex PerimeterInWords = new(
        @"vpcServiceControlsUniqueIdentifier:\s*(?<id>[\w-]+)",
        RegexOptions.CultureInvariant
    );

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

    /// <summary>The organization policy constraint that denies the call; null when none does.</summary>
    /// <remarks>
    /// Classic constraints come in PreconditionFailure, managed and custom ones in ErrorInfo
    /// (docs.cloud.google.com/iam/docs/troubleshoot-org-policies). The text may be all there is.
    /// </remarks>
    /// <example>constraints/iam.allowedPolicyMemberDomains</example>
    public string? Constraint =>
        Violations.Select(v => (string?)v["type"]).FirstOrDefault(IsConstraint)
        ?? (Reason == "CUSTOM_ORG_POLICY_VIOLATION" ? CustomConstraint : null)
        ?? (
            Status == "FAILED_PRECONDITION" && ConstraintInWords.Match(Message) is { Success: true } match
                ? match.Value
                : null
        )
        ?? (IsMemberRefusedInWords ? GcpConstraints.MemberDomains : null);

    /// <summary>
    /// The project, id or number, whose organization policy denies the call; null when it is not named.
    /// </summary>
    /// <example>orgpolicy:projects/my-project?configvalue=x, the subject of a violation.</example>
    public string? ConstrainedProject =>
        Violations
            .Select(v => ((string?)v["subject"] ?? "").Split('/', '?'))
            .Where(s => s.Length > 1 && s[0] == "orgpolicy:projects")
            .Select(s => s[1])
            .FirstOrDefault();

    /// <summary>
    /// The unique identifier with which VPC Service Controls refused the call; empty when it is not given, null when
    /// they did not refuse it.
    /// </summary>
    /// <remarks>
    /// Source: docs.cloud.google.com/vpc-service-controls/docs/troubleshooting, google/api/error_reason.proto.
    /// </remarks>
    public string? PerimeterRefusal
    {
        get
        {
            var violation = Violations.FirstOrDefault(v =>
                ((string?)v["type"] ?? "").Replace(' ', '_') == "VPC_SERVICE_CONTROLS"
            );
            var inWords = PerimeterInWords.Match(Message);
            if (Reason != "SECURITY_POLICY_VIOLATED" && violation is null && !inWords.Success)
                return null;
            return Metadata("uid") ?? (string?)violation?["description"] ?? inWords.Groups["id"].Value;
        }
    }

    private string CustomConstraint =>
        Metadata("customConstraints") is { Length: > 0 } named ? named
        : ConstraintInWords.Match(Message) is { Success: true } match ? match.Value
        : "customConstraints";

    private IEnumerable<JsonObject> Violations =>
        (FindDetail("PreconditionFailure")?["violations"] as JsonArray ?? []).OfType<JsonObject>();

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

    private static bool IsConstraint(string? type) =>
        type is not null
        && (
            type.StartsWith("constraints/", StringComparison.Ordinal)
            || type.StartsWith("customConstraints/", StringComparison.Ordinal)
        );

    private JsonObject? FindDetail(string type) =>
        Details
            .OfType<JsonObject>()
            .FirstOrDefault(d =>
                ((string?)d["@type"])?.EndsWith($"/google.rpc.{type}", StringComparison.Ordinal) == true
            );
}
