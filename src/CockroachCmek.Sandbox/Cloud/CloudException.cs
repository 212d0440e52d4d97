using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Cloud;

/// <summary>An error of the Cloud API: an HTTP status, and grpc-gateway's body with the gRPC code.</summary>
internal sealed class CloudException(int status, int code, string message) : Exception(message)
{
    /// <summary>Seconds; null for none.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>The body is a page of HTML, as a load balancer writes it.</summary>
    public bool IsHtml { get; init; }

    public static CloudException InvalidArgument(string message) => new(400, 3, message);

    public static CloudException FailedPrecondition(string message) => new(400, 9, message);

    public static CloudException Unauthorized() => new(401, 16, "unauthorized");

    public static CloudException Forbidden() =>
        new(403, 7, "permission denied: the service account lacks the role CLUSTER_ADMIN or CLUSTER_OPERATOR_WRITER");

    public static CloudException NotFound(string message) => new(404, 5, message);

    public SandboxResponse ToResponse() => IsHtml ? Html() : Json();

    private SandboxResponse Html() =>
        new(
            status,
            Encoding.UTF8.GetBytes($"<html><head><title>{status}</title></head><body><h1>{Message}</h1></body></html>"),
            "text/html; charset=UTF-8"
        );

    private SandboxResponse Json() =>
        new(
            status,
            Encoding.UTF8.GetBytes(
                new JsonObject
                {
                    ["code"] = code,
                    ["message"] = Message,
                    ["details"] = new JsonArray(),
                }.ToJsonString()
            ),
            "application/json"
        )
        {
            Headers = RetryAfter is { } seconds
                ? [new("Retry-After", seconds.ToString(CultureInfo.InvariantCulture))]
                : [],
        };
}
