namespace CockroachCmek.Core.Cloud;

/// <summary>An entry of the organization's audit log in CockroachDB Cloud.</summary>
internal sealed record AuditEvent
{
    private const string Prefix = "AUDIT_LOG_ACTION_";

    /// <summary>The entry's id: a page may repeat an entry of the one before.</summary>
    public required string Id { get; init; }

    /// <summary>UUID of the cluster; empty when it is not about one.</summary>
    public required string ClusterId { get; init; }

    /// <summary>What was done, for example UPDATE_CMEK.</summary>
    public required string Action { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The user or service account, for people.</summary>
    public required string Author { get; init; }

    /// <summary>Why the attempt failed; empty when it succeeded.</summary>
    public required string Error { get; init; }

    /// <summary>What it was done through: API, CLI, UI, INTERNAL or MCP; empty when that is not told.</summary>
    public string Origin { get; init; } = "";

    /// <summary>False for a failed attempt.</summary>
    public bool Succeeded => Error.Length == 0;

    /// <summary>True when the action changes CMEK or the regions. Enabling has no action of its own.</summary>
    public bool ChangesCluster => Action is "UPDATE_CMEK" or "REVOKE_CMEK" or "UPDATE_CLUSTER";

    /// <summary>The action without the prefix that all of them have.</summary>
    public static string ShortAction(string action) =>
        action.StartsWith(Prefix, StringComparison.Ordinal) ? action.Substring(Prefix.Length) : action;
}

/// <summary>A page of the audit log (openapi.json, ListAuditLogsResponse).</summary>
internal sealed record WireAuditEvents(List<WireAuditEvent>? Entries, string? NextStartingFrom);

/// <summary>An entry of the audit log (openapi.json, AuditLogEntry).</summary>
internal sealed record WireAuditEvent(
    string? Id,
    string? Action,
    DateTimeOffset? CreatedAt,
    string? ClusterId,
    string? UserEmail,
    string? ServiceAccountName,
    string? Source,
    string? Error
)
{
    public AuditEvent ToModel() =>
        new()
        {
            Id = Id ?? "",
            ClusterId = ClusterId ?? "",
            Action = AuditEvent.ShortAction(Action ?? ""),
            CreatedAt = CreatedAt ?? DateTimeOffset.MinValue,
            Author =
                !string.IsNullOrEmpty(UserEmail) ? UserEmail!
                : !string.IsNullOrEmpty(ServiceAccountName) ? $"the service account '{ServiceAccountName}'"
                : "somebody",
            Origin = Source?.Substring(Source.LastIndexOf('_') + 1) ?? "",
            Error = Error ?? "",
        };
}
