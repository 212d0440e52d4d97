namespace CockroachCmek.Core.Cloud;

internal sealed partial class CrdbCloudClient
{
    /// <summary>The organization that the API key belongs to.</summary>
    public async Task<CrdbOrganization> GetOrganizationAsync(OperationContext context)
    {
        var answer = await _transport.GetAsync<WireOrganization>("organization", RequestTarget.Organization, context);
        if (string.IsNullOrEmpty(answer.Id))
            throw Errors.BadAnswer(RequestTarget.Organization, "it has no id");
        return new CrdbOrganization
        {
            Id = answer.Id!,
            Name = answer.Name ?? "",
            Label = answer.Label ?? "",
            CreatedAt = answer.CreatedAt,
        };
    }

    /// <summary>
    /// The entries of the organization's audit log since a moment, newest first, page by page: the API has no filter. The
    /// edge of a page may come twice, or not (the specification and cloud-org-audit-logs.md differ); an entry is returned
    /// once.
    /// </summary>
    public async IAsyncEnumerable<AuditEvent> ListAuditEventsAsync(DateTimeOffset since, OperationContext context)
    {
        var edge = new HashSet<string>(StringComparer.Ordinal);
        string? from = null;
        do
        {
            var page = await _transport.GetAsync<WireAuditEvents>(
                "auditlogevents?sort_order=DESC&limit=200"
                    + (from is null ? "" : "&starting_from=" + Uri.EscapeDataString(from)),
                RequestTarget.AuditLog,
                context
            );
            var entries = (page.Entries ?? []).Select(e => e.ToModel()).ToList();
            foreach (var entry in entries.Where(e => e.CreatedAt >= since && !edge.Contains(e.Id)))
                yield return entry;
            edge = [.. entries.Select(e => e.Id).Where(id => id.Length > 0)];
            // A server that repeats a page would never end.
            var next = page.NextStartingFrom is { Length: > 0 } later && later != from ? later : null;
            from = entries.Exists(e => e.CreatedAt < since) ? null : next;
        } while (from is not null);
    }
}
