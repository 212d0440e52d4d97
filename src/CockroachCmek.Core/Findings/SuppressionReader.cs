using System.Globalization;
using CockroachCmek.Core.Manifest;

namespace CockroachCmek.Core.Findings;

/// <summary>
/// Reads a file of suppressions: a list of entries with id, cluster, reason and expires, and optionally region and key.
/// The list may stand under the name suppressions. One error names every problem with its line.
/// </summary>
internal sealed class SuppressionReader(string path)
{
    private const string ListName = "suppressions";

    private static readonly string[] Required = ["id", "cluster", "reason", "expires"];

    private static readonly string[] Optional = ["region", "key"];

    private static readonly DocumentKind Kind = new(
        "a list of suppressions",
        (path, line, column, reason, inner) =>
            Errors.SuppressionFileInvalid(path, $"line {line}, column {column}: {reason}", inner),
        path => Errors.SuppressionFileInvalid(path, "line 1: the file is empty.")
    );

    private readonly List<string> _problems = [];

    /// <exception cref="CmekException">SuppressionFileNotRead, SuppressionFileInvalid.</exception>
    public IReadOnlyList<Suppression> Read()
    {
        var root = FindingFile.Read(path, Kind, Errors.SuppressionFileNotRead);
        if (root is MapNode { Fields: [{ Name: ListName, Value: var under }] })
            root = under;
        if (root is not ListNode list)
            throw Errors.SuppressionFileInvalid(
                path,
                $"line {root.Mark.Line}: the document is a list of entries, or an object with the list "
                    + $"{ListName} and nothing else."
            );
        var entries = list.Items.Select(Entry).OfType<Suppression>().ToList();
        if (_problems.Count > 0)
            throw Errors.SuppressionFileInvalid(path, $"{string.Join("; ", _problems.Take(20))}.");
        return entries;
    }

    private Suppression? Entry(Node node)
    {
        if (node is not MapNode map)
        {
            Add(node, "an entry is an object with id, cluster, reason and expires");
            return null;
        }

        var values = Values(map);
        foreach (var name in Required.Where(n => !values.ContainsKey(n) && !map.Fields.Any(f => f.Name == n)))
            Add(map, $"{name} is missing");
        var check = values.TryGetValue("id", out var id) ? Check(id) : null;
        var until = values.TryGetValue("expires", out var end) ? Until(end) : null;
        if (check is null || until is null || Required.Any(n => !values.ContainsKey(n)))
            return null;
        return new Suppression
        {
            Line = map.Mark.Line,
            Check = check,
            Cluster = new NamePattern(values["cluster"].Text),
            Region = values.TryGetValue("region", out var region) ? new NamePattern(region.Text) : null,
            Key = values.TryGetValue("key", out var key) ? new NamePattern(key.Text) : null,
            Reason = values["reason"].Text.Trim(),
            Until = until.Value,
        };
    }

    /// <summary>The fields that have a text. A date without quotes is one too: YAML is read without conversion.</summary>
    private Dictionary<string, ScalarNode> Values(MapNode map)
    {
        var values = new Dictionary<string, ScalarNode>(StringComparer.Ordinal);
        foreach (var (name, mark, value) in map.Fields)
            if (!Required.Contains(name) && !Optional.Contains(name))
                _problems.Add(
                    $"line {mark.Line}: there is no field '{name}', only "
                        + string.Join(", ", Required.Concat(Optional))
                );
            else if (value is not ScalarNode { IsText: true } scalar || scalar.Text.Trim().Length == 0)
                Add(value, $"{name} is a text that is not empty");
            else if (values.ContainsKey(name))
                _problems.Add(Invariant($"line {mark.Line}: {name} stands twice in the entry"));
            else
                values[name] = scalar;
        return values;
    }

    private CmekCheckDefinition? Check(ScalarNode id)
    {
        var found = CmekCheckTable.All.FirstOrDefault(d =>
            string.Equals(d.Id, id.Text.Trim(), StringComparison.OrdinalIgnoreCase)
            || string.Equals(d.Name, id.Text.Trim(), StringComparison.OrdinalIgnoreCase)
        );
        if (found is null)
            Add(
                id,
                $"there is no check '{id.Text}'; the nearest is {Nearest(id.Text)}. [CockroachCmek.CmekCheckName] and "
                    + "docs/checks.md list all"
            );
        return found;
    }

    /// <summary>A long text is not a misspelt name, and is not compared.</summary>
    private static string Nearest(string text)
    {
        var typed = text.Substring(0, Math.Min(text.Length, 40)).ToUpperInvariant();
        var nearest = CmekCheckTable
            .All.OrderBy(d =>
                Math.Min(EditDistance.Between(d.Id, typed), EditDistance.Between(d.Name.ToUpperInvariant(), typed))
            )
            .First();
        return $"{nearest.Id} ({nearest.Name})";
    }

    private DateTimeOffset? Until(ScalarNode date)
    {
        if (
            DateTime.TryParseExact(
                date.Text.Trim(),
                "yyyy-MM-dd",
                CultureInfo.InvariantCulture,
                DateTimeStyles.None,
                out var day
            )
            && day < DateTime.MaxValue.Date
        )
            return new DateTimeOffset(day.AddDays(1), TimeSpan.Zero);
        Add(date, $"expires is '{date.Text}', but must be the last day as year-month-day: 2027-03-31");
        return null;
    }

    private void Add(Node node, string reason) => _problems.Add(Invariant($"line {node.Mark.Line}: {reason}"));

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
