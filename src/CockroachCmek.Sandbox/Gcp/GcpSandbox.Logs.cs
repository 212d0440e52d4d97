namespace CockroachCmek.Sandbox.Gcp;

/// <content>The switches of its audit logs.</content>
public sealed partial class GcpSandbox
{
    /// <summary>Time from a call to when its log entry can be read, in sandbox time. Default: a minute.</summary>
    public TimeSpan LogDelay
    {
        get => _data.LogDelay;
        set => _data.LogDelay = value;
    }

    /// <summary>How many days the bucket _Default, and so Data Access logs, are kept. Default: 30.</summary>
    public int LogRetentionDays
    {
        get => _data.LogRetentionDays;
        set => _data.LogRetentionDays = value;
    }

    /// <summary>How many entries are searched for one page of entries:list, which may be empty. Default: 500.</summary>
    public int LogSearchLimit
    {
        get => _data.LogSearchLimit;
        set => _data.LogSearchLimit = value;
    }

    /// <summary>
    /// Turns on the Data Access logs of a service, or of allServices, as if they had been on for long.
    /// </summary>
    /// <param name="service">For example cloudkms.googleapis.com.</param>
    /// <param name="place">projects/…, folders/… or organizations/…. Null: the customer's project.</param>
    /// <param name="exempted">Members whose accesses are not logged.</param>
    public void LogDataAccess(string service, string? place = null, params string[] exempted)
    {
        lock (_gate)
        {
            var resource = place ?? "projects/" + ProjectId;
            string[] types = ["ADMIN_READ", "DATA_READ", "DATA_WRITE"];
            var added = new GcpAuditConfig(service, [.. types.Select(t => new GcpAuditType(t, exempted))]);
            var others = _access.Current(resource).AuditConfigs.Where(c => c.Service != service);
            _access.SetAudits(resource, [.. others, added], _clock.UtcNow.AddDays(-400));
        }
    }
}
