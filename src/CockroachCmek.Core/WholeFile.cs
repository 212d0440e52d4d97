using System.IO;
using System.Text;

namespace CockroachCmek.Core;

/// <summary>Writes a whole file or none: first beside it, then in its place.</summary>
internal static class WholeFile
{
    /// <exception cref="IOException">It could not be written; what was there is still there.</exception>
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
