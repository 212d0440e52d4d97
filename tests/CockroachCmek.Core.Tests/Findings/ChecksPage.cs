using System.Globalization;
using System.Text;

namespace CockroachCmek.Core.Tests.Findings;

/// <summary>Renders docs/checks.md from the table of checks.</summary>
internal static class ChecksPage
{
    private const int Width = 120;

    public static string Render()
    {
        var page = new StringBuilder();
        page.Append("# Checks\n\n");
        Paragraph(
            page,
            "What `Test-CrdbCmek` and `Test-CrdbCmekManifest` check. An id is given once and never used again. The severity "
                + "says how bad it is when the check does not pass; the status (Pass, Warning, Fail, Unknown) says what was "
                + "found. A check that cannot be read is Unknown, never Pass. This page is generated from the code: see "
                + "CONTRIBUTING.md."
        );
        page.Append("| Id | Check | Severity | Passes when |\n|---|---|---|---|\n");
        foreach (var check in CmekCheckTable.All)
            page.Append(
                    CultureInfo.InvariantCulture,
                    $"| [{check.Id}](#{check.Id.ToLowerInvariant()}) | {check.Name} | {check.Severity} | "
                )
                .Append(CultureInfo.InvariantCulture, $"{check.Title.TrimEnd('.')} |\n");
        page.Append("\n## Accept a finding\n\n");
        Paragraph(
            page,
            "`Test-CrdbCmek -SuppressionPath accepted.yml` accepts findings. The file is JSON or YAML: a list of entries. "
                + "`id` is an id or a name of the list above, `cluster` a name or UUID with wildcards, `reason` says why, and "
                + "`expires` is the last day. `region` and `key` (wildcards) are optional. The finding stays in the output "
                + "with its status, `Suppressed` and the reason; `-Quiet` does not count it. An entry that has expired or that "
                + "matches nothing is a warning."
        );
        page.Append(
            """
            ```yaml
            - id: CMEK007
              cluster: prod-*
              reason: Moved before the launch; old data was rewritten (SEC-1204).
              expires: 2027-03-31
            - id: KeyPolicyNarrow
              cluster: dev-aws
              region: eu-west-1
              reason: The administrators are replaced in March.
              expires: 2027-03-31
            ```


            """.Replace("\r", "")
        );
        page.Append("## Fail on what is new only\n\n");
        Paragraph(
            page,
            "`Test-CrdbCmek -BaselinePath baseline.json` compares with an earlier run. `IsNew` is true for a finding that the "
                + "earlier run did not have on the same cluster and region, or had with a better status; `-Quiet` counts only "
                + "those. The baseline is the earlier output:"
        );
        page.Append(
            """
            ```powershell
            Set-Content baseline.json (ConvertTo-Json @(Test-CrdbCmek | Where-Object Status -ne Pass))
            ```


            """.Replace("\r", "")
        );
        foreach (var check in CmekCheckTable.All)
        {
            page.Append(CultureInfo.InvariantCulture, $"## {check.Id}\n\n");
            Paragraph(page, $"**{check.Name}** ({check.Severity}). {check.Title}");
            Paragraph(page, check.Why);
            Paragraph(page, $"*Looks at:* {check.Looks}");
            Paragraph(page, $"*What to do:* {check.Fix}");
        }

        return page.ToString().TrimEnd('\n') + "\n";
    }

    private static void Paragraph(StringBuilder page, string text)
    {
        var column = 0;
        foreach (var word in text.Split(' '))
        {
            if (column > 0 && column + 1 + word.Length > Width)
            {
                page.Append('\n');
                column = 0;
            }
            else if (column > 0)
            {
                page.Append(' ');
                column++;
            }

            page.Append(word);
            column += word.Length;
        }

        page.Append("\n\n");
    }
}
