using System.IO;
using System.Text;

namespace CockroachCmek.Core;

/// <summary>
/// Reads the text of a file in any Unicode encoding. The redirection of Windows PowerShell writes UTF-16, and editors
/// write byte order marks.
/// </summary>
internal static class TextFile
{
    /// <summary>Why a file cannot be read as text, as the end of a sentence.</summary>
    public const string NotText =
        "is not text in UTF-8, UTF-16 or UTF-32: save it as UTF-8, in PowerShell with Set-Content -Encoding utf8";

    private static readonly Encoding Utf8 = new UTF8Encoding(false, throwOnInvalidBytes: true);
    private static readonly Encoding Utf16 = new UnicodeEncoding(false, false, throwOnInvalidBytes: true);
    private static readonly Encoding Utf16BigEndian = new UnicodeEncoding(true, false, throwOnInvalidBytes: true);
    private static readonly Encoding Utf32 = new UTF32Encoding(false, false, throwOnInvalidCharacters: true);
    private static readonly Encoding Utf32BigEndian = new UTF32Encoding(true, false, throwOnInvalidCharacters: true);

    /// <summary>The text, with the byte order mark of UTF-8 and without that of the other encodings.</summary>
    /// <exception cref="DecoderFallbackException">The bytes are not text.</exception>
    public static string Decode(byte[] bytes)
    {
        var encoding = EncodingOf(bytes);
        var text = encoding.GetString(bytes);
        // That of UTF-8 is kept, so that a manifest is written again to the letter.
        return encoding != Utf8 && text.Length > 0 && text[0] == '\uFEFF' ? text.Substring(1) : text;
    }

    /// <summary>
    /// The encoding: by the byte order mark or, without one, by the zeros. A manifest begins with characters of ASCII,
    /// so that the zeros around the first one tell the encoding (RFC 4627, section 3).
    /// </summary>
    private static Encoding EncodingOf(byte[] bytes)
    {
        byte At(int index) => index < bytes.Length ? bytes[index] : (byte)1;
        return (At(0), At(1), At(2), At(3)) switch
        {
            (0xFF, 0xFE, 0, 0) => Utf32,
            (0, 0, 0xFE, 0xFF) => Utf32BigEndian,
            (0xFF, 0xFE, _, _) => Utf16,
            (0xFE, 0xFF, _, _) => Utf16BigEndian,
            (> 0, 0, 0, 0) => Utf32,
            (0, 0, 0, > 0) => Utf32BigEndian,
            (> 0, 0, > 0, 0) => Utf16,
            (0, > 0, 0, > 0) => Utf16BigEndian,
            _ => Utf8,
        };
    }
}
