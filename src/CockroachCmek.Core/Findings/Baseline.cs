using CockroachCmek.Core.Manifest;

namespace CockroachCmek.Core.Findings;

/// <summary>
/// The findings of an earlier run, as ConvertTo-Json writes the output of Test-CrdbCmek. A finding is known when the
/// earlier run had as many of its kind on the same cluster and region, at least as bad.
/// </summary>
internal sealed class Baseline
{
    private static readonly DocumentKind Kind = new(
        "a baseline",
        (path, line, column, reason, inner) =>
            Errors.BaselineInvalid(path, $"line {line}, column {column}: {reason}", inner),
        path => Errors.BaselineInvalid(path, "line 1: the file is empty. A baseline without findings is [].")
    );

    private readonly Dictionary<Finding, List<int>> _known = [];

    private Baseline() { }

    /// <exception cref="CmekException">BaselineNotRead, BaselineInvalid.</exception>
    public static Baseline Read(string path)
    {
        var root = FindingFile.Read(path, Kind, Errors.BaselineNotRead);
        // Windows PowerShell writes some arrays as an object with value and Count.
        if (root is MapNode map && Field(map, "value") is ListNode wrapped)
            root = wrapped;
        IReadOnlyList<Node> items = root is ListNode list ? list.Items : [root];
        var baseline = new Baseline();
        foreach (var item in items)
            baseline.Add(path, item);
        foreach (var ranks in baseline._known.Values)
            ranks.Sort((a, b) => b - a);
        return baseline;
    }

    /// <summary>Marks each check of a cluster as new or known. All results of a kind are given at once.</summary>
    public IReadOnlyList<CmekCheck> Mark(IReadOnlyList<CmekCheck> checks)
    {
        var isNew = new bool[checks.Count];
        var findings = checks
            .Select((check, index) => (Check: check, Index: index))
            .Where(f => f.Check.Status != CmekCheckStatus.Pass);
        foreach (var same in findings.GroupBy(f => Finding.Of(f.Check)))
        {
            var known = _known.TryGetValue(same.Key, out var ranks) ? ranks : [];
            var place = 0;
            foreach (var (check, index) in same.OrderByDescending(f => Rank(f.Check.Status)))
                if (place < known.Count && known[place] >= Rank(check.Status))
                    place++;
                else
                    isNew[index] = true;
        }

        return [.. checks.Select((check, index) => check with { IsNew = isNew[index] })];
    }

    private void Add(string path, Node item)
    {
        if (
            item is not MapNode map
            || Text(map, "Check") is not { Length: > 0 } check
            || Text(map, "ClusterId") is not { } cluster
            || !Enum.TryParse(Text(map, "Status"), ignoreCase: true, out CmekCheckStatus status)
            || status is < CmekCheckStatus.Pass or > CmekCheckStatus.Unknown
        )
            throw Errors.BaselineInvalid(
                path,
                $"line {item.Mark.Line}: this is not a check with ClusterId, Check and Status, as Test-CrdbCmek "
                    + "returns it."
            );
        if (status == CmekCheckStatus.Pass)
            return;
        var finding = new Finding(cluster, check, Text(map, "Region") ?? "", Text(map, "ErrorId") ?? "");
        if (!_known.TryGetValue(finding, out var ranks))
            _known[finding] = ranks = [];
        ranks.Add(Rank(status));
    }

    private static Node? Field(MapNode map, string name) =>
        map.Fields.FirstOrDefault(f => string.Equals(f.Name, name, StringComparison.OrdinalIgnoreCase)).Value;

    private static string? Text(MapNode map, string name) => (Field(map, name) as ScalarNode)?.Text;

    private static int Rank(CmekCheckStatus status) =>
        status switch
        {
            CmekCheckStatus.Fail => 3,
            CmekCheckStatus.Unknown => 2,
            _ => 1,
        };

    /// <summary>What makes two findings the same. The detail is not part of it: it counts days.</summary>
    private sealed record Finding(string Cluster, string Check, string Region, string ErrorId)
    {
        public static Finding Of(CmekCheck check) => new(check.ClusterId, check.Check, check.Region, check.ErrorId);
    }
}
