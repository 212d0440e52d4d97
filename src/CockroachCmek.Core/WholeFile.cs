using System.IO;
using System.Text;

namespace CockroachCmek.Core;

/// <summary>Writes a file completely or not at all: to a temporary file first, which then replaces it.</summary>
internal static class WholeFile
{
    /// <exception cref="IOException">The file could not be written; its previous content is unchanged.</exception>
    public static void Write(string path, string text)
    {
        var draft = path + ".new";
        File.WriteAllText(draft, text, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        if (File.Exists(path))
            File.Replace(draft, path, destinationBackupFileName: null);
        else
            File.Move(draft, path);
    }
}
