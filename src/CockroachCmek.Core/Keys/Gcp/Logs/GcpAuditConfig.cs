namespace CockroachCmek.Core.Keys.Gcp.Logs;

/// <summary>Whether Data Access logs of a service are written for an account.</summary>
internal enum GcpLogState
{
    /// <summary>They are.</summary>
    On,

    /// <summary>They are not.</summary>
    Off,

    /// <summary>They are, but not for the account.</summary>
    Exempt,

    /// <summary>What could be read does not tell.</summary>
    Unknown,
}

/// <summary>The audit configuration of a project, folder or organization; null when it could not be read.</summary>
internal sealed record GcpAuditPlace(string Resource, IReadOnlyList<GcpAuditConfig>? Configs);

/// <summary>An entry of auditConfigs, one log type of it.</summary>
/// <param name="Service">The service, or allServices.</param>
/// <param name="LogType">For example DATA_READ.</param>
/// <param name="Exempted">Members whose accesses are not logged.</param>
internal sealed record GcpAuditConfig(string Service, string LogType, IReadOnlyList<string> Exempted);

/// <summary>Decides from the audit configurations of a project and of everything above it.</summary>
/// <remarks>
/// Source: docs.cloud.google.com/logging/docs/audit/configure-data-access. The entries of allServices and of the
/// service are a union; what is on above cannot be turned off below. Encrypt, Decrypt and GenerateAccessToken are
/// DATA_READ (docs.cloud.google.com/kms/docs/audit-logging).
/// </remarks>
internal sealed record GcpAuditDecision(GcpLogState State, string Place)
{
    private const string LogType = "DATA_READ";

    /// <param name="places">The project and what is above it.</param>
    /// <param name="isComplete">False when what is above the project is not known.</param>
    /// <param name="service">For example cloudkms.googleapis.com.</param>
    /// <param name="member">The account as a member of a policy.</param>
    public static GcpAuditDecision Of(
        IReadOnlyList<GcpAuditPlace> places,
        bool isComplete,
        string service,
        string member
    )
    {
        var levels = places
            .Select(p => (p.Resource, State: StateIn(p, service, member)))
            .Where(p => p.State != GcpLogState.Off)
            .ToList();
        foreach (var state in new[] { GcpLogState.On, GcpLogState.Unknown, GcpLogState.Exempt })
        {
            if (state == GcpLogState.Unknown && !isComplete)
                return new GcpAuditDecision(state, "");
            if (levels.Find(l => l.State == state) is { Resource: not null } decisive)
                return new GcpAuditDecision(state, decisive.Resource);
        }

        return new GcpAuditDecision(GcpLogState.Off, places[0].Resource);
    }

    private static GcpLogState StateIn(GcpAuditPlace place, string service, string member)
    {
        if (place.Configs is null)
            return GcpLogState.Unknown;
        var configs = place
            .Configs.Where(c => c.LogType == LogType && (c.Service == service || c.Service == "allServices"))
            .ToList();
        if (configs.Count == 0)
            return GcpLogState.Off;
        var exempted = configs.SelectMany(c => c.Exempted).ToList();
        return exempted.Exists(m => string.Equals(m, member, StringComparison.OrdinalIgnoreCase)) ? GcpLogState.Exempt
            // Nobody may read who is in a group.
            : exempted.Exists(m => !IsOneAccount(m)) ? GcpLogState.Unknown
            : GcpLogState.On;
    }

    private static bool IsOneAccount(string member) =>
        member.StartsWith("user:", StringComparison.Ordinal)
        || member.StartsWith("serviceAccount:", StringComparison.Ordinal)
        || member.StartsWith("deleted:", StringComparison.Ordinal);
}
