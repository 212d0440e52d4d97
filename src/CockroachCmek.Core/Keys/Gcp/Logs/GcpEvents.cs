namespace CockroachCmek.Core.Keys.Gcp.Logs;

/// <summary>
/// What happened to keys and to the service account: who did it from the Admin Activity logs, and the creation of
/// versions from Cloud KMS, which also tells of what the logs no longer have and of automatic rotations.
/// </summary>
internal sealed class GcpEvents(GcpClients clients, GcpCalls calls)
{
    /// <summary>Filters may have 20,000 characters.</summary>
    private const int KeysInFilter = 40;

    /// <summary>A version and the entry of its creation are that close.</summary>
    private static readonly TimeSpan Near = TimeSpan.FromMinutes(2);

    private const string Activity = "log_id(\"cloudaudit.googleapis.com/activity\")";

    private readonly GcpLogReader _reader = new(clients, calls);

    /// <exception cref="CmekException">KeyNameMalformed, ServiceAccountMalformed.</exception>
    public async Task<KeyEvents> ReadAsync(KeyEventsRequest request)
    {
        var keys = request
            .Keys.Select(k => new GcpEventKey(
                k.KeyUri,
                GcpKeyName.Parse(k.KeyUri),
                ServiceAccountEmail.Parse(k.AuthPrincipal)
            ))
            .Distinct()
            .ToList();
        var fromLogs = await Task.WhenAll(
            keys.GroupBy(k => k.Name.Project)
                .SelectMany(g => Chunks([.. g]).Select(chunk => ReadKeyLogAsync(g.Key, chunk, request.Since)))
                .Concat(keys.GroupBy(k => k.Account).Select(g => ReadAccountLogAsync(g.Key, [.. g], request.Since)))
        );
        var logged = fromLogs.SelectMany(r => r.Events).ToList();
        var fromKms = await Task.WhenAll(
            keys.GroupBy(k => k.Name).Select(g => ReadVersionsAsync(g.First(), logged, request.Since))
        );
        var all = fromLogs.Concat(fromKms).ToList();
        return new KeyEvents(
            [.. all.SelectMany(r => r.Events).OrderByDescending(e => e.Time)],
            [.. all.SelectMany(r => r.Gaps).Concat(Forgotten(request.Since)).Distinct()]
        );
    }

    /// <summary>
    /// Changes of keys, of their rings' policies, and of the project's policy as far as it is about them.
    /// </summary>
    private async Task<KeyEvents> ReadKeyLogAsync(string project, IReadOnlyList<GcpEventKey> keys, DateTimeOffset since)
    {
        var names = string.Join(
            " OR ",
            keys.Select(k => GcpLogReader.Quote($"/keyRings/{k.Name.Ring.Id}/cryptoKeys/{k.Name.Id}")).Distinct()
        );
        var rings = string.Join(" OR ", keys.Select(k => GcpLogReader.Quote($"/keyRings/{k.Name.Ring.Id}")).Distinct());
        var accounts = string.Join(" OR ", keys.Select(k => GcpLogReader.Quote(k.Account.Text)).Distinct());
        var (found, gap) = await _reader.ReadAsync(
            project,
            $"{Activity} AND {GcpLogReader.From(since)} AND ((protoPayload.serviceName=\"cloudkms.googleapis.com\" AND "
                + $"(protoPayload.resourceName:({names}) OR (protoPayload.methodName=\"SetIamPolicy\" AND "
                + $"protoPayload.resourceName:({rings})))) OR "
                + "(protoPayload.serviceName=\"cloudresourcemanager.googleapis.com\" AND "
                + "protoPayload.methodName=\"SetIamPolicy\" AND "
                + "(protoPayload.serviceData.policyDelta.bindingDeltas.role:\"roles/cloudkms\" OR "
                + $"protoPayload.serviceData.policyDelta.bindingDeltas.member:({accounts}))))",
            $"who changed the keys in project {project}"
        );
        return Read(project, found, gap, entry =>
            keys.Where(k => k.IsTouchedBy(entry)).Select(k => Event(k, entry, GcpEventActions.Of(entry), project))
        );
    }

    /// <summary>Changes of the service account: whether it is enabled, who may act as it, and its keys.</summary>
    private async Task<KeyEvents> ReadAccountLogAsync(
        ServiceAccountEmail account,
        IReadOnlyList<GcpEventKey> keys,
        DateTimeOffset since
    )
    {
        var (found, gap) = await _reader.ReadAsync(
            account.Project,
            $"{Activity} AND {GcpLogReader.From(since)} AND protoPayload.serviceName=\"iam.googleapis.com\" AND "
                + $"resource.labels.email_id={GcpLogReader.Quote(account.Text)}",
            $"who changed the service account {account}"
        );
        return Read(account.Project, found, gap, entry =>
            keys.Select(k => Event(k, entry, KeyEventAction.IdentityChanged, account.Project))
        );
    }

