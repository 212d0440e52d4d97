using CockroachCmek.Core.Checks;

namespace CockroachCmek.Core.Access;

/// <summary>Separation of duties: whoever uses a key does not administer it.</summary>
internal static class DutyChecks
{
    private const CmekAccessRights Administration =
        CmekAccessRights.Administer | CmekAccessRights.Delete | CmekAccessRights.Grant;

    /// <summary>How many identities are named in the text.</summary>
    private const int Shown = 5;

    /// <summary>SeparationOfDuties, from the lines of an access review.</summary>
    /// <param name="results">The results.</param>
    /// <param name="lines">The review of the key. What is expected, such as the account that owns it, is not judged.</param>
    /// <param name="access">The access that was read with it: the key, and what could not be read.</param>
    /// <param name="seen">What was read, and what was not, as the end of "... both uses and administers the key, by ".</param>
    /// <param name="cluster">The cluster's name.</param>
    public static void Duties(
        this KeyChecks results,
        IReadOnlyList<CmekAccess> lines,
        KeyAccess access,
        string seen,
        string cluster
    )
    {
        var review = $"Get-CrdbCmekAccess {ShellQuote.PowerShell(cluster)}";
        var both = lines
            .Where(l => !l.IsExpected && l.Principal.Length > 0 && MayApply(l.Verdict))
            .GroupBy(l => l.Principal, StringComparer.OrdinalIgnoreCase)
            .Select(who => (Who: who.Key, Rights: who.Aggregate(CmekAccessRights.None, (all, l) => all | l.Rights)))
            .Where(who => who.Rights.HasFlag(CmekAccessRights.Use) && (who.Rights & Administration) != 0)
            .Select(who => $"{who.Who} ({who.Rights})")
            .OrderBy(text => text, StringComparer.Ordinal)
            .ToList();
        if (both.Count > 0)
            results.Warn(
                CmekCheckName.SeparationOfDuties,
                "DutiesNotSeparated",
                $"These both use and administer {access.Key}: {string.Join(", ", both.Take(Shown))}"
                    + $"{(both.Count > Shown ? $" and {both.Count - Shown} more" : "")}.",
                review
            );
        else if (access.Unread.Count > 0)
            results.Unknown(
                CmekCheckName.SeparationOfDuties,
                "KeyAccessUnread",
                $"Nobody is seen who both uses and administers {access.Key}, but these could not be read: "
                    + $"{string.Join(", ", access.Unread)}.",
                access.Unread[0].Command
            );
        else
            results.Pass(
                CmekCheckName.SeparationOfDuties,
                $"Nobody both uses and administers {access.Key}, by {seen}."
            );
    }

    private static bool MayApply(CmekAccessVerdict verdict) =>
        verdict is CmekAccessVerdict.Granted or CmekAccessVerdict.Conditional or CmekAccessVerdict.Unknown;
}
