using System.IO;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Report;

/// <summary>
/// A report that is complete. Its JSON form is the report; the other formats show it, and name the form's digest.
/// </summary>
internal sealed class ReportDocument
{
    /// <summary>Version of the JSON form. docs/report-schema.json describes it.</summary>
    public const long SchemaVersion = 1;

    private readonly ReportSpool _clusters;

    public ReportDocument(
        ReportSpool clusters,
        ReportTotals totals,
        ReportOrigin origin,
        IReadOnlyList<IReportSection> sections
    )
    {
        _clusters = clusters;
        Totals = totals;
        Origin = origin;
        Sections = sections;
        using var hash = SHA256.Create();
        using (var stream = new CryptoStream(Stream.Null, hash, CryptoStreamMode.Write))
            WriteJson(stream);
        Sha256 = Hex(hash.Hash!);
    }

    /// <summary>The counts.</summary>
    public ReportTotals Totals { get; }

    /// <summary>Who made it, when, and with what.</summary>
    public ReportOrigin Origin { get; }

    /// <summary>The sections, in order.</summary>
    public IReadOnlyList<IReportSection> Sections { get; }

    /// <summary>The digest of the JSON form.</summary>
    public string Sha256 { get; }

    /// <summary>The clusters, in order. One enumeration at a time.</summary>
    public IEnumerable<JsonObject> Clusters() => _clusters.Clusters();

    /// <summary>Writes the JSON form: canonical JSON (RFC 8785), without a line break at the end.</summary>
    public void WriteJson(Stream stream)
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(false), 1 << 16, leaveOpen: true);
        var separator = "{\"clusters\":[";
        foreach (var cluster in _clusters.Lines())
        {
            writer.Write(separator);
            writer.Write(cluster);
            separator = ",";
        }

        var rest = new JsonObject
        {
            ["origin"] = Origin.Write(),
            ["schemaVersion"] = SchemaVersion,
            ["sections"] = ReportClusters.Value(Sections.Select(s => s.Name.ToString()).ToArray()),
            ["totals"] = Totals.Write(),
        };
        // The members are sorted: "clusters" is the first.
        writer.Write(_clusters.Count == 0 ? separator + "]," : "],");
        writer.Write(CanonicalJson.Write(rest).Substring(1));
    }

    /// <summary>A digest as Get-FileHash shows it.</summary>
    public static string Hex(byte[] digest) => BitConverter.ToString(digest).Replace("-", "");
}