    /// <summary>The versions whose creation the logs do not have.</summary>
    private async Task<KeyEvents> ReadVersionsAsync(GcpEventKey key, List<KeyEvent> logged, DateTimeOffset since)
    {
        var (versions, gap) = await _reader.TryAsync(
            $"the versions of the key {key.Name}",
            key.Name.Project,
            "cloudkms.cryptoKeyVersions.list",
            () => new GcpKeyReader(clients, calls).ListVersionsAsync(key.Name)
        );
        return new KeyEvents(
            [
                .. (versions ?? [])
                    .Where(v => v.CreateTime >= since && !logged.Exists(e => IsCreationOf(e, key, v.CreateTime!.Value)))
                    .Select(v => new KeyEvent
                    {
                        Time = v.CreateTime!.Value.ToUniversalTime(),
                        KeyUri = key.Uri,
                        Action =
                            v.ImportJob is not null ? KeyEventAction.MaterialImported
                            : v.Id == "1" ? KeyEventAction.Created
                            : KeyEventAction.Rotated,
                        Source = "Cloud KMS",
                        Detail = $"version {v.Id}",
                    }),
            ],
            gap is null ? [] : [gap]
        );
    }

    private static bool IsCreationOf(KeyEvent logged, GcpEventKey key, DateTimeOffset time) =>
        logged.KeyUri == key.Uri
        && logged.Error.Length == 0
        && logged.Action is KeyEventAction.Created or KeyEventAction.Rotated or KeyEventAction.MaterialImported
        && (logged.Time - time).Duration() < Near;

    private static KeyEvent Event(GcpEventKey key, GcpLogEntry entry, KeyEventAction action, string project) =>
        new()
        {
            Time = entry.Time,
            KeyUri = key.Uri,
            Action = action,
            Who =
                entry.Delegates.Count == 0
                    ? entry.Principal
                    : $"{entry.Principal} through {string.Join(", ", entry.Delegates)}",
            Source = $"Cloud Logging of project {project}",
            Detail = GcpEventActions.Describe(entry),
            RequestId = entry.InsertId,
            Error = entry.Code == 0 ? "" : entry.CodeName,
        };

    private static KeyEvents Read(
        string project,
        GcpLogResult? found,
        CmekLogGap? gap,
        Func<GcpLogEntry, IEnumerable<KeyEvent>> events
    )
    {
        var gaps = new List<CmekLogGap>();
        if (gap is not null)
            gaps.Add(gap);
        if (found is { IsCut: true })
            gaps.Add(
                new CmekLogGap
                {
                    What = $"changes before {found.Entries.Select(e => e.Time).DefaultIfEmpty().Min():u}",
                    Why = $"The log of project {project} has more entries than are read at once; the newest were read.",
                }
            );
        return new KeyEvents([.. (found?.Entries ?? []).SelectMany(events)], gaps);
    }

    /// <summary>What is older than the Admin Activity logs.</summary>
    private IEnumerable<CmekLogGap> Forgotten(DateTimeOffset since)
    {
        var kept = calls.Context.Time.GetUtcNow() - GcpLogSettings.ActivityKept;
        if (since >= kept)
            return [];
        return
        [
            new CmekLogGap
            {
                What = $"who changed the keys before {kept:u}",
                Why =
                    "Google Cloud keeps Admin Activity logs for 400 days. Cloud KMS still tells when versions were "
                    + "created.",
            },
        ];
    }

    private static IEnumerable<IReadOnlyList<GcpEventKey>> Chunks(List<GcpEventKey> keys)
    {
        for (var start = 0; start < keys.Count; start += KeysInFilter)
            yield return keys.GetRange(start, Math.Min(KeysInFilter, keys.Count - start));
    }
}

/// <summary>A key whose events are read.</summary>
/// <param name="Uri">As the request names it.</param>
/// <param name="Name">The key.</param>
/// <param name="Account">The account that uses it.</param>
internal sealed record GcpEventKey(string Uri, GcpKeyName Name, ServiceAccountEmail Account)
{
    /// <summary>
    /// True for an entry about the key, about a policy above it, or about a version of it. Filters find parts of names.
    /// </summary>
    public bool IsTouchedBy(GcpLogEntry entry)
    {
        var parts = entry.Resource.Split('/');
        if (parts.Length <= 2)
            return true; // the project
        return parts is ["projects", _, "locations", var location, "keyRings", var ring, ..]
            && location == Name.Location
            && ring == Name.Ring.Id
            && (parts.Length == 6 || (parts.Length > 7 && parts[7] == Name.Id));
    }
}
