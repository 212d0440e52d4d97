using System.Net.Http;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Gcp.Logs;

/// <summary>The operations of Cloud Logging that CMEK needs, named as in the vendor's SDK.</summary>
internal interface IGcpLogging
{
    /// <summary>
    /// A page of entries. It may be empty and yet have a token: the search ran out of time and goes on with it.
    /// </summary>
    Task<LogEntryPage> ListLogEntriesAsync(ListLogEntriesRequest request, CancellationToken cancellationToken);

    /// <summary>Needs logging.buckets.get.</summary>
    Task<LogBucket> GetBucketAsync(string name, CancellationToken cancellationToken);
}

/// <summary>What to list, with the API's own names.</summary>
internal sealed record ListLogEntriesRequest(
    IReadOnlyList<string> ResourceNames,
    string Filter,
    string OrderBy,
    int PageSize,
    string? PageToken = null
);

/// <summary>A page of entries.</summary>
internal sealed record LogEntryPage(List<JsonObject>? Entries, string? NextPageToken);

/// <summary>Where logs are kept.</summary>
internal sealed record LogBucket(string? Name, int? RetentionDays);

/// <summary>
/// Cloud Logging v2 over REST. Source of paths, methods and fields: the discovery document of logging v2.
/// </summary>
internal sealed class GcpLoggingClient(GcpRest rest) : IGcpLogging
{
    public Task<LogEntryPage> ListLogEntriesAsync(ListLogEntriesRequest request, CancellationToken cancellationToken) =>
        rest.SendAsync<LogEntryPage>(HttpMethod.Post, "v2/entries:list", request, cancellationToken);

    public Task<LogBucket> GetBucketAsync(string name, CancellationToken cancellationToken) =>
        rest.SendAsync<LogBucket>(HttpMethod.Get, $"v2/{name}", null, cancellationToken);
}
