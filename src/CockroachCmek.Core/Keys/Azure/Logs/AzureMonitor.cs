using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Azure.Core;

namespace CockroachCmek.Core.Keys.Azure.Logs;

/// <summary>
/// The calls of Azure Monitor that evidence needs: where logs go, what they say, and the activity log.
/// </summary>
internal interface IAzureMonitor
{
    /// <summary>The diagnostic settings of a resource.</summary>
    Task<IReadOnlyList<AzureDiagnosticSetting>> ListSettingsAsync(
        string resourceId,
        CancellationToken cancellationToken
    );

    Task<AzureLogWorkspace> GetWorkspaceAsync(string id, CancellationToken cancellationToken);

    /// <summary>Writes on the control plane of a subscription, newest first.</summary>
    /// <param name="subscription">The subscription, as the beginning of a resource's id.</param>
    /// <param name="from">The oldest time, at most 90 days ago.</param>
    /// <param name="filter">One more condition: the API allows no other syntax.</param>
    Task<IReadOnlyList<AzureActivity>> ListActivitiesAsync(
        string subscription,
        DateTimeOffset from,
        string filter,
        CancellationToken cancellationToken
    );

    /// <summary>Runs a query in a workspace.</summary>
    Task<AzureQueryResult> QueryAsync(string customerId, string query, CancellationToken cancellationToken);
}

/// <summary>Azure Monitor's REST APIs. Versions: Azure/azure-rest-api-specs, monitor and operationalinsights.</summary>
internal sealed class AzureMonitor(AzureCloud cloud, AzureRest arm, AzureRest logs) : IAzureMonitor
{
    private const string Settings = "2021-05-01-preview";
    private const string Workspaces = "2023-09-01";
    private const string Activities = "2015-04-01";

    public Task<IReadOnlyList<AzureDiagnosticSetting>> ListSettingsAsync(
        string resourceId,
        CancellationToken cancellationToken
    ) =>
        arm.ListAsync<AzureDiagnosticSetting>(
            new Uri(cloud.Arm, $"{resourceId}/providers/Microsoft.Insights/diagnosticSettings?api-version={Settings}"),
            cancellationToken
        );

    public async Task<AzureLogWorkspace> GetWorkspaceAsync(string id, CancellationToken cancellationToken)
    {
        var found = await arm.GetAsync<AzureLogWorkspace>(
            new Uri(cloud.Arm, $"{id}?api-version={Workspaces}"),
            cancellationToken
        );
        return found.Properties?.CustomerId is { Length: > 0 }
            ? found
            : throw new JsonException("the workspace has no customerId");
    }

    public Task<IReadOnlyList<AzureActivity>> ListActivitiesAsync(
        string subscription,
        DateTimeOffset from,
        string filter,
        CancellationToken cancellationToken
    )
    {
        var condition = $"eventTimestamp ge '{Time(from)}' and {filter}";
        return arm.ListAsync<AzureActivity>(
            new Uri(
                cloud.Arm,
                $"{subscription}/providers/Microsoft.Insights/eventtypes/management/values"
                    + $"?$filter={Uri.EscapeDataString(condition)}&api-version={Activities}"
            ),
            cancellationToken
        );
    }

    public Task<AzureQueryResult> QueryAsync(string customerId, string query, CancellationToken cancellationToken) =>
        logs.SendAsync<AzureQueryResult>(
            RequestMethod.Post,
            new Uri(cloud.Logs, $"v1/workspaces/{customerId}/query"),
            new { query },
            cancellationToken
        );

    /// <summary>A time as queries and filters write it.</summary>
    public static string Time(DateTimeOffset time) =>
        time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
}

/// <summary>Which logs of a resource go where. Destinations that are not set are null or empty.</summary>
internal sealed record AzureDiagnosticSetting(string Name, AzureDiagnosticSettingProperties? Properties)
{
    private static readonly string[] Audit = ["AuditEvent", "audit", "allLogs"];

    /// <summary>True when the audit log of a Key Vault is among the logs.</summary>
    public bool HasAudit =>
        Properties?.Logs?.Any(l =>
            l.Enabled
            && Audit.Any(a => AzureScope.Same(a, l.Category ?? "") || AzureScope.Same(a, l.CategoryGroup ?? ""))
        ) == true;

    /// <summary>The workspace that the logs go to; null when they go to none.</summary>
    public string? WorkspaceId => Properties?.WorkspaceId is { Length: > 0 } id ? id : null;

    /// <summary>Where else the logs go, for people.</summary>
    public IEnumerable<string> OtherDestinations
    {
        get
        {
            if (Properties?.StorageAccountId is { Length: > 0 } storage)
                yield return $"the storage account {storage.Split('/').Last()}";
            if (Properties?.EventHubAuthorizationRuleId is { Length: > 0 })
                yield return "an event hub";
            if (Properties?.MarketplacePartnerId is { Length: > 0 })
                yield return "a partner solution";
        }
    }
}

