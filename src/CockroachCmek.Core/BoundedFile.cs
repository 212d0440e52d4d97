using System.IO;

namespace CockroachCmek.Core;

/// <summary>Reads a file up to a limit. The size that a file reports says nothing about a device or a pipe.</summary>
internal static class BoundedFile
{
    /// <summary>The content; null when there is more than the limit.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static byte[]? Read(string path, int limit)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        using var content = new MemoryStream();
        var block = new byte[64 * 1024];
        for (var read = 1; read > 0 && content.Length <= limit; )
        {
            read = file.Read(block, 0, block.Length);
            content.Write(block, 0, read);
        }

        return content.Length <= limit ? content.ToArray() : null;
    }
}
