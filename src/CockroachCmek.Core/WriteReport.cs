using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace CockroachCmek.Core;

/// <summary>
/// What an operation has written, and the sentence about it. An error that is found before the first write says
/// "Nothing was written."; the same error can be found later, when that is not true any more.
/// </summary>
internal sealed class WriteReport
{
    private const int MostNamed = 10;

    private static readonly Regex Claim = new(
        @"(?<before>^|[.:] |, so )(?:This command wrote nothing|[Nn]othing was (?:written|sent|changed|created)(?: for '[^']*')?)"
            + @"(?<after>\.|, )",
        RegexOptions.CultureInvariant
    );

    private readonly ConcurrentQueue<(string What, bool IsCertain)> _writes = new();

    /// <summary>Something was written, or may have been.</summary>
    public void Add(string what, bool isCertain) => _writes.Enqueue((VisibleText.Line(what), isCertain));

    /// <summary>The error, whose sentence about what was written is true.</summary>
    public CmekException Correct(CmekException error) =>
        _writes.IsEmpty || !Claim.IsMatch(error.Message)
            ? error
            : error.WithMessage(Claim.Replace(error.Message, Replacement));

    /// <summary>
    /// A claim in the middle of a sentence ends it: "…, so nothing was sent." and "Nothing was sent, so …".
    /// </summary>
    private string Replacement(Match claim)
    {
        var before = claim.Groups["before"].Value == ", so " ? ". " : claim.Groups["before"].Value;
        return before + Sentence() + (claim.Groups["after"].Value == "." ? "" : " This stopped here, ");
    }

    private string Sentence()
    {
        var certain = _writes.Where(w => w.IsCertain).Select(w => w.What).Distinct().ToList();
        var lost = _writes.Where(w => !w.IsCertain).Select(w => w.What).Distinct().Except(certain).ToList();
        return string.Join(
            " ",
            new[]
            {
                certain.Count > 0 ? $"Written before: {Named(certain)}." : "",
                lost.Count > 0 ? $"It is not known whether this was processed: {Named(lost)}." : "",
            }.Where(s => s.Length > 0)
        );
    }

    private static string Named(List<string> writes) =>
        string.Join("; ", writes.Take(MostNamed))
        + (writes.Count > MostNamed ? $" and {writes.Count - MostNamed} more" : "");
}
