using System.Globalization;

namespace CockroachCmek.Core.Keys.Gcp.Logs;

/// <summary>Entries that a query found, newest first unless it asked otherwise.</summary>
/// <param name="Entries">The entries.</param>
/// <param name="IsCut">True when a limit ended the reading, so that there may be more.</param>
internal sealed record GcpLogResult(IReadOnlyList<GcpLogEntry> Entries, bool IsCut);

/// <summary>
/// Reads the audit logs of projects. Whatever stops a reading becomes a gap, but for refused credentials.
/// </summary>
internal sealed class GcpLogReader(GcpClients clients, GcpCalls calls)
{
    /// <summary>Google Cloud allows 60 lists a minute for a project.</summary>
    private const int MostPages = 20;

    private const int PageSize = 1000;

    /// <summary>The condition for entries from a time on.</summary>
    public static string From(DateTimeOffset time) =>
        $"timestamp>=\"{time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)}\"";

    /// <summary>A text in a filter.</summary>
    public static string Quote(string text) => $"\"{text.Replace("\\", "\\\\").Replace("\"", "\\\"")}\"";

    /// <summary>The entries of a project that match.</summary>
    /// <param name="project">The project.</param>
    /// <param name="filter">In the Logging query language.</param>
    /// <param name="gap">What is missing when they cannot be read.</param>
    /// <param name="oldestOnly">True to find only the oldest entry.</param>
    public Task<(GcpLogResult? Result, CmekLogGap? Gap)> ReadAsync(
        string project,
        string filter,
        string gap,
        bool oldestOnly = false
    ) => TryAsync(gap, project, "logging.logEntries.list", async () =>
        {
            var found = new List<GcpLogEntry>();
            var request = new ListLogEntriesRequest(
                [$"projects/{project}"],
                filter,
                oldestOnly ? "timestamp asc" : "timestamp desc",
                oldestOnly ? 1 : PageSize
            );
            for (var pages = 0; pages < MostPages; pages++)
            {
                var page = await clients.LogQuota.RunAsync(calls.Context, () => ListAsync(project, request));
                found.AddRange((page.Entries ?? []).Select(GcpLogEntry.Parse).OfType<GcpLogEntry>());
                if (page.NextPageToken is not { Length: > 0 } token || (oldestOnly && found.Count > 0))
                    return new GcpLogResult(found, IsCut: false);
                request = request with { PageToken = token };
            }

            return new GcpLogResult(found, IsCut: true);
        });

    /// <summary>The gap of a search that found nothing within a limit.</summary>
    public static CmekLogGap Slow(string project, string what) =>
        new()
        {
            What = what,
            Why = $"Searching the logs of project {project} took {MostPages} requests and was not finished.",
            Remedy = "Ask for a shorter time.",
        };

    private Task<LogEntryPage> ListAsync(string project, ListLogEntriesRequest request) =>
        calls.ReadAsync("Logging", "entries.list", project, c => clients.Logging.ListLogEntriesAsync(request, c));

    /// <summary>Reads something; what stops the reading is a gap.</summary>
    /// <param name="what">What is missing then.</param>
    /// <param name="project">The project that is read.</param>
    /// <param name="permission">The permission that the reading takes.</param>
    /// <param name="read">Reads it.</param>
    public async Task<(T? Result, CmekLogGap? Gap)> TryAsync<T>(
        string what,
        string project,
        string permission,
        Func<Task<T>> read
    )
        where T : class
    {
        try
        {
            return (await read(), null);
        }
        catch (Exception error)
            when (calls.Translate(error, $"project {project}") is { Kind: not CmekErrorKind.Authentication } known)
        {
            calls.Context.Host.Verbose($"{what} could not be read: {known.Message}");
            var isRight = error is GcpException { Code: 403 } refusal && GcpCalls.NeedOf(refusal) is null;
            return (
                null,
                new CmekLogGap
                {
                    What = what,
                    Why = isRight ? $"The credentials lack {permission} on project {project}." : known.Message,
                    Remedy = isRight ? GcpLogAdvice.Grant(project, permission) : known.RecommendedAction,
                }
            );
        }
    }
}
