namespace CockroachCmek.Core.Keys.Azure.Logs;

/// <summary>
/// Finds where the audit log of a Key Vault goes and since when. Every key of the Key Vault shares the answer in one
/// run.
/// </summary>
internal sealed class AzureLogFinder(AzureClients clients, AzureCalls calls, SharedReads shared)
{
    private readonly AzureLogReader _reader = new(clients, calls);

    public Task<AzureLogSources> FindAsync(AzureKeyId key, string tenantId) =>
        shared.GetAsync(calls.Context, $"logs of {key.KeyVault.Host}", () => ReadAsync(key, tenantId));

    private async Task<AzureLogSources> ReadAsync(AzureKeyId key, string tenantId)
    {
        var (keyVault, gap) = await _reader.TryAsync(
            $"the Key Vault {key.KeyVaultName}",
            AzureLogReader.Grant("Reader", $"<id of the Key Vault {key.KeyVaultName}>"),
            () => new AzureKeyVaults(clients, calls).FindAsync(key, tenantId),
            isFirst: true
        );
        return keyVault is null ? new AzureLogSources(null, [], [gap!]) : await ReadAsync(keyVault);
    }

    private async Task<AzureLogSources> ReadAsync(AzureKeyVault keyVault)
    {
        var (settings, gap) = await _reader.TryAsync(
            $"the diagnostic settings of Key Vault {keyVault.Name}",
            AzureLogReader.Grant("Reader", keyVault.Id),
            () =>
                calls.ReadAsync("ARM", "ListDiagnosticSettings", keyVault.Id, c =>
                    clients.Monitor.ListSettingsAsync(keyVault.Id, c)
                )
        );
        if (settings is null)
            return new AzureLogSources(keyVault, [], [gap!]);
        var used = settings.Where(s => s is { HasAudit: true, WorkspaceId: not null }).ToList();
        if (used.Count == 0)
            return new AzureLogSources(keyVault, [], [AzureLogGaps.NotKept(keyVault, settings)]);
        var found = await Task.WhenAll(used.Select(s => ReadSourceAsync(keyVault, s)));
        return new AzureLogSources(
            keyVault,
            [.. found.Select(f => f.Source).OfType<AzureLogSource>()],
            [.. found.SelectMany(f => f.Gaps)]
        );
    }

    private async Task<(AzureLogSource? Source, IReadOnlyList<CmekLogGap> Gaps)> ReadSourceAsync(
        AzureKeyVault keyVault,
        AzureDiagnosticSetting setting
    )
    {
        var id = setting.WorkspaceId!;
        var (workspace, missing) = await _reader.TryAsync(
            $"the Log Analytics workspace {id.Split('/').Last()}",
            AzureLogReader.Grant("Log Analytics Reader", id),
            () => calls.ReadAsync("ARM", "GetWorkspace", id, c => clients.Monitor.GetWorkspaceAsync(id, c))
        );
        if (workspace is null)
            return (null, [missing!]);
        var changes = _reader.TryListActivitiesAsync(
            keyVault.Id,
            _reader.OldestActivity,
            $"resourceUri eq '{keyVault.Id}/providers/Microsoft.Insights/diagnosticSettings/{setting.Name}'"
        );
        var gaps = new List<CmekLogGap>();
        var tables = new List<AzureAuditTable>();
        DateTimeOffset? first = null;
        foreach (var table in AzureAuditQueries.Tables)
        {
            var (result, gap) = await CoverageAsync(keyVault, workspace, table);
            if (gap is not null)
                return (null, [gap]);
            if (result is not { Rows: [var row, ..] } || row.Number("Entries") is null or 0)
                continue;
            tables.Add(table);
            if (row.Time("First") is { } entry && !(first <= entry))
                first = entry;
        }

        var (activities, unknown) = await changes;
        if (unknown is not null)
            gaps.Add(unknown);
        var source = new AzureLogSource(setting, workspace, tables) { FirstEntry = first };
        if (first is null)
            gaps.Add(AzureLogGaps.NoEntries(keyVault, source));
        else if (workspace.MayDropEntries)
            gaps.Add(AzureLogGaps.Capped(source));
        else if (activities is not null)
            source = WithCoverage(source, activities);
        return (source, gaps);
    }

    /// <summary>A table that the workspace does not have has no entries, and is not an error.</summary>
    private Task<(AzureQueryResult? Value, CmekLogGap? Gap)> CoverageAsync(
        AzureKeyVault keyVault,
        AzureLogWorkspace workspace,
        AzureAuditTable table
    ) =>
        _reader.TryAsync(
            $"the Log Analytics workspace {workspace.Name}",
            AzureLogReader.Grant("Log Analytics Reader", workspace.Id),
            async () =>
            {
                try
                {
                    return await _reader.QueryAsync(
                        workspace,
                        AzureAuditQueries.Coverage(table, keyVault.Id, workspace.RetentionDays)
                    );
                }
                catch (AzureException error) when (error is { Status: 400, InnerCode: "SemanticError" })
                {
                    return new AzureQueryResult([], null);
                }
            }
        );

    /// <summary>
    /// The setting exists now. The log was on at least since its last change, and older changes than the activity log
    /// shows are not known.
    /// </summary>
    private AzureLogSource WithCoverage(AzureLogSource source, IReadOnlyList<AzureActivity> activities)
    {
        var changes = activities.Where(a => a.HasSucceeded).Select(a => a.EventTimestamp).ToList();
        var (from, limit) =
            changes.Count > 0
                ? (changes.Max(), AzureLogLimit.Changed)
                : (_reader.OldestActivity, AzureLogLimit.ActivityLog);
        var kept = _reader.Now.AddDays(-source.Workspace.RetentionDays);
        return source with
        {
            KnownFrom = kept > from ? kept : from,
            Limit = kept > from ? AzureLogLimit.Retention : limit,
        };
    }
}
