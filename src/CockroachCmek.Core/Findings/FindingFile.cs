using System.IO;
using System.Text;
using CockroachCmek.Core.Manifest;

namespace CockroachCmek.Core.Findings;

/// <summary>Reads a JSON or YAML file about findings, of limited size and in any Unicode encoding.</summary>
internal static class FindingFile
{
    /// <summary>The findings of thousands of clusters fit in it.</summary>
    private const int Largest = 16 * 1024 * 1024;

    /// <summary>The document, with the position of everything in it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="kind">What it is, for the errors of its syntax.</param>
    /// <param name="notRead">The error for a file that cannot be read: path, reason, cause.</param>
    public static Node Read(string path, DocumentKind kind, Func<string, string, Exception?, CmekException> notRead)
    {
        try
        {
            var bytes = BoundedFile.Read(path, Largest) ?? throw notRead(path, "it is larger than 16 MB.", null);
            var text = TextFile.Decode(bytes).TrimStart('\uFEFF');
            if (text.Trim().Length == 0)
                throw kind.Empty(path);
            return ManifestReader.FormatOf(path, text) == CmekManifestFormat.Json
                ? JsonNodes.Read(text, path, kind)
                : YamlNodes.Read(text, path, kind);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw notRead(path, fault.Message, fault);
        }
        catch (DecoderFallbackException fault)
        {
            throw notRead(path, $"the file {TextFile.NotText}.", fault);
        }
    }
}
