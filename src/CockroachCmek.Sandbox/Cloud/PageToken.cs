using System.Globalization;
using System.Text;

namespace CockroachCmek.Sandbox.Cloud;

/// <summary>Tokens of pages. Clients treat them as opaque.</summary>
internal static class PageToken
{
    public static string Write(int start) =>
        Convert.ToBase64String(Encoding.UTF8.GetBytes("start:" + start.ToString(CultureInfo.InvariantCulture)));

    public static bool TryRead(string token, out int start)
    {
        start = 0;
        try
        {
            var text = Encoding.UTF8.GetString(Convert.FromBase64String(token));
            return text.StartsWith("start:", StringComparison.Ordinal)
                && int.TryParse(text.Substring(6), NumberStyles.None, CultureInfo.InvariantCulture, out start);
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
