namespace CockroachCmek.Core.Keys.Gcp.Logs;

/// <summary>
/// What Cloud Logging shows of the use of a key by the cluster's service account. "No entry" counts only where the logs
/// are on for the account, may be read, and hold at least one entry of anybody.
/// </summary>
internal sealed class GcpUsage(GcpClients clients, GcpCalls calls, SharedReads shared)
{
    private const string Kms = "cloudkms.googleapis.com";
    private const string Iam = "iam.googleapis.com";
    private const string DataAccess = "log_id(\"cloudaudit.googleapis.com/data_access\")";
    private const string UsesOfKeys =
        DataAccess
        + " AND protoPayload.serviceName=\""
        + Kms
        + "\" AND protoPayload.methodName=(\"Encrypt\" OR \"Decrypt\")";

    private readonly GcpLogReader _reader = new(clients, calls);

    /// <summary>Reads the logs of the key's project, and those of the account's for refused impersonation.</summary>
    /// <exception cref="CmekException">KeyNameMalformed, ServiceAccountMalformed.</exception>
    public async Task<KeyUsage> ReadAsync(KeyUsageRequest request)
    {
        var key = GcpKeyName.Parse(request.Key.KeyUri);
        var account = ServiceAccountEmail.Parse(request.Key.AuthPrincipal);
        var cluster = GcpNames.ClusterAccount(request.Cluster);
        var uses = ReadUsesAsync(key, account, request.Since);
        var tokens = ReadTokensAsync(account, cluster, request.Since);
        return Summarize(await uses, await tokens, key, account, cluster);
    }

    private async Task<Reading> ReadUsesAsync(GcpKeyName key, ServiceAccountEmail account, DateTimeOffset since)
    {
        var what = $"uses of the key {key}";
        var settings = new GcpLogSettings(clients, calls, shared, _reader);
        var (decision, gap) = await settings.DecideAsync(key.Project, Kms, account.Member, what);
        var gaps = new List<CmekLogGap>();
        if (gap is not null)
            gaps.Add(gap);
        if (await settings.FindDenialAsync(key.Project, what) is { } denial)
            return new Reading([], null, IsKnown: false, IsCut: false, [.. gaps, denial]);
        var (kept, keptGap) = await settings.ReadRetentionAsync(key.Project);
        var (reach, reachGap) = await settings.ReadReachAsync(key.Project, UsesOfKeys, kept);
        gaps.AddRange(new[] { keptGap, reachGap }.OfType<CmekLogGap>());
        var name = GcpLogReader.Quote($"/locations/{key.Location}/keyRings/{key.Ring.Id}/cryptoKeys/{key.Id}");
        var (found, foundGap) = await _reader.ReadAsync(
            key.Project,
            $"{UsesOfKeys} AND protoPayload.resourceName:{name} AND {GcpLogReader.From(since)}",
            what
        );
        if (found is null)
            return new Reading([], null, IsKnown: false, IsCut: false, [.. gaps, foundGap!]);
        if (found is { IsCut: true, Entries.Count: 0 })
            return new Reading([], null, IsKnown: false, IsCut: false, [.. gaps, GcpLogReader.Slow(key.Project, what)]);
        var entries = found.Entries.Where(e => IsAbout(e, key)).ToList();
        if (decision.State == GcpLogState.On && reach is null && reachGap is null)
            gaps.Add(NothingLogged(key.Project, what));
        if (reach is { } from && from > since)
            gaps.Add(TooYoung(key.Project, what, from, kept, since));
        return new Reading(
            entries,
            From(reach, since, found),
            IsKnown: decision.State == GcpLogState.On && reach is not null,
            found.IsCut,
            gaps
        );
    }

    /// <summary>Refused impersonation of the account: CockroachDB then does not get as far as the key.</summary>
    private Task<Reading> ReadTokensAsync(
        ServiceAccountEmail account,
        ServiceAccountEmail cluster,
        DateTimeOffset since
    ) => shared.GetAsync(calls.Context, $"log tokens {account} {cluster} {since:O}", async () =>
        {
            var what = $"refused attempts to act as {account}";
            var settings = new GcpLogSettings(clients, calls, shared, _reader);
            var (_, gap) = await settings.DecideAsync(account.Project, Iam, cluster.Member, what);
            List<CmekLogGap> gaps = gap is null ? [] : [gap];
            if (await settings.FindDenialAsync(account.Project, what) is { } denial)
                return new Reading([], null, IsKnown: false, IsCut: false, [.. gaps, denial]);
            var (found, foundGap) = await _reader.ReadAsync(
                account.Project,
                $"{DataAccess} AND protoPayload.serviceName=\"iamcredentials.googleapis.com\" "
                    + $"AND resource.labels.email_id={GcpLogReader.Quote(account.Text)} AND severity>=\"ERROR\" "
                    + $"AND {GcpLogReader.From(since)}",
                what
            );
            if (foundGap is not null)
                gaps.Add(foundGap);
            var refused = (found?.Entries ?? []).Where(e => e.IsRefused && IsSame(e.Principal, cluster)).ToList();
            return new Reading(refused, null, IsKnown: gaps.Count == 0, found?.IsCut == true, gaps);
        });

