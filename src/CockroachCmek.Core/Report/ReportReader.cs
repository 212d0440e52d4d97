using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Report;

/// <summary>
/// Reads one cluster for a report, in the form that the report keeps. Whatever cannot be read is a gap in it; only an
/// error that all clusters share ends the report.
/// </summary>
internal sealed class ReportReader(IReadOnlyList<IReportSection> sections)
{
    /// <summary>Reads the sections side by side.</summary>
    /// <returns>What was read, and the state of CMEK; null when that could not be read.</returns>
    public async Task<(JsonObject Cluster, CmekInfo? Info)> ReadAsync(ReportSubject subject, OperationContext context)
    {
        var host = new ReportHost(context.Host);
        var shared = context with { Host = host };
        var (info, unread) = await InfoAsync(subject, shared);
        var known = subject with { Info = info };
        var read = await Task.WhenAll(sections.Select(s => SectionAsync(s, known, host, shared)));
        return (ReportClusters.Write(subject.Cluster, info, unread, [.. sections.Zip(read, (s, r) => (s, r))]), info);
    }

    private static async Task<(CmekInfo? Info, ReportGap? Unread)> InfoAsync(
        ReportSubject subject,
        OperationContext context
    )
    {
        try
        {
            return (await subject.Client.GetCmekForCheckAsync(subject.Cluster, context), null);
        }
        catch (Exception error) when (!EndsReport(error, context))
        {
            return (null, Gap("The state of CMEK", error, context));
        }
    }

    private static async Task<SectionReading> SectionAsync(
        IReportSection section,
        ReportSubject subject,
        ReportHost host,
        OperationContext context
    )
    {
        var warnings = host.Collect();
        try
        {
            var reading = await section.ReadAsync(subject, context);
            return section.HasGapsAsWarnings ? reading with { Gaps = [.. reading.Gaps, .. warnings] } : reading;
        }
        catch (Exception error) when (!EndsReport(error, context))
        {
            return new SectionReading { Gaps = [.. warnings, Gap("All of it", error, context)] };
        }
    }

    /// <summary>The gap of an error. One that is not expected is a gap too: the other clusters are read.</summary>
    private static ReportGap Gap(string what, Exception error, OperationContext context)
    {
        if (error is CmekException known)
            return ReportGap.Of(what, known);
        context.Host.Verbose($"{what}: {error}");
        var why = $"CockroachCmek met an unexpected error: {error.Message}";
        return new ReportGap(what, "", why, "Export-CrdbCmekReport -Verbose   (please report the error's text)");
    }

    /// <summary>
    /// CockroachDB Cloud does not accept the API key, or the session or the run was ended: nothing more can be read.
    /// </summary>
    private static bool EndsReport(Exception error, OperationContext context) =>
        context.CancellationToken.IsCancellationRequested
        || error is CmekException { ErrorId: nameof(Errors.ApiKeyRefused) or nameof(Errors.SessionEnded) };
}
