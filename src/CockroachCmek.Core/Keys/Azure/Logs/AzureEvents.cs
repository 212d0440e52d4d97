namespace CockroachCmek.Core.Keys.Azure.Logs;

/// <summary>
/// What happened to keys of one tenant: audit logs, activity log, and the versions that Key Vault lists.
/// </summary>
internal sealed class AzureEvents(AzureClients clients, AzureCalls calls, SharedReads shared, KeyEventsRequest request)
{
    private readonly AzureLogReader _reader = new(clients, calls);

    /// <summary>The events, newest first.</summary>
    public async Task<KeyEvents> ReadAsync()
    {
        var keys = request.Keys.Select(k => (Id: AzureKeyId.Parse(k.KeyUri, clients.Cloud), Spec: k)).ToList();
        var read = await Task.WhenAll(
            keys.GroupBy(k => k.Id.KeyVault.Host, StringComparer.OrdinalIgnoreCase)
                .Select(g =>
                    ReadAsync(
                        new AzureEventKeys([.. g.Select(k => (k.Id, k.Spec.KeyUri))]),
                        g.First().Spec.AuthPrincipal
                    )
                )
        );
        return new KeyEvents(
            [.. read.SelectMany(r => r.Events).Where(e => e.Time >= request.Since).OrderByDescending(e => e.Time)],
            [.. read.SelectMany(r => r.Gaps).Append(AzureLogGaps.Directory(request.Cluster))]
        );
    }

    private async Task<KeyEvents> ReadAsync(AzureEventKeys keys, string tenantId)
    {
        var gaps = new List<CmekLogGap>();
        var found = await new AzureLogFinder(clients, calls, shared).FindAsync(keys.Names[0], tenantId);
        gaps.AddRange(found.Gaps);
        var versions = new List<ListedVersion>();
        foreach (var name in keys.Names)
        {
            var (listed, gap) = await ReadVersionsAsync(name);
            versions.AddRange(listed ?? []);
            gaps.AddRange(gap is null ? [] : [gap]);
        }

        var audit = new AzureAuditEvents(keys);
        var events = new List<KeyEvent>();
        if (found.KeyVault is { } keyVault)
        {
            // Every workspace receives every entry, so the one that reaches back furthest is enough.
            var source = found.Sources.Where(s => s.Tables.Count > 0).OrderBy(s => s.FirstEntry).FirstOrDefault();
            if (source is not null)
            {
                if (source.FirstEntry > request.Since && source.KnownFrom is { } from && from > request.Since)
                    gaps.Add(AzureLogGaps.Earlier(source, from));
                var (rows, missing) = await _reader.ReadTablesAsync(source, table =>
                    AzureAuditQueries.Events(table, keyVault.Id, request.Since)
                );
                gaps.AddRange(missing);
                events.AddRange(audit.FromLog(rows, versions, source.Name));
            }

            events.AddRange(await ReadActivitiesAsync(keyVault, keys, gaps));
        }

        events.AddRange(audit.FromVersions(versions, [.. events], request.Since));
        return new KeyEvents(events, gaps);
    }

    /// <summary>
    /// Writes in the resource group of the Key Vault, and role assignments and locks in the whole subscription. The API
    /// has no filter for a resource and what is below and above it.
    /// </summary>
    private async Task<IReadOnlyList<KeyEvent>> ReadActivitiesAsync(
        AzureKeyVault keyVault,
        AzureEventKeys keys,
        List<CmekLogGap> gaps
    )
    {
        string[] filters =
        [
            $"resourceGroupName eq '{keyVault.Id.Split('/')[4]}'",
            "resourceProvider eq 'Microsoft.Authorization'",
        ];
        var read = await Task.WhenAll(
            filters.Select(f =>
                shared.GetAsync(
                    calls.Context,
                    $"activities {AzureScope.SubscriptionOf(keyVault.Id)} {f} {request.Since.UtcTicks}",
                    () => _reader.TryListActivitiesAsync(keyVault.Id, request.Since, f)
                )
            )
        );
        gaps.AddRange(read.Select(r => r.Gap).OfType<CmekLogGap>().Take(1));
        if (request.Since < _reader.OldestActivity && read.All(r => r.Gap is null))
            gaps.Add(AzureLogGaps.OldActivities(_reader.OldestActivity));
        return [.. AzureActivityEvents.From(read.SelectMany(r => r.Value ?? []), keyVault.Id, keys)];
    }

    /// <summary>The versions of a key. A key that is deleted has none.</summary>
    private Task<(IReadOnlyList<ListedVersion>? Value, CmekLogGap? Gap)> ReadVersionsAsync(AzureKeyId name) =>
        _reader.TryAsync(
            $"the versions of {name}",
            "az role assignment create --role \"Key Vault Reader\" --assignee <you> "
                + $"--scope <id of the Key Vault {name.KeyVaultName}>   (takes effect after some minutes)",
            () => new AzureKeyReader(clients, calls).ListVersionsAsync(name)
        );
}
