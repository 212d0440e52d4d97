namespace CockroachCmek.Core.Findings;

/// <summary>
/// What is known of findings before a run: the suppressions and the baseline. Called by several operations at once.
/// </summary>
internal sealed class KnownFindings
{
    private readonly IReadOnlyList<Suppression> _suppressions;
    private readonly Baseline? _baseline;
    private readonly HashSet<Suppression> _used = [];
    private readonly HashSet<Suppression> _expired = [];
    private readonly HashSet<Suppression> _about = [];
    private DateTimeOffset _now;

    private KnownFindings(IReadOnlyList<Suppression> suppressions, Baseline? baseline) =>
        (_suppressions, _baseline) = (suppressions, baseline);

    /// <summary>Reads the files that were given.</summary>
    /// <exception cref="CmekException">
    /// SuppressionFileNotRead, SuppressionFileInvalid, BaselineNotRead, BaselineInvalid.
    /// </exception>
    public static KnownFindings Read(string? suppressionPath, string? baselinePath) =>
        new(
            suppressionPath is null ? [] : new SuppressionReader(suppressionPath).Read(),
            baselinePath is null ? null : Baseline.Read(baselinePath)
        );

    /// <summary>Marks what is suppressed and what is new. The status of a check stays as it is.</summary>
    public IReadOnlyList<CmekCheck> Mark(IReadOnlyList<CmekCheck> checks, DateTimeOffset now)
    {
        var marked = _suppressions.Count == 0 ? checks : [.. checks.Select(c => Suppress(c, now))];
        return _baseline is null ? marked : _baseline.Mark(marked);
    }

    /// <summary>Marks checks that are made after the last cluster.</summary>
    public IReadOnlyList<CmekCheck> MarkLast(IReadOnlyList<CmekCheck> checks) => Mark(checks, _now);

    /// <summary>What to say of the suppressions after the run: those that expired, and those that nothing needs.</summary>
    /// <param name="isWholeFleet">Every cluster was checked: an entry for no cluster of it is a mistake.</param>
    public IEnumerable<string> Warnings(bool isWholeFleet)
    {
        foreach (var entry in _suppressions)
            if (_expired.Contains(entry))
                yield return $"The suppression in {entry} expired on {entry.Until.AddDays(-1):yyyy-MM-dd} and does "
                    + "not apply. Remove it, or decide again.";
            else if (_used.Contains(entry))
                continue;
            else if (_about.Contains(entry))
                yield return $"The suppression in {entry} matches no finding. Remove it.";
            else if (isWholeFleet)
                yield return $"The suppression in {entry} matches no cluster that was checked.";
    }

    private CmekCheck Suppress(CmekCheck check, DateTimeOffset now)
    {
        lock (_used)
        {
            _now = now;
            Suppression? accepted = null;
            foreach (var entry in _suppressions)
            {
                if (!entry.IsAbout(check))
                    continue;
                _about.Add(entry);
                if (now >= entry.Until)
                    _expired.Add(entry);
                else if (entry.Covers(check))
                {
                    _used.Add(entry);
                    accepted ??= entry;
                }
            }

            return accepted is null
                ? check
                : check with
                {
                    Suppressed = true,
                    SuppressionReason = VisibleText.Line(accepted.Reason),
                    SuppressedUntil = accepted.Until,
                };
        }
    }
}
