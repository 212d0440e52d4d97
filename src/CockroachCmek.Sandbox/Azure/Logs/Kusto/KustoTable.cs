namespace CockroachCmek.Sandbox.Azure.Logs.Kusto;

/// <summary>A column: its name and its type, as the response writes it.</summary>
internal sealed record KustoColumn(string Name, string Type);

/// <summary>Columns and rows. A row has a value or null for every column.</summary>
internal sealed record KustoTable(
    IReadOnlyList<KustoColumn> Columns,
    IEnumerable<IReadOnlyDictionary<string, object?>> Rows
)
{
    public KustoColumn? Find(string name) => Columns.FirstOrDefault(c => c.Name == name);
}

/// <summary>An expression with the type that it has for every row.</summary>
internal sealed record KustoExpression(
    string Type,
    Func<IReadOnlyDictionary<string, object?>, object?> Value,
    string? Name = null
);
