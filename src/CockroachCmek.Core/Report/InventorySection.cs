using CockroachCmek.Core.Cmek;

namespace CockroachCmek.Core.Report;

/// <summary>The keys of a cluster: those in force, past ones, and those that it does not use.</summary>
internal sealed class InventorySection : IReportSection
{
    public CmekReportSection Name => CmekReportSection.Inventory;

    public string Purpose => "The keys of the cluster, where they were generated, and since when they are used.";

    public IReadOnlyList<ReportColumn> Columns { get; } =
    [
        new("Region", "Region"),
        new("Use", "Use", ReportColumnKind.Result),
        new("KeyUri", "Key", ReportColumnKind.Code),
        new("KeyType", "Type"),
        new("Origin", "Origin"),
        new("AuthPrincipal", "Identity", ReportColumnKind.Code),
        new("UsedSince", "Used since"),
        new("AgeInDays", "Age in days"),
        new("ExpiresAt", "Expires"),
        new("IsMultiRegion", "Multi-region"),
    ];

    public bool HasGapsAsWarnings => true;

    public async Task<SectionReading> ReadAsync(ReportSubject subject, OperationContext context)
    {
        var keys = await new KeyInventory(subject.Client).ReadAsync(subject.Cluster, subject.Keys, context);
        var now = context.Time.GetUtcNow();
        return new SectionReading
        {
            NotApplicable = keys.Count == 0 ? subject.NoKeys : "",
            Rows =
            [
                .. keys.Select(k =>
                    (IReadOnlyList<object?>)
                        [
                            k.Region,
                            k.Use,
                            k.KeyUri,
                            k.KeyType,
                            k.Origin,
                            k.AuthPrincipal,
                            k.UsedSince,
                            k.UsedSince is { } since ? (long)Math.Max(0, (now - since).TotalDays) : null,
                            k.ExpiresAt,
                            k.IsMultiRegion,
                        ]
                ),
            ],
        };
    }
}
