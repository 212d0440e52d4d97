using System.IO;
using System.Text;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Report;

/// <summary>
/// The clusters of a report while it is made, one a line in a file that only its owner can read and that goes with the
/// report: however many clusters there are, one is in memory. Not thread-safe.
/// </summary>
internal sealed class ReportSpool : IDisposable
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    private readonly FileStream _file;

    public ReportSpool()
    {
        var path = Path.Combine(Path.GetTempPath(), $"cockroachcmek-{Guid.NewGuid():N}.tmp");
#if NET
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            Options = FileOptions.DeleteOnClose,
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        _file = new FileStream(path, options);
#else
        // The folder of temporary files belongs to the user on Windows.
        const int Block = 4096;
        var (mode, access) = (FileMode.CreateNew, FileAccess.ReadWrite);
        _file = new FileStream(path, mode, access, FileShare.None, Block, FileOptions.DeleteOnClose);
#endif
    }

    /// <summary>Number of clusters.</summary>
    public int Count { get; private set; }

    /// <summary>Adds a cluster, which is in its canonical form.</summary>
    public void Add(string cluster)
    {
        var line = Utf8.GetBytes(cluster + "\n");
        _file.Seek(0, SeekOrigin.End);
        _file.Write(line, 0, line.Length);
        Count++;
    }

    /// <summary>The clusters as lines, in order. One enumeration at a time.</summary>
    public IEnumerable<string> Lines()
    {
        _file.Seek(0, SeekOrigin.Begin);
        using var reader = new StreamReader(_file, Utf8, false, 1 << 16, leaveOpen: true);
        while (reader.ReadLine() is { } line)
            yield return line;
    }

    /// <summary>The clusters, in order. One enumeration at a time.</summary>
    public IEnumerable<JsonObject> Clusters() => Lines().Select(line => JsonNode.Parse(line)!.AsObject());

    public void Dispose() => _file.Dispose();
}