internal sealed record AzureDiagnosticSettingProperties
{
    public string? WorkspaceId { get; init; }

    public string? StorageAccountId { get; init; }

    public string? EventHubAuthorizationRuleId { get; init; }

    public string? MarketplacePartnerId { get; init; }

    public IReadOnlyList<AzureDiagnosticLog>? Logs { get; init; }
}

internal sealed record AzureDiagnosticLog(string? Category, string? CategoryGroup, bool Enabled);

/// <summary>A Log Analytics workspace.</summary>
internal sealed record AzureLogWorkspace(string Id, string Name, AzureLogWorkspaceProperties? Properties)
{
    /// <summary>The id that queries address it by.</summary>
    public string CustomerId => Properties!.CustomerId!;

    /// <summary>How long it keeps entries. Default of the pricing tiers of today: 30 days.</summary>
    public int RetentionDays => Properties?.RetentionInDays ?? 30;

    /// <summary>
    /// True when entries may be missing: the workspace stops accepting them for the rest of a day at a cap, or has
    /// stopped.
    /// </summary>
    public bool MayDropEntries =>
        Properties?.WorkspaceCapping is { } capping
        && (
            capping.DailyQuotaGb > 0
            || capping.DataIngestionStatus is "OverQuota" or "ForceOff" or "SubscriptionSuspended"
        );
}

internal sealed record AzureLogWorkspaceProperties(string? CustomerId, int? RetentionInDays)
{
    public AzureWorkspaceCapping? WorkspaceCapping { get; init; }
}

/// <summary>How much a workspace accepts in a day; -1 for any amount.</summary>
internal sealed record AzureWorkspaceCapping(double? DailyQuotaGb, string? DataIngestionStatus);

/// <summary>An entry of the activity log.</summary>
internal sealed record AzureActivity
{
    public DateTimeOffset EventTimestamp { get; init; }

    public AzureText? OperationName { get; init; }

    public string? ResourceId { get; init; }

    /// <summary>Started, Accepted, Succeeded or Failed.</summary>
    public AzureText? Status { get; init; }

    public AzureText? SubStatus { get; init; }

    /// <summary>The user's name, or the object id of an application.</summary>
    public string? Caller { get; init; }

    public string? CorrelationId { get; init; }

    public JsonObject? Properties { get; init; }

    public string Operation => OperationName?.Value ?? "";

    public bool HasSucceeded => AzureScope.Same(Status?.Value ?? "", "Succeeded");

    public bool HasFailed => AzureScope.Same(Status?.Value ?? "", "Failed");
}

/// <summary>A text with its translation.</summary>
internal sealed record AzureText(string? Value);

/// <summary>The result of a query. A query that was cut short has status 200 and an error beside its rows.</summary>
internal sealed record AzureQueryResult(IReadOnlyList<AzureQueryTable>? Tables, AzureQueryError? Error)
{
    /// <summary>True when there are rows that are missing.</summary>
    public bool IsPartial => Error is not null;

    /// <summary>Each row, by the names of its columns.</summary>
    public IReadOnlyList<AzureQueryRow> Rows =>
        Tables is [{ Columns: { } columns, Rows: { } rows }, ..]
            ?
            [
                .. rows.Select(r => new AzureQueryRow(
                    columns
                        .Select((column, i) => (column.Name, Value: i < r.Count ? r[i] : default))
                        .ToDictionary(c => c.Name, c => c.Value)
                )),
            ]
            : [];
}

internal sealed record AzureQueryTable(
    IReadOnlyList<AzureQueryColumn>? Columns,
    IReadOnlyList<IReadOnlyList<JsonElement>>? Rows
);

internal sealed record AzureQueryColumn(string Name);

internal sealed record AzureQueryError(string? Code, string? Message);

/// <summary>A row of a result.</summary>
internal sealed class AzureQueryRow(IReadOnlyDictionary<string, JsonElement> values)
{
    /// <summary>A text; empty when it is missing or null.</summary>
    public string Text(string name) =>
        values.TryGetValue(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    /// <summary>A whole number; null when it is missing. Log Analytics writes long values as numbers.</summary>
    public long? Number(string name) =>
        values.TryGetValue(name, out var value) && value.ValueKind == JsonValueKind.Number ? (long)value.GetDouble()
        : long.TryParse(Text(name), NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number
        : null;

    public DateTimeOffset? Time(string name) =>
        DateTimeOffset.TryParse(
            Text(name),
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var time
        )
            ? time
            : null;
}
