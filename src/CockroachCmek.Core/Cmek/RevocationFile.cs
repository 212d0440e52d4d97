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
        JsonElement Document,
        CmekAccessChangeState State,
        string Fault
    );

    private sealed record FileRecord(
        string ClusterId,
        string ClusterName,
        string CloudProvider,
        CmekRevocationMethod Method,
        DateTimeOffset? RevokedAt,
        string Status,
        List<FileChange> Changes
    );

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

    /// <summary>The record as text. It holds no secret.</summary>
    public static string Write(CmekRevocation revocation)
    {
        return JsonSerializer.Serialize(
                new FileRecord(
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
                    "a change lacks its kind, target or document, or a region is " + "null"
                );
        return new CmekRevocation
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
                    Document = c.Document.GetRawText(),
                    State = c.State,
                    Fault = c.Fault ?? "",
                }),
            ],
        };
    }

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
