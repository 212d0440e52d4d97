namespace CockroachCmek.Core.Keys.Azure.Logs;

/// <summary>
/// The use of a key by a cluster's application, from the audit log of its Key Vault. The application is known by its
/// client id, and the version of the key by the address of the request.
/// </summary>
internal sealed class AzureUsage(AzureClients clients, AzureCalls calls, SharedReads shared, KeyUsageRequest request)
{
    /// <summary>
    /// "You can access your logging information 10 minutes (at most)" (key-vault/general/logging.md).
    /// </summary>
    private static readonly TimeSpan Delay = TimeSpan.FromMinutes(10);

    private readonly AzureLogReader _reader = new(clients, calls);

    public async Task<KeyUsage> ReadAsync()
    {
        var key = AzureKeyId.Parse(request.Key.KeyUri, clients.Cloud);
        var found = await new AzureLogFinder(clients, calls, shared).FindAsync(key, request.Key.AuthPrincipal);
        var unknown = new KeyUsage
        {
            Source = "Key Vault audit log",
            Delay = Delay,
            Gaps = found.Gaps,
        };
        if (found.KeyVault is null || found.Sources.Count == 0)
            return unknown;
        if (request.Cluster.AzureClusterIdentityClientId.Length == 0)
            return unknown with { Gaps = [.. found.Gaps, AzureLogGaps.NoApplication(request.Cluster)] };
        var read = await Task.WhenAll(found.Sources.Select(s => ReadAsync(found.KeyVault, key, s)));
        // Every workspace receives every entry: the one that tells most is taken, and the others are not added to it.
        var best = read.OrderByDescending(u => u.Uses is not null)
            .ThenBy(u => u.UsesIsMinimum)
            .ThenBy(u => u.ReadFrom ?? DateTimeOffset.MaxValue)
            .ThenByDescending(u => u.LastUsed ?? DateTimeOffset.MinValue)
            .First();
        return best with { Gaps = [.. found.Gaps, .. best.Gaps] };
    }

    private async Task<KeyUsage> ReadAsync(AzureKeyVault keyVault, AzureKeyId key, AzureLogSource source)
    {
        var known = source.KnownFrom;
        var from =
            known > request.Since ? known
            : known is null ? source.FirstEntry
            : request.Since;
        var gaps = new List<CmekLogGap>();
        if (known > request.Since)
            gaps.Add(AzureLogGaps.Earlier(source, known.Value));
        var (rows, missing) = await _reader.ReadTablesAsync(source, table =>
            AzureAuditQueries.Usage(table, keyVault.Id, key, request.Since, from ?? request.Since)
        );
        gaps.AddRange(missing);
        return Count(rows, isComplete: known is not null && missing.Count == 0) with
        {
            Source = source.Name,
            ReadFrom = source.Tables.Count == 0 ? null : from,
            Delay = Delay,
            Gaps = gaps,
        };
    }

    /// <summary>What the rows say. Nothing is proof of nothing only when the log is complete.</summary>
    private KeyUsage Count(IReadOnlyList<AzureQueryRow> rows, bool isComplete)
    {
        var own = rows.Where(r => AzureScope.Same(r.Text("App"), request.Cluster.AzureClusterIdentityClientId))
            .ToList();
        var uses = own.Where(r => r.Number("Status") < 300).ToList();
        // 429 and 5xx say nothing about access.
        var refused = own.Where(r => r.Number("Status") is >= 400 and < 500 and not 429).ToList();
        var (lastUse, lastRefusal) = (Latest(uses), Latest(refused));
        return new KeyUsage
        {
            Source = "",
            Uses = Number(uses, isComplete),
            UsesIsMinimum = uses.Count > 0 && !isComplete,
            LastUsed = lastUse?.Time("Last"),
            LastOperation = lastUse?.Text("OperationName") ?? "",
            LastKeyMaterialId = lastUse?.Text("Path").Split('/') is { Length: > 3 } path ? path[3] : "",
            Refused = Number(refused, isComplete),
            LastRefused = lastRefusal?.Time("Last"),
            LastRefusal = lastRefusal is null ? "" : CodeOf(lastRefusal),
            OtherPrincipals =
            [
                .. rows.Except(own)
                    .Where(r => r.Number("Status") < 300)
                    .Select(WhoOf)
                    .Where(w => w.Length > 0)
                    .Distinct(StringComparer.OrdinalIgnoreCase)
                    .OrderBy(w => w, StringComparer.OrdinalIgnoreCase),
            ],
        };
    }

    /// <summary>Who a row is about: the user, or the client id of the application.</summary>
    public static string WhoOf(AzureQueryRow row) => row.Text("User") is { Length: > 0 } user ? user : row.Text("App");

    /// <summary>The status of a refusal: "403 Forbidden".</summary>
    public static string CodeOf(AzureQueryRow row) => $"{row.Number("Status")} {row.Text("ResultSignature")}".Trim();

    private static long? Number(List<AzureQueryRow> rows, bool isComplete) =>
        rows.Sum(r => r.Number("Count") ?? 0) is var sum && (sum > 0 || isComplete) ? sum : null;

    private static AzureQueryRow? Latest(List<AzureQueryRow> rows) =>
        rows.OrderByDescending(r => r.Time("Last") ?? DateTimeOffset.MinValue).FirstOrDefault();
}
