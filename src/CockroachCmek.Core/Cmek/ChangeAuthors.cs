using CockroachCmek.Core.Cloud;

namespace CockroachCmek.Core.Cmek;

/// <summary>Who changed a cluster, as the audit log of CockroachDB Cloud tells.</summary>
internal sealed class ChangeAuthors(CrdbCloudClient client, OperationContext context)
{
    /// <summary>The clocks of this machine and of CockroachDB Cloud differ.</summary>
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(1);

    /// <summary>Who has changed a cluster since a moment, as a sentence; or why that is not known.</summary>
    public async Task<string> DescribeAsync(CrdbCluster cluster, DateTimeOffset since)
    {
        try
        {
            var from = since - ClockTolerance;
            var changes = new List<string>();
            await foreach (var entry in client.ListAuditEventsAsync(from, context))
                if (entry.ClusterId == cluster.Id && entry.Succeeded && entry.ChangesCluster)
                    changes.Add($"{entry.Author} ({entry.Action} on {entry.CreatedAt:u})");
            return changes.Count > 0
                ? $"The audit log names {string.Join(", ", changes)}."
                : "The audit log does not show who changed it, at least not yet.";
        }
        catch (CmekException error) when (error.Kind == CmekErrorKind.PermissionDenied)
        {
            return "Who changed it is not known: reading the audit log needs the role Organization Admin.";
        }
        catch (CmekException error)
        {
            return $"Who changed it is not known: the audit log cannot be read ({error.ErrorId}).";
        }
    }
}
