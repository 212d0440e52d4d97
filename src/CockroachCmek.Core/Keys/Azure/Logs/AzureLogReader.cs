namespace CockroachCmek.Core.Keys.Azure.Logs;

/// <summary>Reads logs. What cannot be read becomes a gap, except for want of credentials.</summary>
internal sealed class AzureLogReader(AzureClients clients, AzureCalls calls)
{
    /// <summary>"Events are retained for 90 days"; an hour less, because the clocks may differ.</summary>
    private static readonly TimeSpan ActivityLog = TimeSpan.FromDays(90) - TimeSpan.FromHours(1);

    public DateTimeOffset Now => calls.Context.Time.GetUtcNow();

    /// <summary>The oldest time that the activity log can be asked about.</summary>
    public DateTimeOffset OldestActivity => Now - ActivityLog;

    public Task<AzureQueryResult> QueryAsync(AzureLogWorkspace workspace, string query) =>
        calls.ReadAsync("Log Analytics", "Query", workspace.Name, c =>
            clients.Monitor.QueryAsync(workspace.CustomerId, query, c)
        );

    /// <summary>The result of a query; a gap when the workspace cannot be queried.</summary>
    public Task<(AzureQueryResult? Value, CmekLogGap? Gap)> TryQueryAsync(AzureLogWorkspace workspace, string query) =>
        TryAsync($"the Log Analytics workspace {workspace.Name}", Grant("Log Analytics Reader", workspace.Id), () =>
            QueryAsync(workspace, query)
        );

    /// <summary>The rows of every table that the source writes to, and a gap for each that was not read whole.</summary>
    /// <param name="source">Where the log goes.</param>
    /// <param name="queryOf">The query of a table.</param>
    public async Task<(IReadOnlyList<AzureQueryRow> Rows, IReadOnlyList<CmekLogGap> Gaps)> ReadTablesAsync(
        AzureLogSource source,
        Func<AzureAuditTable, string> queryOf
    )
    {
        var (rows, gaps) = (new List<AzureQueryRow>(), new List<CmekLogGap>());
        foreach (var table in source.Tables)
        {
            var (result, gap) = await TryQueryAsync(source.Workspace, queryOf(table));
            if (result is null)
                gaps.Add(gap!);
            else if (result.IsPartial)
                gaps.Add(AzureLogGaps.Partial(source, result.Error!.Message));
            else if (result.Rows.Count >= AzureAuditQueries.MostRows)
                gaps.Add(AzureLogGaps.TooMany(source));
            rows.AddRange(result?.Rows ?? []);
        }

        return (rows, gaps);
    }

    /// <summary>Writes of the control plane; a gap when the activity log cannot be read.</summary>
    public Task<(IReadOnlyList<AzureActivity>? Value, CmekLogGap? Gap)> TryListActivitiesAsync(
        string keyVaultId,
        DateTimeOffset from,
        string filter
    )
    {
        var subscription = AzureScope.SubscriptionOf(keyVaultId);
        return TryAsync(
            $"the activity log of {AzureScope.Describe(subscription)}",
            Grant("Monitoring Reader", subscription),
            () =>
                calls.ReadAsync("ARM", "ListActivities", subscription, c =>
                    clients.Monitor.ListActivitiesAsync(
                        subscription,
                        from > OldestActivity ? from : OldestActivity,
                        filter,
                        c
                    )
                )
        );
    }

    /// <summary>The result of a read, or the gap that it leaves.</summary>
    /// <param name="what">What is read.</param>
    /// <param name="remedy">What helps when the caller is not allowed to.</param>
    /// <param name="read">Reads it.</param>
    /// <param name="isFirst">
    /// True for the first read: where the credentials fail there, they fail everywhere, and that is an error. Later,
    /// one
    /// service does not accept them.
    /// </param>
    public async Task<(T? Value, CmekLogGap? Gap)> TryAsync<T>(
        string what,
        string remedy,
        Func<Task<T>> read,
        bool isFirst = false
    )
        where T : class
    {
        try
        {
            return (await read(), null);
        }
        catch (Exception error)
            when (!calls.Context.CancellationToken.IsCancellationRequested
                && (error as CmekException ?? AzureCalls.TranslateRead(error, what)) is { } refused
                && !(isFirst && refused.Kind == CmekErrorKind.Authentication)
            )
        {
            var isDenied = error is AzureException { Status: 403 };
            return (
                null,
                AzureLogGaps.Unreadable(
                    what,
                    isDenied ? $"These credentials are not allowed to read it: {error.Message}" : refused.Message,
                    isDenied ? remedy : refused.RecommendedAction
                )
            );
        }
    }

    public static string Grant(string role, string scope) =>
        $"az role assignment create --role {ShellQuote.PowerShell(role)} --assignee <you> "
        + $"--scope {ShellQuote.PowerShell(scope)}";
}
