using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Report;

/// <summary>Who made a report, when, and with what.</summary>
internal sealed record ReportOrigin
{
    /// <summary>The user and the computer.</summary>
    public string User { get; init; } = $"{Environment.UserName}@{Environment.MachineName}";

    /// <summary>Version of the module.</summary>
    public string ModuleVersion { get; init; } =
        typeof(ReportOrigin).Assembly.GetName().Version?.ToString(fieldCount: 3) ?? "";

    /// <summary>When the report was begun.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When everything was read.</summary>
    public required DateTimeOffset FinishedAt { get; init; }

    /// <summary>The sessions with CockroachDB Cloud.</summary>
    public required IReadOnlyList<CrdbSession> Sessions { get; init; }

    /// <summary>The identities in the customer's clouds, by cloud; none where they could not be read.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Callers { get; init; }

    /// <summary>The limit for the age of keys; null for none.</summary>
    public TimeSpan? MaxKeyAge { get; init; }

    /// <summary>Clusters that were asked for and could not be found or read at all, with the reason.</summary>
    public required IReadOnlyList<(string Cluster, CmekException Error)> Missing { get; init; }

    /// <summary>The origin as the report keeps it.</summary>
    public JsonObject Write() =>
        new()
        {
            ["startedAt"] = ReportClusters.Time(StartedAt),
            ["finishedAt"] = ReportClusters.Time(FinishedAt),
            ["user"] = ReportClusters.Text(User),
            ["moduleVersion"] = ModuleVersion,
            ["maxKeyAgeInDays"] = MaxKeyAge is { } limit ? (long)limit.TotalDays : null,
            ["sessions"] = new JsonArray([.. Sessions.Select(Write)]),
            ["callers"] = new JsonObject([
                .. Callers.Select(c => new KeyValuePair<string, JsonNode?>(
                    c.Key,
                    ReportClusters.Value(c.Value.ToArray())
                )),
            ]),
            ["missingClusters"] = new JsonArray([
                .. Missing.Select(m => new JsonObject
                {
                    ["cluster"] = ReportClusters.Text(m.Cluster),
                    ["why"] = ReportClusters.Text(m.Error.Message),
                    ["remedy"] = ReportClusters.Text(m.Error.RecommendedAction),
                }),
            ]),
        };

    private static JsonNode Write(CrdbSession session) =>
        new JsonObject
        {
            ["endpoint"] = session.Endpoint.ToString(),
            ["organizationId"] = session.OrganizationId is { } id ? ReportClusters.Text(id) : null,
            ["organizationName"] = session.OrganizationName is { } name ? ReportClusters.Text(name) : null,
            ["isSandbox"] = session.IsSandbox,
        };
}
