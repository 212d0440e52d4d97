namespace CockroachCmek.Sandbox.Azure;

/// <summary>base64url without padding (RFC 7515).</summary>
internal static class Base64Url
{
    public static string Encode(byte[] bytes) =>
        Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    /// <summary>The bytes, or null if the text is not base64url.</summary>
    public static byte[]? Decode(string text)
    {
        try
        {
            var plain = text.TrimEnd('=').Replace('-', '+').Replace('_', '/');
            return Convert.FromBase64String(plain.PadRight((plain.Length + 3) / 4 * 4, '='));
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
