using System.Text;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>A refusal in Google's terms. Two statuses share HTTP 409 and two share 400: only the status's name tells them apart.</summary>
internal sealed class GcpFault(string status, string message, params JsonObject[] details) : Exception(message)
{
    public string Status { get; } = status;

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

    /// <summary>What a fault rule's status looks like coming from Google.</summary>
    public static string Injected(int http) =>
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

    public static GcpFault Invalid(string message) => new("INVALID_ARGUMENT", message);

    /// <summary>A name that the request's message does not have.</summary>
    public static GcpFault UnknownName(string name, string at, string what)
    {
        var message =
            $"Invalid JSON payload received. Unknown name \"{name}\"{(at.Length > 0 ? $" at '{at}'" : "")}: {what}";
        return new GcpFault(
            "INVALID_ARGUMENT",
            message,
            new JsonObject
            {
                ["@type"] = "type.googleapis.com/google.rpc.BadRequest",
                ["fieldViolations"] = new JsonArray(new JsonObject { ["field"] = at, ["description"] = message }),
            }
        );
    }

    public static GcpFault NotFound(string what) => new("NOT_FOUND", $"{what} not found.");

    public static GcpFault Exists(string name) => new("ALREADY_EXISTS", $"{name} already exists.");

    public static GcpFault Precondition(string message, string? type = null, string? subject = null) =>
        type is null
            ? new GcpFault("FAILED_PRECONDITION", message)
            : new GcpFault(
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

    /// <summary>Google does not tell a missing permission from a missing resource.</summary>
    public static GcpFault Denied(string permission, string resource) =>
        new(
            "PERMISSION_DENIED",
            $"Permission '{permission}' denied on resource '{resource}' (or it may not exist).",
            ErrorInfo("IAM_PERMISSION_DENIED", Host(permission), ("permission", permission), ("resource", resource))
        );

    public static GcpFault ServiceDisabled(string host, string title, string number)
    {
        var address = $"https://console.developers.google.com/apis/api/{host}/overview?project={number}";
        return new GcpFault(
            "PERMISSION_DENIED",
            $"{title} has not been used in project {number} before or it is disabled. Enable it by visiting {address} then retry.",
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

    /// <summary>google.rpc.Code's HTTP mapping.</summary>
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
            _ => throw new InvalidOperationException("no HTTP status for " + status),
        };
}
