using System.IO;
using System.Runtime.InteropServices;
using System.Text;

namespace CockroachCmek.Core;

/// <summary>
/// Writes a file completely or not at all: to a new file beside it first, which then replaces it. The new file has a
/// name that nobody can guess, is created exclusively, and belongs to its owner alone. A link at the path is replaced,
/// not followed.
/// </summary>
internal static class WholeFile
{
    /// <param name="keepsMode">
    /// True to give the file the access rights of the one that it replaces. Default: only its owner may read and write.
    /// </param>
    /// <exception cref="IOException">The file could not be written; its previous content is unchanged.</exception>
    public static void Write(string path, string text, bool keepsMode = false) =>
        Write(
            path,
            file =>
            {
                var bytes = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false).GetBytes(text);
                file.Write(bytes, 0, bytes.Length);
            },
            keepsMode
        );

    /// <summary>The same for content that is written piece by piece.</summary>
    public static void Write(string path, Action<Stream> write, bool keepsMode = false)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var draft = Path.Combine(folder, $".{Guid.NewGuid():N}.tmp");
        try
        {
            using (var file = CreateExclusively(draft))
            {
                write(file);
                file.Flush(flushToDisk: true);
            }

            if (keepsMode)
                CopyMode(path, draft);
            Replace(draft, path);
        }
        catch
        {
            File.Delete(draft);
            throw;
        }
    }

#if NET
    private static FileStream CreateExclusively(string path)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.None,
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(path, options);
    }

    private static void CopyMode(string from, string to)
    {
        if (!OperatingSystem.IsWindows() && File.Exists(from) && new FileInfo(from).LinkTarget is null)
            File.SetUnixFileMode(to, File.GetUnixFileMode(from));
    }

    /// <summary>On Windows, Replace keeps the access rights of the file.</summary>
    private static void Replace(string draft, string path)
    {
        if (OperatingSystem.IsWindows() && File.Exists(path))
            File.Replace(draft, path, destinationBackupFileName: null);
        else
            File.Move(draft, path, overwrite: true);
    }
#else
    private static FileStream CreateExclusively(string path) =>
        new(path, FileMode.CreateNew, FileAccess.Write, FileShare.None);

    private static void CopyMode(string from, string to)
    {
        // Replace keeps the access rights on Windows, the only system of .NET Framework.
    }

    private static void Replace(string draft, string path)
    {
        if (File.Exists(path))
            File.Replace(draft, path, destinationBackupFileName: null);
        else
            File.Move(draft, path);
    }
#endif
}
