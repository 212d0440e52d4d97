using System.IO;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CockroachCmek.Core.Cmek;

/// <summary>The record of a revocation as a JSON file: what Restore-CrdbCmekAccess needs to undo it.</summary>
internal static class RevocationFile
{
    /// <summary>Room for the policies of every key of a large cluster.</summary>
    private const int LargestFile = 16 * 1024 * 1024;

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
        string Fault
    );

    /// <param name="FormatVersion">2; records of 0.2.0 have none.</param>
    private sealed record FileRecord(
        int FormatVersion,
        string? ModuleVersion,
        string? Operator,
        string? Digest,
        string ClusterId,
        string ClusterName,
        string CloudProvider,
        CmekRevocationMethod Method,
        DateTimeOffset? RevokedAt,
        string Status,
        List<FileChange> Changes
    );

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
    };

    private static readonly JsonSerializerOptions OneLine = new(Format) { WriteIndented = false };

    /// <summary>The record as text. It holds no secret.</summary>
    public static string Write(CmekRevocation revocation)
    {
        return JsonSerializer.Serialize(
                new FileRecord(
                    Version,
                    typeof(RevocationFile).Assembly.GetName().Version?.ToString(3),
                    $"{Environment.UserName}@{Environment.MachineName}",
                    RevocationDigest.Of(revocation.ClusterId, revocation.Changes.Select(Normal)),
                    revocation.ClusterId,
                    revocation.ClusterName,
                    revocation.CloudProvider,
                    revocation.Method,
                    revocation.RevokedAt,
                    revocation.Status,
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
                            c.Fault
                        )),
                    ]
                ),
                Format
            ) + "\n";
    }

    /// <summary>Reads a record. Its cluster has an id, a name and a cloud only.</summary>
    /// <exception cref="CmekException">RevocationFileInvalid.</exception>
    public static CmekRevocation Read(string text, string path)
    {
        FileRecord record;
        try
        {
            record = JsonSerializer.Deserialize<FileRecord>(text, Format) ?? throw new JsonException("it is null");
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // The second is a text with half a character (\ud800).
            throw Errors.RevocationFileInvalid(path, fault.Message, fault);
        }

        if (!Guid.TryParseExact(record.ClusterId, "D", out _) || record.Changes is null)
            throw Errors.RevocationFileInvalid(path, "it names no cluster, or no changes");
        foreach (var change in record.Changes)
            if (
                change is null
                || change.Regions?.Contains(null!) == true
                || string.IsNullOrEmpty(change.Kind)
                || string.IsNullOrEmpty(change.Target)
                || change.Document.ValueKind == JsonValueKind.Undefined
                || !IsText(change.Document)
            )
                throw Errors.RevocationFileInvalid(
                    path,
                    "a change lacks its kind, target or document, or a region is null"
                );
        if (record.FormatVersion > Version)
            throw Errors.RevocationFileInvalid(
                path,
                $"it has format {record.FormatVersion}; this version of the module knows {Version} and older"
            );
        var revocation = new CmekRevocation
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
                }),
            ],
        };
        if (
            record.FormatVersion == Version
            && record.Digest != RevocationDigest.Of(revocation.ClusterId, revocation.Changes)
        )
            throw Errors.RevocationFileInvalid(path, "it was changed after this module wrote it: its digest differs");
        return revocation;
    }

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

    /// <summary>Reads the record of a file.</summary>
    /// <exception cref="CmekException">
    /// RevocationFileNotFound, RevocationFileTooLarge, RevocationFileInvalid.
    /// </exception>
    public static CmekRevocation Load(string path)
    {
        try
        {
            var bytes = BoundedFile.Read(path, LargestFile) ?? throw Errors.RevocationFileTooLarge(path);
            return Read(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes).TrimStart('\uFEFF'), path);
        }
        catch (DecoderFallbackException fault)
        {
            throw Errors.RevocationFileInvalid(path, "it is not UTF-8 text", fault);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw Errors.RevocationFileNotFound(path, fault);
        }
    }

    /// <summary>
    /// The file of a cluster's record. In a folder it is named after the cluster's name and id, so that clusters of one
    /// name do not share a file; a record of 0.2.0, named after the name alone, is continued if it is this cluster's.
    /// </summary>
    public static string? PathFor(string? path, CrdbCluster cluster)
    {
        if (path is null || !Directory.Exists(path))
            return path;
        var name = FileNames.Of(cluster.Name, cluster.Id);
        var earlier = Path.Combine(path, $"{name}.revocation.json");
        if (File.Exists(earlier) && Load(earlier).ClusterId == cluster.Id)
            return earlier;
        return Path.Combine(path, $"{FileNames.Of($"{name}-{cluster.Id}", cluster.Id)}.revocation.json");
    }

    /// <summary>The record of an interrupted run for the same cluster; null when there is no file yet.</summary>
    /// <exception cref="CmekException">RevocationFileInvalid: the file is the record of another cluster.</exception>
    public static CmekRevocation? LoadEarlier(string path, CrdbCluster cluster)
    {
        if (!File.Exists(path))
            return null;
        var earlier = Load(path);
        return earlier.ClusterId == cluster.Id
            ? earlier
            : throw Errors.RevocationFileInvalid(
                path,
                $"it is the record of {earlier.ClusterName} ({earlier.ClusterId}), "
                    + $"not of {cluster.Name} ({cluster.Id})"
            );
    }

    /// <summary>Writes the record to a file.</summary>
    /// <exception cref="CmekException">RevocationFileNotWritten.</exception>
    public static void Save(CmekRevocation revocation, string path)
    {
        try
        {
            WholeFile.Write(path, Write(revocation));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw Errors.RevocationFileNotWritten(path, fault);
        }
    }
}
