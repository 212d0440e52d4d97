namespace CockroachCmek.Sandbox.Azure.Logs.Kusto;

/// <summary>The operator summarize: count, countif, dcount, min, max, minif and maxif, by any expressions.</summary>
internal sealed class KustoSummary(KustoReader reader, KustoExpressions expressions, KustoTable table)
{
    private sealed record Aggregate(
        string Name,
        string Type,
        Func<IReadOnlyList<IReadOnlyDictionary<string, object?>>, object?> Of
    );

    public KustoTable Read()
    {
        var aggregates = new List<Aggregate>();
        if (!reader.Is("by"))
            do aggregates.Add(ReadAggregate());
            while (reader.TryTake(","));
        var keys = new List<KustoExpression>();
        if (reader.TryTake("by"))
            do keys.Add(Key(expressions.ReadNamed($"Column{keys.Count + 1}")));
            while (reader.TryTake(","));
        return new KustoTable(
            [
                .. keys.Select(k => new KustoColumn(k.Name!, k.Type)),
                .. aggregates.Select(a => new KustoColumn(a.Name, a.Type)),
            ],
            Rows(keys, aggregates)
        );
    }

    private static KustoExpression Key(KustoExpression key) =>
        key.Type == "dynamic"
            ? throw KustoException.Semantic(
                $"Summarize group key '{key.Name}' is of a 'dynamic' type. Please use an explicit cast"
            )
            : key;

    private IEnumerable<Dictionary<string, object?>> Rows(List<KustoExpression> keys, List<Aggregate> aggregates)
    {
        var groups = table
            .Rows.GroupBy(r => string.Join("\u001f", keys.Select(k => KustoValue.Text(k.Value(r)))))
            .Select(g => g.ToList())
            .ToList();
        // Without keys there is always one row.
        if (groups.Count == 0 && keys.Count == 0)
            groups.Add([]);
        foreach (var group in groups)
        {
            var row = keys.ToDictionary(k => k.Name!, k => k.Value(group[0]));
            foreach (var aggregate in aggregates)
                row[aggregate.Name] = aggregate.Of(group);
            yield return row;
        }
    }

    private Aggregate ReadAggregate()
    {
        string? given = null;
        if (reader.Is("=", ahead: 1))
        {
            given = reader.Name();
            reader.Expect("=");
        }

        var function = reader.Name();
        reader.Expect("(");
        var first = reader.Is(")") ? null : expressions.Read();
        var second = reader.TryTake(",") ? expressions.Read() : null;
        reader.Expect(")");
        var (type, of) = Function(function, first, second);
        var name = given ?? $"{function}_{first?.Name}";
        return new Aggregate(name, type, of);
    }

    private static (string Type, Func<IReadOnlyList<IReadOnlyDictionary<string, object?>>, object?> Of) Function(
        string name,
        KustoExpression? value,
        KustoExpression? condition
    ) =>
        (name, value, condition) switch
        {
            ("count", null, null) => ("long", rows => (long)rows.Count),
            ("countif", { Type: "bool" }, null) => ("long", rows => (long)rows.Count(r => value.Value(r) is true)),
            ("dcount", not null, null) => ("long", rows =>
                (long)rows.Select(r => KustoValue.Text(value.Value(r))).Distinct().Count()
            ),
            ("max", not null, null) => (value.Type, rows => Largest(rows.Select(value.Value))),
            ("min", not null, null) => (value.Type, rows => Smallest(rows.Select(value.Value))),
            ("maxif", not null, { Type: "bool" }) => (value.Type, rows =>
                Largest(rows.Where(r => condition.Value(r) is true).Select(value.Value))
            ),
            ("minif", not null, { Type: "bool" }) => (value.Type, rows =>
                Smallest(rows.Where(r => condition.Value(r) is true).Select(value.Value))
            ),
            ("count" or "countif" or "dcount" or "max" or "min" or "maxif" or "minif", _, _) =>
                throw KustoException.Semantic($"Function '{name}' cannot be invoked with these arguments"),
            _ => throw KustoException.Semantic($"Unknown aggregate function: '{name}'"),
        };

    private static object? Largest(IEnumerable<object?> values) =>
        values.Where(v => v is not null).OrderByDescending(v => v, KustoValue.Order).FirstOrDefault();

    private static object? Smallest(IEnumerable<object?> values) =>
        values.Where(v => v is not null).OrderBy(v => v, KustoValue.Order).FirstOrDefault();
}