    private static KeyUsage Summarize(
        Reading uses,
        Reading tokens,
        GcpKeyName key,
        ServiceAccountEmail account,
        ServiceAccountEmail cluster
    )
    {
        var own = uses.Entries.Where(e => IsSame(e.Principal, account) && !IsOfAnother(e, cluster)).ToList();
        var served = own.Where(e => e.Code == 0).ToList();
        var refused = own.Where(e => e.IsRefused).Concat(tokens.Entries).OrderByDescending(e => e.Time).ToList();
        return new KeyUsage
        {
            Source = $"Cloud Logging of project {key.Project}",
            ReadFrom = uses.From,
            Uses = Known(served.Count, uses.IsKnown),
            UsesIsMinimum = uses.IsCut || (!uses.IsKnown && served.Count > 0),
            LastUsed = served.FirstOrDefault()?.Time,
            LastOperation = served.FirstOrDefault()?.Method ?? "",
            LastKeyMaterialId = served.FirstOrDefault()?.Version ?? "",
            Refused = Known(refused.Count, uses.IsKnown),
            LastRefused = refused.FirstOrDefault()?.Time,
            LastRefusal = refused.FirstOrDefault()?.CodeName ?? "",
            OtherPrincipals =
            [
                .. uses
                    .Entries.Where(e => e.Code == 0 && (!IsSame(e.Principal, account) || IsOfAnother(e, cluster)))
                    .Select(e =>
                        e.Delegates.Count == 0 ? e.Principal : $"{e.Principal} through {string.Join(", ", e.Delegates)}"
                    )
                    .Distinct()
                    .OrderBy(p => p, StringComparer.Ordinal),
            ],
            Gaps = [.. uses.Gaps.Concat(tokens.Gaps).Concat(Cut(uses, key)).Distinct()],
        };
    }

    /// <summary>A number that is less than all is still known to be at least that.</summary>
    private static long? Known(int count, bool isKnown) => isKnown || count > 0 ? count : null;

    private static IEnumerable<CmekLogGap> Cut(Reading uses, GcpKeyName key) =>
        uses.IsCut
            ?
            [
                new CmekLogGap
                {
                    What = $"uses of the key {key} before {uses.From:u}",
                    Why = "There are more entries than are read at once; the newest were read.",
                    Remedy = "Ask for a shorter time.",
                },
            ]
            : [];

    private static DateTimeOffset? From(DateTimeOffset? reach, DateTimeOffset since, GcpLogResult found)
    {
        // Without the reach, only what was found shows that uses were logged.
        var oldest = found.Entries.Select(e => (DateTimeOffset?)e.Time).LastOrDefault();
        var from = reach ?? oldest;
        return from is null ? null
            : found.IsCut && oldest > from ? oldest
            : from > since ? from
            : since;
    }

    private static CmekLogGap NothingLogged(string project, string what) =>
        new()
        {
            What = what,
            Why =
                $"The logs of project {project} hold no use of any key, although they are on: they were turned on "
                + "moments ago, go elsewhere through a sink, or no key was used.",
            Remedy = $"gcloud logging sinks list --project {ShellQuote.PowerShell(project)}",
        };

    private static CmekLogGap TooYoung(
        string project,
        string what,
        DateTimeOffset from,
        DateTimeOffset kept,
        DateTimeOffset since
    ) =>
        new()
        {
            What = $"{what} before {from:u}",
            Why =
                kept > since
                    ? $"Project {project} keeps Data Access logs only since {kept:u}, and the oldest use in them is of "
                        + $"{from:u}."
                    : $"Uses are known to be logged in project {project} only since {from:u}: the oldest entry, or the "
                        + "last change of the audit configuration.",
            Remedy = kept > since ? GcpLogAdvice.KeepLonger(project) : "",
        };

    /// <summary>Filters ignore case and find parts of names, so names are compared again.</summary>
    private static bool IsAbout(GcpLogEntry entry, GcpKeyName key) =>
        entry.Resource.Split('/')
            is ["projects", _, "locations", var location, "keyRings", var ring, "cryptoKeys", var id, ..]
        && location == key.Location
        && ring == key.Ring.Id
        && id == key.Id;

    private static bool IsSame(string principal, ServiceAccountEmail account) =>
        string.Equals(principal, account.Text, StringComparison.OrdinalIgnoreCase);

    /// <summary>True when somebody else than the cluster acted as the account.</summary>
    private static bool IsOfAnother(GcpLogEntry entry, ServiceAccountEmail cluster) =>
        entry.Delegates.Count > 0 && !entry.Delegates.Any(d => IsSame(d, cluster));

    /// <param name="Entries">Newest first.</param>
    /// <param name="From">From when on they were read.</param>
    /// <param name="IsKnown">True when no entry means no use.</param>
    /// <param name="IsCut">True when a limit ended the reading.</param>
    /// <param name="Gaps">What could not be read.</param>
    private sealed record Reading(
        IReadOnlyList<GcpLogEntry> Entries,
        DateTimeOffset? From,
        bool IsKnown,
        bool IsCut,
        IReadOnlyList<CmekLogGap> Gaps
    );
}
