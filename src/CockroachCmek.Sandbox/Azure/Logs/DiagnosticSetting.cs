using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Azure.Logs;

/// <summary>Which logs of a resource go where.</summary>
internal sealed record DiagnosticSetting(string Scope, string Name, DateTimeOffset Created)
{
    /// <summary>The categories and groups of categories that are enabled.</summary>
    public IReadOnlyList<string> Enabled { get; init; } = [];

    public string? WorkspaceId { get; init; }

    public string? StorageAccountId { get; init; }

    public string? EventHubRuleId { get; init; }

    /// <summary>True for a table of the service's own, false for the shared one.</summary>
    public bool IsDedicated { get; init; }

    /// <summary>The logs as they were sent, as JSON.</summary>
    public string Logs { get; init; } = "[]";

    public string Id => $"{Scope}/providers/{ArmDiagnosticSettings.Type}/{Name}";

    public bool HasAudit => Enabled.Any(c => c is "AuditEvent" or "audit" or "allLogs");

    /// <summary>Destinations that are not set are empty, not missing (listDiagnosticSettings.json).</summary>
    public JsonObject Json() =>
        new()
        {
            ["id"] = Id.ToLowerInvariant(),
            ["type"] = ArmDiagnosticSettings.Type,
            ["name"] = Name,
            ["properties"] = new JsonObject
            {
                ["storageAccountId"] = StorageAccountId ?? "",
                ["workspaceId"] = WorkspaceId ?? "",
                ["eventHubAuthorizationRuleId"] = EventHubRuleId ?? "",
                ["eventHubName"] = "",
                ["metrics"] = new JsonArray(),
                ["logs"] = JsonNode.Parse(Logs),
                ["logAnalyticsDestinationType"] = IsDedicated ? "Dedicated" : null,
            },
        };
}
