namespace CockroachCmek.Core.Cloud;

/// <summary>An entry of the organization's audit log in CockroachDB Cloud.</summary>
internal sealed record AuditEvent
{
    private const string Prefix = "AUDIT_LOG_ACTION_";

    /// <summary>UUID of the cluster; empty when it is not about one.</summary>
    public required string ClusterId { get; init; }

    /// <summary>What was done, for example UPDATE_CMEK.</summary>
    public required string Action { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The user or service account, for people.</summary>
    public required string Author { get; init; }

    /// <summary>False for a failed attempt.</summary>
    public required bool Succeeded { get; init; }

    /// <summary>True when the action changes CMEK or the regions. Enabling has no action of its own.</summary>
    public bool ChangesCluster => Action is "UPDATE_CMEK" or "REVOKE_CMEK" or "UPDATE_CLUSTER";

    /// <summary>The action without the prefix that all of them have.</summary>
    public static string ShortAction(string action) =>
        action.StartsWith(Prefix, StringComparison.Ordinal) ? action.Substring(Prefix.Length) : action;
}

/// <summary>A page of the audit log (openapi.json, ListAuditLogsResponse).</summary>
internal sealed record WireAuditEvents(List<WireAuditEvent>? Entries);

/// <summary>An entry of the audit log (openapi.json, AuditLogEntry).</summary>
internal sealed record WireAuditEvent(
    string? Action,
    DateTimeOffset? CreatedAt,
    string? ClusterId,
    string? UserEmail,
    string? ServiceAccountName,
    string? Error
)
{
    public AuditEvent ToModel() =>
        new()
        {
            ClusterId = ClusterId ?? "",
            Action = AuditEvent.ShortAction(Action ?? ""),
            CreatedAt = CreatedAt ?? DateTimeOffset.MinValue,
            Author =
                !string.IsNullOrEmpty(UserEmail) ? UserEmail!
                : !string.IsNullOrEmpty(ServiceAccountName) ? $"the service account '{ServiceAccountName}'"
                : "somebody",
            Succeeded = string.IsNullOrEmpty(Error),
        };
}
