namespace CockroachCmek.Commands;

/// <summary>The Boolean of -Quiet for all input of a cmdlet.</summary>
internal sealed class Verdict
{
    private int _seen;
    private int _bad;

    /// <summary>
    /// True when something was checked, nothing was Fail or Unknown, and no cluster is without CMEK, apart from what
    /// is suppressed or was in the baseline.
    /// </summary>
    public bool IsGood => _seen > 0 && _bad == 0;

    /// <summary>Adds the checks of one input. Called by several operations at once.</summary>
    public void Add(IReadOnlyList<CmekCheck> checks)
    {
        Interlocked.Add(ref _seen, checks.Count);
        Interlocked.Add(ref _bad, checks.Count(IsBad));
    }

    /// <summary>Adds the answer for one input. Called by several operations at once.</summary>
    public void Add(bool isGood)
    {
        Interlocked.Increment(ref _seen);
        if (!isGood)
            Interlocked.Increment(ref _bad);
    }

    /// <summary>What is suppressed, or was in the baseline, is accepted.</summary>
    private static bool IsBad(CmekCheck check) =>
        (check.Status is CmekCheckStatus.Fail or CmekCheckStatus.Unknown || check.ErrorId == "CmekNotEnabled")
        && !check.Suppressed
        && check.IsNew != false;
}
