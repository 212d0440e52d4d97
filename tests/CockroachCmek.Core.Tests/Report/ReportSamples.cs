using System.Text.Json.Nodes;
using CockroachCmek.Core.Report;

namespace CockroachCmek.Core.Tests.Report;

/// <summary>Reports that no cloud was asked for.</summary>
internal static class ReportSamples
{
    /// <summary>Names that end an element, an attribute, a script or a cell, or turn the text around.</summary>
    public static readonly string[] Hostile =
    [
        "</script><script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onmouseover='alert(1)",
        "{{constructor}} {{{raw}}}",
        "=cmd|' /C calc'!A0",
        "@SUM(1+1)",
        "line\r\nbreak, \"quoted\"",
        "\u202Egnp.exe",
        "\u05E9\u05DC\u05D5\u05DD-\u05D9\u05D9\u05E6\u05D5\u05E8",
        "\u0627\u0644\u0625\u0646\u062A\u0627\u062C",
        "\uD83D\uDD11 key \uD800 half \uFFFF none",
        "]]>&amp;<!--",
        new string('n', 10_000),
    ];

    /// <summary>A report on one sound cluster for each name, with a failed check, a gap and a line of access.</summary>
    public static ReportDocument Of(FleetReport report, params IReadOnlyList<string> names)
    {
        foreach (var (name, i) in names.Select((n, i) => (n, i)))
            report.Add(Cluster(report.Sections, name, i));
        return Complete(report);
    }

    public static ReportDocument Complete(FleetReport report) =>
        report
            .CompleteAsync(
                [new CrdbSession { Id = 1, OrganizationName = "Org </title>" }],
                TimeSpan.FromDays(365),
                new DateTimeOffset(2026, 11, 28, 9, 30, 0, TimeSpan.Zero)
            )
            .GetAwaiter()
            .GetResult();

    public static JsonObject Cluster(IReadOnlyList<IReportSection> sections, string name, int number, int keys = 1)
    {
        var cluster = new CrdbCluster
        {
            Id = $"00000000-0000-4000-8000-{number:D12}",
            Name = name,
            CloudProvider = number % 2 == 0 ? "MOON" : "MARS",
            Plan = "ADVANCED",
            State = "CREATED",
            CockroachVersion = "v25.2.4",
            Regions = [new CrdbRegion { Name = "near-side" }],
        };
        var info = new CmekInfo { Cluster = cluster, Status = CmekStatus.Enabled };
        return ReportClusters.Write(cluster, info, null, [.. sections.Select(s => (s, Reading(s, name, keys)))]);
    }

    /// <summary>A row as the section's columns want it: text is the name.</summary>
    private static SectionReading Reading(IReportSection section, string name, int keys) =>
        section.Name switch
        {
            CmekReportSection.Health => new SectionReading
            {
                Rows =
                [
                    Row(section, name, ("Check", "KeyUsable"), ("Status", CmekCheckStatus.Fail)),
                    Row(section, "", ("Check", "Plan"), ("Status", CmekCheckStatus.Pass)),
                    Row(section, name, ("Check", "KeyAge"), ("Status", CmekCheckStatus.Warning)),
                    Row(section, name, ("Check", "RoleTrust"), ("Status", CmekCheckStatus.Unknown)),
                ],
                Gaps = [new ReportGap("RoleTrust", "", name, "Get-Help")],
            },
            CmekReportSection.Access => new SectionReading
            {
                Rows = [Row(section, name, ("Excess", new[] { name, "kms:*" }))],
                Gaps = [new ReportGap("The project", "", name, "")],
            },
            CmekReportSection.Usage or CmekReportSection.History => new SectionReading { NotApplicable = name },
            _ => new SectionReading
            {
                Rows =
                [
                    .. Enumerable.Repeat(
                        Row(section, name, ("Use", CmekKeyUse.InForce), ("AgeInDays", 41L), ("IsMultiRegion", true)),
                        keys
                    ),
                ],
            },
        };

    private static IReadOnlyList<object?> Row(
        IReportSection section,
        string text,
        params (string Column, object Value)[] values
    ) =>
        [
            .. section.Columns.Select(c =>
                values.FirstOrDefault(v => v.Column == c.Name).Value
                ?? (
                    c.Name is "UsedSince" or "ExpiresAt" or "Since" ? null
                    : c.Name is "IsPast" or "IsExpected" ? false
                    : text
                )
            ),
        ];
}
