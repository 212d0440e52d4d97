using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cmek;

/// <summary>
/// What happened to the CMEK of clusters: the organization's audit log, the key entries of the clusters, and the logs of
/// the customer's clouds on one time line. One for a run: the audit log has no filter, so it is read once for all
/// clusters. Reads only.
/// </summary>
/// <param name="client">The API.</param>
/// <param name="since">The oldest time that matters, UTC.</param>
internal sealed class CmekHistory(CrdbCloudClient client, DateTimeOffset since)
{
    private const string CmekSource = "CMEK of the cluster";
    private const string AuditSource = "CockroachDB Cloud audit log";

    private readonly object _gate = new();
    private Task<AuditReading>? _audit;

    /// <summary>The time line of a cluster, newest first, and what could not be read.</summary>
    /// <exception cref="CmekException">The cluster's CMEK cannot be read.</exception>
    public async Task<(IReadOnlyList<CmekHistoryEntry> Entries, IReadOnlyList<CmekLogGap> Gaps)> ReadAsync(
        CrdbCluster cluster,
        ICmekKeyProvider keys,
        OperationContext context
    )
    {
        var info = await client.GetCmekForCheckAsync(cluster, context);
        var every = info.EveryKey();
        var events = every.Count == 0 ? new KeyEvents([], []) : await EventsAsync(cluster, every, keys, context);
        var audit = await AuditAsync(context);
        List<CmekHistoryEntry> entries =
        [
            .. audit.Events.Where(e => e.ClusterId == cluster.Id).Select(e => OfAudit(e, cluster)),
            .. OfKeyEntries(info),
            .. Once(events.Events).Select(e => OfKeyEvent(e, every, cluster)),
        ];
        return (
            [.. entries.Where(e => e.Time >= since).OrderByDescending(e => e.Time)],
            audit.Gap is { } gap ? [.. events.Gaps, gap] : events.Gaps
        );
    }

