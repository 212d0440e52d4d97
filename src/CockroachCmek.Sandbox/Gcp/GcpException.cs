using System.Text;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>
/// An error that Google returns. Several statuses share an HTTP code, so only the status distinguishes them.
/// </summary>
internal sealed class GcpException(string status, string message, params JsonObject[] details) : Exception(message)
{
    public string Status { get; } = status;

    /// <summary>The number of the status in google.rpc.Code, which audit logs have.</summary>
    public int RpcCode =>
        Status switch
        {
            "INVALID_ARGUMENT" => 3,
            "NOT_FOUND" => 5,
            "ALREADY_EXISTS" => 6,
            "PERMISSION_DENIED" => 7,
            "RESOURCE_EXHAUSTED" => 8,
            "FAILED_PRECONDITION" => 9,
            "ABORTED" => 10,
            "OUT_OF_RANGE" => 11,
            "UNIMPLEMENTED" => 12,
            _ => 16,
        };

    public SandboxResponse ToResponse()
    {
        var code = Code(Status);
        return new SandboxResponse(
            code,
            Encoding.UTF8.GetBytes(Body(code, Status, Message, details).ToJsonString()),
            "application/json; charset=UTF-8"
        )
        {
            Headers = code == 401 ? [new("WWW-Authenticate", "Bearer realm=\"https://accounts.google.com/\"")] : [],
        };
    }

    /// <summary>The body of an injected failure.</summary>
    public static string InjectedBody(int http) =>
        Body(
                http,
                http switch
                {
                    401 => "UNAUTHENTICATED",
                    403 => "PERMISSION_DENIED",
                    404 => "NOT_FOUND",
                    409 => "ABORTED",
                    429 => "RESOURCE_EXHAUSTED",
                    503 => "UNAVAILABLE",
                    504 => "DEADLINE_EXCEEDED",
                    _ => "INTERNAL",
                },
                "The sandbox was told to fail.",
                []
            )
            .ToJsonString();

    public static GcpException Invalid(string message) => new("INVALID_ARGUMENT", message);

    /// <summary>INVALID_ARGUMENT for an unknown field or query parameter.</summary>
    public static GcpException UnknownName(string name, string at, string what)
    {
        var message =
            $"Invalid JSON payload received. Unknown name \"{name}\"{(at.Length > 0 ? $" at '{at}'" : "")}: {what}";
        return new GcpException(
            "INVALID_ARGUMENT",
            message,
            new JsonObject
            {
                ["@type"] = "type.googleapis.com/google.rpc.BadRequest",
                ["fieldViolations"] = new JsonArray(new JsonObject { ["field"] = at, ["description"] = message }),
            }
        );
    }

    public static GcpException NotFound(string what) => new("NOT_FOUND", $"{what} not found.");

    public static GcpException Exists(string name) => new("ALREADY_EXISTS", $"{name} already exists.");

    /// <summary>FAILED_PRECONDITION for a version that is not enabled.</summary>
    public static GcpException NotEnabled(CryptoKeyVersion version) =>
        new(
            "FAILED_PRECONDITION",
            $"{version.Name} is not enabled, current state is: {version.State}.",
            new JsonObject
            {
                ["@type"] = "type.googleapis.com/google.rpc.PreconditionFailure",
                ["violations"] = new JsonArray(
                    // The type for other states than DISABLED is guessed.
                    new JsonObject { ["type"] = "KEY_DISABLED", ["subject"] = version.Name }
                ),
            }
        );

    public static GcpException Precondition(string message, string? type = null, string? subject = null) =>
        type is null
            ? new GcpException("FAILED_PRECONDITION", message)
            : new GcpException(
                "FAILED_PRECONDITION",
                message,
                new JsonObject
                {
                    ["@type"] = "type.googleapis.com/google.rpc.PreconditionFailure",
                    ["violations"] = new JsonArray(
                        new JsonObject
                        {
                            ["type"] = type,
                            ["subject"] = subject,
                            ["description"] = message,
                        }
                    ),
                }
            );

    /// <summary>PERMISSION_DENIED, which Google also returns for a missing resource.</summary>
    public static GcpException Denied(string permission, string resource) =>
        new(
            "PERMISSION_DENIED",
            $"Permission '{permission}' denied on resource '{resource}' (or it may not exist).",
            ErrorInfo("IAM_PERMISSION_DENIED", Host(permission), ("permission", permission), ("resource", resource))
        );

    public static GcpException ServiceDisabled(string host, string title, string number)
    {
        var address = $"https://console.developers.google.com/apis/api/{host}/overview?project={number}";
        return new GcpException(
            "PERMISSION_DENIED",
            $"{title} has not been used in project {number} before or it is disabled. "
                + $"Enable it by visiting {address} then retry. If you enabled this API recently, wait a few minutes "
                + "for the action to propagate to our systems and retry.",
            ErrorInfo(
                "SERVICE_DISABLED",
                "googleapis.com",
                ("service", host),
                ("consumer", "projects/" + number),
                ("serviceTitle", title),
                ("containerInfo", number),
                ("activationUrl", address)
            ),
            new JsonObject
            {
                ["@type"] = "type.googleapis.com/google.rpc.Help",
                ["links"] = new JsonArray(
                    new JsonObject { ["description"] = "Google developers console API activation", ["url"] = address }
                ),
            }
        );
    }

    public static JsonObject ErrorInfo(string reason, string domain, params (string Key, string Value)[] metadata)
    {
        var values = new JsonObject();
        foreach (var (key, value) in metadata)
            values[key] = value;
        return new JsonObject
        {
            ["@type"] = "type.googleapis.com/google.rpc.ErrorInfo",
            ["reason"] = reason,
            ["domain"] = domain,
            ["metadata"] = values,
        };
    }

    private static string Host(string permission) =>
        permission.Split('.')[0] switch
        {
            "resourcemanager" => "cloudresourcemanager.googleapis.com",
            var service => service + ".googleapis.com",
        };

    private static JsonObject Body(int code, string status, string message, JsonObject[] details)
    {
        var error = new JsonObject
        {
            ["code"] = code,
            ["message"] = message,
            ["status"] = status,
        };
        if (details.Length > 0)
            error["details"] = new JsonArray([.. details.Select(d => (JsonNode)d.DeepClone())]);
        return new JsonObject { ["error"] = error };
    }

    /// <summary>The HTTP code of a status (google.rpc.Code).</summary>
    private static int Code(string status) =>
        status switch
        {
            "INVALID_ARGUMENT" or "FAILED_PRECONDITION" or "OUT_OF_RANGE" => 400,
            "UNAUTHENTICATED" => 401,
            "PERMISSION_DENIED" => 403,
            "NOT_FOUND" => 404,
            "ABORTED" or "ALREADY_EXISTS" => 409,
            "RESOURCE_EXHAUSTED" => 429,
            "UNIMPLEMENTED" => 501,
            _ => throw new InvalidOperationException("There is no HTTP status for " + status),
        };
}
