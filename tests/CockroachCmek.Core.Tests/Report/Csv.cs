using System.Text;

namespace CockroachCmek.Core.Tests.Report;

/// <summary>A reader of CSV after RFC 4180, which shares no code with the writer.</summary>
internal static class Csv
{
    public static IReadOnlyList<IReadOnlyList<string>> Parse(string text)
    {
        var rows = new List<IReadOnlyList<string>>();
        var row = new List<string>();
        for (var at = 0; at < text.Length; )
        {
            var cell = new StringBuilder();
            if (text[at] == '"')
            {
                for (at++; !(text[at] == '"' && (at + 1 == text.Length || text[at + 1] != '"')); at++)
                {
                    if (text[at] == '"')
                        at++;
                    cell.Append(text[at]);
                }

                at++;
            }
            else
                for (; at < text.Length && text[at] is not (',' or '\r'); at++)
                {
                    Assert.NotEqual('"', text[at]);
                    cell.Append(text[at]);
                }

            row.Add(cell.ToString());
            if (text[at] == ',')
            {
                at++;
                continue;
            }

            Assert.Equal("\r\n", text.Substring(at, 2));
            at += 2;
            rows.Add(row);
            row = [];
        }

        return rows;
    }
}