    /// <summary>What happened to the identity is read with each of its keys, and happened once.</summary>
    private static IEnumerable<KeyEvent> Once(IReadOnlyList<KeyEvent> events)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return events.Where(e =>
            e.Action != KeyEventAction.IdentityChanged || e.RequestId.Length == 0 || seen.Add(e.RequestId)
        );
    }

    /// <summary>A cloud that cannot be read hides nothing of the other sources.</summary>
    private async Task<KeyEvents> EventsAsync(
        CrdbCluster cluster,
        IReadOnlyList<CmekRegionSpec> every,
        ICmekKeyProvider keys,
        OperationContext context
    )
    {
        try
        {
            return await keys.ReadEventsAsync(
                new KeyEventsRequest
                {
                    Cluster = cluster,
                    Keys = every,
                    Since = since,
                },
                context
            );
        }
        catch (CmekException error)
        {
            return new KeyEvents(
                [],
                [
                    new CmekLogGap
                    {
                        What = $"events of the keys of {cluster.Name} in {keys.Cloud.DisplayName}",
                        Why = error.Message,
                        Remedy = error.RecommendedAction,
                    },
                ]
            );
        }
    }

    /// <summary>The audit log, which the first cluster reads for all. One that was stopped is read again.</summary>
    private async Task<AuditReading> AuditAsync(OperationContext context)
    {
        while (true)
        {
            Task<AuditReading> reading;
            lock (_gate)
                reading = _audit is null or { IsCanceled: true } ? _audit = ReadAuditAsync(context) : _audit;
            try
            {
                return await reading;
            }
            catch (OperationCanceledException) when (!context.CancellationToken.IsCancellationRequested)
            {
                // The cluster that read it for all was stopped, and this one was not.
            }
        }
    }

    private async Task<AuditReading> ReadAuditAsync(OperationContext context)
    {
        var events = new List<AuditEvent>();
        try
        {
            await foreach (var found in client.ListAuditEventsAsync(since, context))
                if (found.ClusterId.Length > 0 && Actions.ContainsKey(found.Action))
                    events.Add(found);
            return new AuditReading(events, null);
        }
        catch (CmekException error)
        {
            var needsRole = error.Kind == CmekErrorKind.PermissionDenied;
            return new AuditReading(
                events,
                new CmekLogGap
                {
                    What = "who changed CMEK in CockroachDB Cloud",
                    Why = needsRole
                        ? "The audit log of CockroachDB Cloud can be read with the role Organization Admin only."
                        : $"The audit log of CockroachDB Cloud cannot be read. {error.Message}",
                    Remedy = needsRole
                        ? "Give the API key's service account the role Organization Admin, or run this with another API "
                            + "key: Connect-CrdbCloud -ApiKey (Read-Host -AsSecureString 'API key')"
                        : error.RecommendedAction,
                }
            );
        }
    }

    private static CmekHistoryEntry OfAudit(AuditEvent found, CrdbCluster cluster) =>
        new()
        {
            Time = found.CreatedAt,
            ClusterId = cluster.Id,
            ClusterName = cluster.Name,
            Action = Actions[found.Action],
            Who = found.Author,
            Source = AuditSource,
            Detail = found.Origin.Length > 0 ? $"{found.Action} through {found.Origin}" : found.Action,
            Error = found.Error,
            RequestId = found.Id,
        };

    private static IEnumerable<CmekHistoryEntry> OfKeyEntries(CmekInfo info)
    {
        foreach (var region in info.Regions)
            for (var i = 0; i < region.Keys.Count; i++)
            {
                var key = region.Keys[i];
                var entry = new CmekHistoryEntry
                {
                    ClusterId = info.ClusterId,
                    ClusterName = info.ClusterName,
                    Region = region.Region,
                    KeyUri = key.KeyUri,
                    Source = CmekSource,
                    Detail = $"{key.Status}{(key.UserMessage.Length > 0 ? $": {key.UserMessage}" : "")}",
                };
                if (key.CreatedAt is { } from)
                    yield return entry with
                    {
                        Time = from,
                        Action = "KeyTakenUp",
                    };
                // The entry in force changes for other reasons too, for example a repeated wrap of the same key.
                if (key.UpdatedAt is { } changed && changed != key.CreatedAt)
                    yield return entry with
                    {
                        Time = changed,
                        Action = i > 0 ? "KeyReplaced" : "KeyStatusChanged",
                    };
            }
    }

    private static CmekHistoryEntry OfKeyEvent(
        KeyEvent found,
        IReadOnlyList<CmekRegionSpec> every,
        CrdbCluster cluster
    ) =>
        new()
        {
            Time = found.Time,
            ClusterId = cluster.Id,
            ClusterName = cluster.Name,
            Action = found.Action switch
            {
                KeyEventAction.IdentityChanged => nameof(KeyEventAction.IdentityChanged),
                KeyEventAction.PolicyChanged => "KeyAccessChanged",
                var action => $"Key{action}",
            },
            Who = found.Who,
            // A key may serve several regions; then the event is about the key.
            Region = every.Where(s => s.KeyUri == found.KeyUri).Select(s => s.Region).Distinct().ToList() is [var only]
                ? only
                : "",
            KeyUri = found.Action == KeyEventAction.IdentityChanged ? "" : found.KeyUri,
            Source = found.Source,
            Detail = found.Detail,
            Error = found.Error,
            RequestId = found.RequestId,
        };

    /// <summary>
    /// The actions of the audit log that concern CMEK (openapi.json, AuditLogAction). Enabling has none of its own.
    /// </summary>
    private static readonly Dictionary<string, string> Actions = new(StringComparer.Ordinal)
    {
        ["UPDATE_CMEK"] = "CmekUpdated",
        ["REVOKE_CMEK"] = "CmekRevoked",
        ["CREATE_CLUSTER"] = "ClusterCreated",
        ["UPDATE_CLUSTER"] = "ClusterUpdated",
        ["RESTORE_CLUSTER"] = "ClusterRestored",
        ["DELETE_CLUSTER"] = "ClusterDeleted",
        ["SET_DELETE_PROTECTION"] = "DeleteProtectionSet",
    };

    private sealed record AuditReading(IReadOnlyList<AuditEvent> Events, CmekLogGap? Gap);
}
