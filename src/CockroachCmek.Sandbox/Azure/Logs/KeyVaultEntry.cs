using System.Net;
using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Azure.Logs;

/// <summary>One line of a key vault's audit log (category AuditEvent).</summary>
internal sealed record KeyVaultEntry(DateTimeOffset At, string KeyVaultId, string Operation, int Status, string Uri)
{
    private const string ObjectIdentifier = "http://schemas.microsoft.com/identity/claims/objectidentifier";

    /// <summary>The application that asked; null for a request without a token.</summary>
    public string? AppId { get; init; }

    public string? ObjectId { get; init; }

    /// <summary>The role assignment that allowed it.</summary>
    public string? Assignment { get; init; }

    /// <summary>The reason of a refusal.</summary>
    public string Reason { get; init; } = "";

    /// <summary>The key that the response named.</summary>
    public string KeyId { get; init; } = "";

    /// <summary>Whether the key version of the response is enabled; null if the response has none.</summary>
    public bool? Enabled { get; init; }

    /// <summary>True if it went to the service's own table.</summary>
    public bool IsDedicated { get; init; }

    public string CorrelationId { get; init; } = "";

    public string Signature => Status == 200 ? "OK" : ((HttpStatusCode)Status).ToString();

    /// <summary>The key of the response, as a dynamic column.</summary>
    public JsonObject KeyProperties() =>
        Enabled is { } enabled ? new JsonObject { ["attributes"] = new JsonObject { ["enabled"] = enabled } } : [];

    /// <summary>The claims of the token, as a dynamic column.</summary>
    public JsonObject Identity() =>
        AppId is null
            ? []
            : new JsonObject
            {
                ["claim"] = new JsonObject
                {
                    [ObjectIdentifier] = ObjectId,
                    ["appid"] = AppId,
                    ["oid"] = ObjectId,
                },
            };
}
