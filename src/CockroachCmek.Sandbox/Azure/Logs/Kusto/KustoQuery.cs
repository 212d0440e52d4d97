namespace CockroachCmek.Sandbox.Azure.Logs.Kusto;

/// <summary>
/// The part of the Kusto query language that questions about an audit log need: a table and where, extend, project,
/// summarize, order by, take and count. Everything else is a syntax error.
/// </summary>
internal sealed class KustoQuery
{
    private readonly KustoReader _reader;
    private readonly DateTimeOffset _now;
    private KustoTable _table;

    private KustoQuery(KustoReader reader, KustoTable table, DateTimeOffset now) =>
        (_reader, _table, _now) = (reader, table, now);

    /// <param name="query">The text.</param>
    /// <param name="find">The table of a name; null if the workspace has none.</param>
    /// <param name="now">For ago() and now().</param>
    /// <exception cref="KustoException">The query is malformed, or names what does not exist.</exception>
    public static KustoTable Run(string query, Func<string, KustoTable?> find, DateTimeOffset now)
    {
        var reader = new KustoReader(KustoLexer.Read(query));
        var name = reader.Name();
        var table = find(name)
            ?? throw KustoException.Semantic($"Failed to resolve table or column expression named '{name}'");
        var run = new KustoQuery(reader, table, now);
        while (!reader.IsAtEnd)
        {
            reader.Expect("|");
            run.Operator();
        }

        // Values are computed here, so that their errors are those of the query.
        return run._table with
        {
            Rows = [.. run._table.Rows],
        };
    }

    private void Operator()
    {
        switch (_reader.Name())
        {
            case "where" or "filter":
                Where();
                return;
            case "extend":
                Extend();
                return;
            case "project":
                Project();
                return;
            case "summarize":
                _table = new KustoSummary(_reader, Expressions("summarize"), _table).Read();
                return;
            case "order" or "sort":
                _reader.Expect("by");
                Order();
                return;
            case "take" or "limit":
                var count = (int)Math.Min(_reader.Count(), int.MaxValue);
                _table = _table with { Rows = _table.Rows.Take(count) };
                return;
            case "count":
                var rows = _table.Rows;
                _table = new KustoTable(
                    [new KustoColumn("Count", "long")],
                    [new Dictionary<string, object?> { ["Count"] = (long)rows.Count() }]
                );
                return;
            case var other:
                throw KustoException.Syntax($"the operator '{other}' is not supported by the sandbox");
        }
    }

    private KustoExpressions Expressions(string operatorName) => new(_reader, _table, _now, operatorName);

    private void Where()
    {
        var predicate = Expressions("where").Read();
        if (predicate.Type != "bool")
            throw KustoException.Semantic($"'where' operator: expected a bool, found a {predicate.Type}");
        _table = _table with { Rows = _table.Rows.Where(r => predicate.Value(r) is true) };
    }

    private void Extend()
    {
        // Names that one extend adds cannot be used in the same extend.
        var added = Named("extend");
        _table = new KustoTable(
            [
                .. _table.Columns.Where(c => added.All(a => a.Name != c.Name)),
                .. added.Select(a => new KustoColumn(a.Name!, a.Type)),
            ],
            _table.Rows.Select(r =>
            {
                var row = r.ToDictionary(p => p.Key, p => p.Value);
                foreach (var column in added)
                    row[column.Name!] = column.Value(r);
                return row;
            })
        );
    }

    private void Project()
    {
        var kept = Named("project");
        _table = new KustoTable(
            [.. kept.Select(k => new KustoColumn(k.Name!, k.Type))],
            _table.Rows.Select(r => kept.ToDictionary(k => k.Name!, k => k.Value(r)))
        );
    }

    private List<KustoExpression> Named(string operatorName)
    {
        var expressions = Expressions(operatorName);
        var named = new List<KustoExpression>();
        do named.Add(expressions.ReadNamed($"Column{named.Count + 1}"));
        while (_reader.TryTake(","));
        return named;
    }

    private void Order()
    {
        IOrderedEnumerable<IReadOnlyDictionary<string, object?>>? ordered = null;
        do
        {
            var key = Expressions("order").Read();
            if (key.Type == "dynamic")
                throw KustoException.Semantic("order operator: key can't be of dynamic type");
            // Descending is the default.
            var ascends = _reader.TryTake("asc");
            if (!ascends)
                _reader.TryTake("desc");
            ordered = (ordered, ascends) switch
            {
                (null, true) => _table.Rows.OrderBy(key.Value, KustoValue.Order),
                (null, false) => _table.Rows.OrderByDescending(key.Value, KustoValue.Order),
                (_, true) => ordered.ThenBy(key.Value, KustoValue.Order),
                (_, false) => ordered.ThenByDescending(key.Value, KustoValue.Order),
            };
        } while (_reader.TryTake(","));

        _table = _table with { Rows = ordered };
    }
}
