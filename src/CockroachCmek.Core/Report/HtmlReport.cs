using System.IO;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using HandlebarsDotNet;

namespace CockroachCmek.Core.Report;

/// <summary>
/// The report as one page. The template encodes every value; only the page's own style and script are not encoded, and
/// the page's policy allows nothing else.
/// </summary>
internal static class HtmlReport
{
    public static void Write(ReportDocument report, Stream stream)
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(false), 1 << 16, leaveOpen: true);
        var (style, script) = (Resource("report.css"), Resource("report.js"));
        var view = ReportView.Of(report);
        view["style"] = style;
        view["styleHash"] = Hash(style);
        view["script"] = script;
        view["scriptHash"] = Hash(script);
        Template()(writer, view);
    }

    private static HandlebarsTemplate<TextWriter, object, object> Template()
    {
        var handlebars = Handlebars.Create(
            new HandlebarsConfiguration { TextEncoder = new Encoder(), ThrowOnUnresolvedBindingExpression = true }
        );
        return handlebars.Compile(new StringReader(Resource("report.hbs")));
    }

    private static string Hash(string text)
    {
        using var hash = SHA256.Create();
        return $"sha256-{Convert.ToBase64String(hash.ComputeHash(Encoding.UTF8.GetBytes(text)))}";
    }

    /// <summary>A part of the page, with the line breaks that a browser hashes.</summary>
    private static string Resource(string name)
    {
        using var stream = typeof(HtmlReport).Assembly.GetManifestResourceStream($"Report.{name}")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd().Replace("\r\n", "\n");
    }

    /// <summary>Encodes what could end a text or an attribute, in either kind of quotes.</summary>
    private sealed class Encoder : ITextEncoder
    {
        public void Encode(StringBuilder? text, TextWriter target) => Encode(text?.ToString(), target);

        public void Encode(string? text, TextWriter target) => target.Write(WebUtility.HtmlEncode(text));

        public void Encode<T>(T? text, TextWriter target)
            where T : IEnumerator<char>
        {
            var all = new StringBuilder();
            while (text is not null && text.MoveNext())
                all.Append(text.Current);
            Encode(all, target);
        }
    }
}
