using System.Globalization;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Gcp.Logs;

/// <summary>An entry of an audit log: a call to a service, who made it, and what became of it.</summary>
internal sealed record GcpLogEntry
{
    /// <summary>When, UTC.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The method without its package: Decrypt, DisableServiceAccount.</summary>
    public required string Method { get; init; }

    /// <summary>The resource name. It names the project by its id or its number.</summary>
    public required string Resource { get; init; }

    /// <summary>The address of the caller.</summary>
    public required string Principal { get; init; }

    /// <summary>The accounts that acted as the caller.</summary>
    public required IReadOnlyList<string> Delegates { get; init; }

    /// <summary>The google.rpc.Code; zero for a call that was served.</summary>
    public int Code { get; init; }

    /// <summary>The only id of an entry.</summary>
    public string InsertId { get; init; } = "";

    /// <summary>The logged fields of the request.</summary>
    public JsonObject Request { get; init; } = [];

    /// <summary>What a SetIamPolicy changed, for people: "ADD roles/viewer user:a@example.com".</summary>
    public IReadOnlyList<string> Changes { get; init; } = [];

    /// <summary>True for a call that was refused. A failure of the service itself says nothing about access.</summary>
    public bool IsRefused => Code is 3 or 5 or 7 or 9 or 16;

    /// <summary>The number of the version that the resource name has; empty without one.</summary>
    public string Version => Resource.Split('/') is [.., "cryptoKeyVersions", var version] ? version : "";

    /// <summary>The name of the code (google/rpc/code.proto).</summary>
    public string CodeName =>
        Code switch
        {
            3 => "INVALID_ARGUMENT",
            5 => "NOT_FOUND",
            6 => "ALREADY_EXISTS",
            7 => "PERMISSION_DENIED",
            8 => "RESOURCE_EXHAUSTED",
            9 => "FAILED_PRECONDITION",
            10 => "ABORTED",
            16 => "UNAUTHENTICATED",
            _ => "code " + Code.ToString(CultureInfo.InvariantCulture),
        };

    /// <summary>Reads an entry; null for one that is not of an audit log.</summary>
    public static GcpLogEntry? Parse(JsonObject entry)
    {
        if (
            entry["protoPayload"] is not JsonObject payload
            || !DateTimeOffset.TryParse(
                Text(entry["timestamp"]),
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal,
                out var time
            )
        )
            return null;
        var authentication = payload["authenticationInfo"] as JsonObject;
        return new GcpLogEntry
        {
            Time = time.ToUniversalTime(),
            Method = Text(payload["methodName"]).Split('.').Last(),
            Resource = Text(payload["resourceName"]),
            Principal = Text(authentication?["principalEmail"]),
            Delegates =
            [
                .. Items(authentication?["serviceAccountDelegationInfo"])
                    .Select(d => Text((d["firstPartyPrincipal"] as JsonObject)?["principalEmail"]))
                    .Where(email => email.Length > 0),
            ],
            Code = int.TryParse(Text((payload["status"] as JsonObject)?["code"]), out var code) ? code : 0,
            InsertId = Text(entry["insertId"]),
            Request = payload["request"] as JsonObject ?? [],
            Changes = [.. ChangesOf(((payload["serviceData"] as JsonObject)?["policyDelta"] as JsonObject) ?? [])],
        };
    }

    private static IEnumerable<string> ChangesOf(JsonObject delta) =>
        Items(delta["bindingDeltas"])
            .Select(d => $"{Text(d["action"])} {Text(d["role"])} {Text(d["member"])}")
            .Concat(
                Items(delta["auditConfigDeltas"])
                    .Select(d =>
                        $"{Text(d["action"])} {Text(d["logType"])} of {Text(d["service"])} {Text(d["exemptedMember"])}"
                    )
            )
            .Select(text => text.Trim());

    private static IEnumerable<JsonObject> Items(JsonNode? list) => (list as JsonArray ?? []).OfType<JsonObject>();

    private static string Text(JsonNode? node) => node is JsonValue value ? value.ToString() : "";
}
