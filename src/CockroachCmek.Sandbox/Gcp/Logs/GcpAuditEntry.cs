using System.Globalization;
using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Gcp.Logs;

/// <summary>One audited call. The log keeps this and writes the JSON only for whoever reads it.</summary>
/// <param name="Number">Its place in the log.</param>
/// <param name="Time">When the call was made.</param>
/// <param name="Container">The project, folder or organization whose log it is in.</param>
/// <param name="Service">For example cloudkms.googleapis.com.</param>
/// <param name="Method">For example Decrypt.</param>
/// <param name="LogType">ADMIN_WRITE, ADMIN_READ or DATA_READ.</param>
/// <param name="Resource">The resource name.</param>
/// <param name="Principal">The caller's e-mail address.</param>
internal sealed record GcpAuditEntry(
    int Number,
    DateTimeOffset Time,
    string Container,
    string Service,
    string Method,
    string LogType,
    string Resource,
    string Principal
) : IConstant
{
    private const string AuditLog = "type.googleapis.com/google.cloud.audit.AuditLog";

    /// <summary>The account that impersonates the caller; null without one.</summary>
    public string? Delegate { get; init; }

    /// <summary>The google.rpc.Code of a refused call; zero of one that succeeded.</summary>
    public int Code { get; init; }

    /// <summary>Why it was refused.</summary>
    public string Message { get; init; } = "";

    /// <summary>Fields of the request, as JSON; null if none are logged.</summary>
    public string? Request { get; init; }

    /// <summary>What a SetIamPolicy changed, as JSON; null for other calls.</summary>
    public string? PolicyDelta { get; init; }

    /// <summary>The service account that the call is about; null for another resource.</summary>
    public (string Email, string UniqueId)? Account { get; init; }

    /// <summary>Admin Activity is always logged and kept for 400 days; the rest is Data Access.</summary>
    public bool IsActivity => LogType == "ADMIN_WRITE";

    public JsonObject ToJson(TimeSpan delay)
    {
        var json = new JsonObject
        {
            ["logName"] = $"{Container}/logs/cloudaudit.googleapis.com%2F{(IsActivity ? "activity" : "data_access")}",
            ["resource"] = ResourceJson(),
            ["timestamp"] = GcpTime.Write(Time),
            ["receiveTimestamp"] = GcpTime.Write(Time + delay),
            ["severity"] =
                Code != 0 ? "ERROR"
                : IsActivity ? "NOTICE"
                : "INFO",
            ["insertId"] = "sandbox" + Number.ToString("x8", CultureInfo.InvariantCulture),
            ["protoPayload"] = Payload(),
        };
        return json;
    }

    private JsonObject Payload()
    {
        var authentication = new JsonObject { ["principalEmail"] = Principal };
        if (Delegate is not null)
            authentication["serviceAccountDelegationInfo"] = new JsonArray(
                new JsonObject { ["firstPartyPrincipal"] = new JsonObject { ["principalEmail"] = Delegate } }
            );
        var status = new JsonObject();
        if (Code != 0)
            (status["code"], status["message"]) = (Code, Message);
        var payload = new JsonObject
        {
            ["@type"] = AuditLog,
            ["status"] = status,
            ["authenticationInfo"] = authentication,
            ["requestMetadata"] = new JsonObject
            {
                ["callerIp"] = "192.0.2.1",
                ["callerSuppliedUserAgent"] = "sandbox",
            },
            ["serviceName"] = Service,
            ["methodName"] = Method,
            ["resourceName"] = ShownResource,
        };
        if (Request is not null)
            payload["request"] = JsonNode.Parse(Request);
        if (PolicyDelta is not null)
            payload["serviceData"] = new JsonObject
            {
                ["@type"] = "type.googleapis.com/google.iam.v1.logging.AuditData",
                ["policyDelta"] = JsonNode.Parse(PolicyDelta),
            };
        return payload;
    }

    /// <summary>Some entries name the project by its number.</summary>
    private string ShownResource =>
        Account is { } account ? "projects/-/serviceAccounts/" + account.UniqueId
        : Number % 3 == 0 ? GcpHierarchy.WithNumber(Resource)
        : Resource;

    private JsonObject ResourceJson()
    {
        var segments = Resource.Split('/');
        var labels = new JsonObject();
        if (Container.StartsWith("projects/", StringComparison.Ordinal))
            labels["project_id"] = Container.Split('/')[1];
        if (Account is { } account)
            (labels["email_id"], labels["unique_id"]) = (account.Email, account.UniqueId);
        for (var i = 2; i + 1 < segments.Length; i += 2)
            if (Label(segments[i]) is { } label)
                labels[label] = segments[i + 1];
        return new JsonObject { ["type"] = TypeOf(segments), ["labels"] = labels };
    }

    private string TypeOf(string[] segments) =>
        Account is not null ? "service_account"
        : segments.Contains("cryptoKeyVersions") ? "cloudkms_cryptokeyversion"
        : segments.Contains("cryptoKeys") ? "cloudkms_cryptokey"
        : segments.Contains("keyRings") ? "cloudkms_keyring"
        : segments[0].TrimEnd('s');

    private static string? Label(string collection) =>
        collection switch
        {
            "locations" => "location",
            "keyRings" => "key_ring_id",
            "cryptoKeys" => "crypto_key_id",
            "cryptoKeyVersions" => "crypto_key_version_id",
            _ => null,
        };
}
