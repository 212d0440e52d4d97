using System.Text;

namespace CockroachCmek.Core.Http;

/// <summary>
/// Text of an error page, shortened for a message. Linear in what it reads, and it reads the beginning only.
/// </summary>
internal static class ServerText
{
    private const int Longest = 300;
    private const int Read = 16 * 1024;

    /// <summary>The text of a page without its tags, in one line.</summary>
    public static string OfPage(string page)
    {
        var text = new StringBuilder();
        var isTag = false;
        foreach (var c in page.Take(Read))
        {
            if (text.Length > Longest)
                return text.ToString(0, Longest) + "…";
            if (isTag || c == '<')
                isTag = c != '>';
            else if (!char.IsWhiteSpace(c))
                text.Append(c);
            if ((isTag || char.IsWhiteSpace(c)) && text.Length > 0 && text[text.Length - 1] != ' ')
                text.Append(' ');
        }

        return text.ToString().Trim();
    }
}
