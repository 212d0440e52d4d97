namespace CockroachCmek.Core.Keys.Gcp.Logs;

/// <summary>
/// Reads what the logs of a project can tell: which Data Access logs are on, how long they are kept, since when they
/// were written, and whether the caller may read them. Keys of one project share it.
/// </summary>
internal sealed class GcpLogSettings(GcpClients clients, GcpCalls calls, SharedReads shared, GcpLogReader reader)
{
    /// <summary>The role privateLogViewer has it. Without it, entries are left out, and there is no error.</summary>
    private const string Private = "logging.privateLogEntries.list";

    /// <summary>Admin Activity logs are kept that long, whatever is configured.</summary>
    public static readonly TimeSpan ActivityKept = TimeSpan.FromDays(400);

    /// <summary>Whether the Data Access logs of a service are written for an account.</summary>
    public async Task<(GcpAuditDecision Decision, CmekLogGap? Gap)> DecideAsync(
        string project,
        string service,
        string member,
        string what
    )
    {
        var (places, isComplete) = await ShareAsync($"audit {project}", () => ReadPlacesAsync(project));
        var decision = GcpAuditDecision.Of(places, isComplete, service, member);
        CmekLogGap Gap(string why, string remedy) =>
            new()
            {
                What = what,
                Why = why,
                Remedy = remedy,
            };
        return decision.State switch
        {
            GcpLogState.On => (decision, null),
            GcpLogState.Off => (
                decision,
                Gap(
                    $"Data Access logs of {service} are not on in project {project} or above it.",
                    GcpLogAdvice.TurnOn(project, service)
                )
            ),
            GcpLogState.Exempt => (
                decision,
                Gap(
                    $"{member} is exempted from the Data Access logs of {service} in {decision.Place}.",
                    GcpLogAdvice.EndExemption(decision.Place, service, member)
                )
            ),
            _ => (
                decision,
                Gap(
                    $"Whether Data Access logs of {service} are on could not be read: "
                        + (
                            decision.Place.Length == 0
                                ? $"what is above project {project} is not known."
                                : $"the audit configuration of {decision.Place} could not be read, or exempts a group."
                        ),
                    decision.Place.Length == 0
                        ? $"gcloud projects get-ancestors {ShellQuote.PowerShell(project)}"
                        : GcpLogAdvice.Show(decision.Place)
                )
            ),
        };
    }

    /// <summary>A gap when the caller may not read Data Access logs; null when it may, or if that is unknown.</summary>
    public async Task<CmekLogGap?> FindDenialAsync(string project, string what) =>
        await ShareAsync($"log permission {project}", () => MayReadAsync(project)) != false
            ? null
            : new CmekLogGap
            {
                What = what,
                Why =
                    $"The credentials lack {Private} on project {project}: Google Cloud leaves out the entries of "
                    + "Data Access logs without it.",
                Remedy = GcpLogAdvice.Grant(project, Private),
            };

    /// <summary>From when on the Data Access logs are kept.</summary>
    public Task<(DateTimeOffset From, CmekLogGap? Gap)> ReadRetentionAsync(string project) =>
        ShareAsync($"log retention {project}", async () =>
        {
            var (bucket, gap) = await reader.TryAsync(
                $"how long project {project} keeps Data Access logs",
                project,
                "logging.buckets.get",
                () =>
                    calls.ReadAsync("Logging", "buckets.get", project, c =>
                        clients.Logging.GetBucketAsync($"projects/{project}/locations/global/buckets/_Default", c)
                    )
            );
            // 30 days is the default (discovery document, LogBucket.retentionDays).
            return (calls.Context.Time.GetUtcNow().AddDays(-(bucket?.RetentionDays ?? 30)), gap);
        });

    /// <summary>
    /// From when on uses are known to be logged: the oldest entry of any caller, or the last change of the audit
    /// configuration. Null when there is no entry.
    /// </summary>
    public Task<(DateTimeOffset? From, CmekLogGap? Gap)> ReadReachAsync(
        string project,
        string logs,
        DateTimeOffset kept
    ) => ShareAsync($"log reach {project} {logs}", async () =>
        {
            var gap = $"since when uses are logged in project {project}";
            var from = GcpLogReader.From(kept);
            var (oldest, failure) = await reader.ReadAsync(project, $"{logs} AND {from}", gap, oldestOnly: true);
            if (oldest is { IsCut: true, Entries.Count: 0 })
                failure = GcpLogReader.Slow(project, gap);
            if (oldest is null || oldest.Entries.Count == 0)
                return (null, failure);
            var (changes, _) = await reader.ReadAsync(
                project,
                "log_id(\"cloudaudit.googleapis.com/activity\") AND protoPayload.methodName:\"SetIamPolicy\" "
                    + $"AND protoPayload.serviceData.policyDelta.auditConfigDeltas.action:* AND {from}",
                gap
            );
            var changed = changes?.Entries.Where(e => e.Code == 0).Select(e => e.Time).DefaultIfEmpty().Max()
                ?? default;
            var since = oldest.Entries[0].Time;
            return ((DateTimeOffset?)(changed > since ? changed : since), failure);
        });

    private async Task<bool?> MayReadAsync(string project)
    {
        var (held, _) = await reader.TryAsync("the caller's permissions", project, Private, () =>
            calls.ReadAsync("CloudResourceManager", "projects.testIamPermissions", project, c =>
                clients.Projects.TestIamPermissionsAsync($"projects/{project}", [Private], c)
            )
        );
        return held?.Contains(Private);
    }

    private async Task<(IReadOnlyList<GcpAuditPlace> Places, bool IsComplete)> ReadPlacesAsync(string project)
    {
        var (ancestry, _) = await reader.TryAsync(
            $"what is above project {project}",
            project,
            "resourcemanager.projects.get",
            () =>
                calls.ReadAsync("CloudResourceManager", "projects.getAncestry", project, c =>
                    clients.Projects.GetAncestryAsync(project, c)
                )
        );
        var resources = ancestry is { Count: > 0 }
            ? ancestry.Select(a => a.Resource).ToList()
            : [$"projects/{project}"];
        var places = await Task.WhenAll(resources.Select(r => ReadPlaceAsync(project, r)));
        return (places, ancestry is { Count: > 0 });
    }

    private async Task<GcpAuditPlace> ReadPlaceAsync(string project, string resource)
    {
        var (policy, _) = await reader.TryAsync(
            $"the audit configuration of {resource}",
            project,
            $"resourcemanager.{resource.Split('/')[0]}.getIamPolicy",
            () =>
                calls.ReadAsync("CloudResourceManager", "getIamPolicy", resource, c =>
                    clients.Projects.GetIamPolicyAsync(resource, c)
                )
        );
        return new GcpAuditPlace(resource, policy?.AuditConfigs);
    }

    private Task<T> ShareAsync<T>(string what, Func<Task<T>> read) => shared.GetAsync(calls.Context, what, read);
}
