using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CockroachCmek.Core.Cmek;

/// <summary>The record as JSON.</summary>
internal static partial class RevocationFile
{
    private const int Version = 2;

    private static readonly JsonSerializerOptions Format = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters =
        {
            new JsonStringEnumConverter(namingPolicy: null, allowIntegerValues: false),
            new VisibleTextConverter(),
        },
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        AllowDuplicateProperties = false,
    };

    private static readonly JsonSerializerOptions OneLine = new(Format) { WriteIndented = false };

    private sealed record FileKey(string Region, string KeyUri, string AuthPrincipal);

    private sealed record FileRun(
        string Command,
        string Operator,
        string ModuleVersion,
        DateTimeOffset? StartedAt,
        List<string> Callers
    );

    private sealed record FileChange(
        List<string> Regions,
        string KeyUri,
        string AuthPrincipal,
        string Kind,
        string Target,
        string Action,
        CmekRevocationMethod Method,
        JsonElement Document,
        CmekAccessChangeState State,
        string Fault,
        List<string>? RequestIds
    );

    /// <param name="FormatVersion">2; records of 0.2.0 have none, and neither runs nor keys.</param>
    private sealed record FileRecord(
        int FormatVersion,
        string? Digest,
        string ClusterId,
        string ClusterName,
        string CloudProvider,
        CmekRevocationMethod Method,
        DateTimeOffset? RevokedAt,
        string Status,
        List<FileRun>? Runs,
        List<FileKey>? Keys,
        List<FileKey>? PastKeys,
        List<FileChange> Changes
    );

    /// <summary>The record as text. It holds no secret.</summary>
    public static string Write(CmekRevocation revocation) =>
        JsonSerializer.Serialize(
            new FileRecord(
                Version,
                RevocationDigest.Of(revocation with { Changes = [.. revocation.Changes.Select(Normal)] }),
                revocation.ClusterId,
                revocation.ClusterName,
                revocation.CloudProvider,
                revocation.Method,
                revocation.RevokedAt,
                revocation.Status,
                [
                    .. revocation.Runs.Select(r => new FileRun(
                        r.Command,
                        r.Operator,
                        r.ModuleVersion,
                        r.StartedAt,
                        [.. r.Callers]
                    )),
                ],
                [.. revocation.Keys.Select(ToFile)],
                [.. revocation.PastKeys.Select(ToFile)],
                [
                    .. revocation.Changes.Select(c => new FileChange(
                        [.. c.Regions],
                        c.KeyUri,
                        c.AuthPrincipal,
                        c.Kind,
                        c.Target,
                        c.Action,
                        c.Method,
                        JsonDocument.Parse(c.Document).RootElement.Clone(),
                        c.State,
                        c.Fault,
                        [.. c.RequestIds]
                    )),
                ]
            ),
            Format
        ) + "\n";

    /// <summary>Reads a record. Its cluster has an id, a name and a cloud only.</summary>
    /// <exception cref="CmekException">RevocationFileInvalid.</exception>
    public static CmekRevocation Read(string text, string path)
    {
        FileRecord record;
        try
        {
            record = JsonSerializer.Deserialize<FileRecord>(text, Format) ?? throw new JsonException();
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            throw Errors.RevocationFileInvalid(path, Explain(fault), fault);
        }

        if (ProblemOf(record) is { } problem)
            throw Errors.RevocationFileInvalid(path, problem);
        var revocation = ToModel(record, path);
        return (record.FormatVersion == 0 ? null : RevocationDigest.Of(revocation)) == record.Digest
            ? revocation
            : throw Errors.RevocationFileInvalid(path, "it was changed after this module wrote it: its digest differs");
    }

    /// <summary>Where the text differs from a record, without the names of types that the reader's message has.</summary>
    private static string Explain(Exception fault) =>
        fault switch
        {
            JsonException { LineNumber: { } line, Path: { Length: > 1 } place } =>
                $"its line {line + 1} is not as this module writes it, at {place.Substring(1).TrimStart('.')}",
            JsonException { LineNumber: { } line } =>
                $"its line {line + 1} is not as this module writes it: it must hold one JSON object",
            JsonException => "it must hold one JSON object",
            _ => "it has a text with half a character", // \ud800
        };

    private static string? ProblemOf(FileRecord record)
    {
        // Keys from a manifest or the KMS can be taken without the cluster's id.
        var isNamed = record.ClusterId is { Length: 0 }
            ? !string.IsNullOrEmpty(record.ClusterName)
            : Guid.TryParseExact(record.ClusterId, "D", out _);
        if (!isNamed || record.Changes is null)
            return "it names no cluster, or no changes";
        if (record.FormatVersion is not (0 or Version))
            return $"it has format {record.FormatVersion}; this version of the module knows {Version} and that of "
                + "0.2.0";
        foreach (var change in record.Changes)
            if (
                change is null
                || change.Regions?.Contains(null!) == true
                || change.RequestIds?.Contains(null!) == true
                || string.IsNullOrEmpty(change.Kind)
                || string.IsNullOrEmpty(change.Target)
                || change.Document.ValueKind == JsonValueKind.Undefined
                || !IsText(change.Document)
            )
                return "a change lacks its kind, target or document, or one of its regions or request ids is null";
        foreach (var key in (record.Keys ?? []).Concat(record.PastKeys ?? []))
            if (key is not { Region.Length: > 0, KeyUri.Length: > 0, AuthPrincipal.Length: > 0 })
                return "a key lacks its region, URI or identity";
        return record.Runs?.Exists(r => r is null || r.Callers?.Contains(null!) == true) == true
            ? "a run, or a caller of one, is null"
            : null;
    }

    private static CmekRevocation ToModel(FileRecord record, string path) =>
        new()
        {
            Cluster = new CrdbCluster
            {
                Id = record.ClusterId,
                Name = record.ClusterName ?? "",
                CloudProvider = record.CloudProvider ?? "",
            },
            Method = record.Method,
            RevokedAt = record.RevokedAt,
            Status = record.Status ?? "",
            Path = path,
            Outcome = CmekOutcome.Existing,
            Runs =
            [
                .. (record.Runs ?? []).Select(r => new CmekRevocationRun
                {
                    Command = r.Command ?? "",
                    Operator = r.Operator ?? "",
                    ModuleVersion = r.ModuleVersion ?? "",
                    StartedAt = r.StartedAt,
                    Callers = r.Callers ?? [],
                }),
            ],
            Keys = [.. (record.Keys ?? []).Select(FromFile)],
            PastKeys = [.. (record.PastKeys ?? []).Select(FromFile)],
            Changes =
            [
                .. record.Changes.Select(c => new CmekAccessChange
                {
                    Regions = c.Regions ?? [],
                    KeyUri = c.KeyUri ?? "",
                    AuthPrincipal = c.AuthPrincipal ?? "",
                    Kind = c.Kind,
                    Target = c.Target,
                    Action = c.Action ?? "",
                    Method = c.Method,
                    Document = Compact(c.Document),
                    State = c.State,
                    Fault = c.Fault ?? "",
                    RequestIds = c.RequestIds ?? [],
                }),
            ],
        };

    private static FileKey ToFile(CmekRegionSpec key) => new(key.Region, key.KeyUri, key.AuthPrincipal);

    /// <summary>The type of a key follows from its URI, which is verified when the key is used.</summary>
    private static CmekRegionSpec FromFile(FileKey key) =>
        CmekRegionSpec.Create(key.Region, "", key.KeyUri, key.AuthPrincipal);

    /// <summary>The change as it is read back: its document without white space.</summary>
    private static CmekAccessChange Normal(CmekAccessChange change) =>
        change with
        {
            Document = Compact(JsonDocument.Parse(change.Document).RootElement),
        };

    private static string Compact(JsonElement document) => JsonSerializer.Serialize(document, OneLine);

    /// <summary>False for a document with half a character (\ud800), which could not be written again.</summary>
    private static bool IsText(JsonElement document)
    {
        try
        {
            return JsonSerializer.Serialize(document).Length > 0;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return false;
        }
    }
}
