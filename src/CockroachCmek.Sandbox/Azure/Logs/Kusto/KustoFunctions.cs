using System.Text.Json;
using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Azure.Logs.Kusto;

/// <summary>The columns of a table and the scalar functions.</summary>
internal sealed class KustoFunctions(KustoTable table, DateTimeOffset now, string operatorName)
{
    public KustoExpression Column(string name) =>
        TryColumn(name)
        ?? throw KustoException.Semantic(
            $"'{operatorName}' operator: Failed to resolve column or scalar expression named '{name}'"
        );

    public KustoExpression Call(string name, IReadOnlyList<KustoExpression> arguments) =>
        (name, arguments) switch
        {
            ("now", []) => new("datetime", _ => now),
            ("ago", [{ Type: "timespan" } span]) => new("datetime", r =>
                span.Value(r) is TimeSpan past ? now - past : null
            ),
            ("column_ifexists", [{ Type: "string" } column, var otherwise]) => TryColumn(
                KustoValue.Text(column.Value(Empty))
            ) ?? otherwise with { Name = KustoValue.Text(column.Value(Empty)) },
            ("tostring", [var value]) => Of("string", value, KustoValue.Text),
            ("toint", [var value]) => Of("int", value, KustoValue.Whole),
            ("tolong", [var value]) => Of("long", value, KustoValue.Whole),
            ("toreal" or "todouble", [var value]) => Of("real", value, KustoValue.Fraction),
            ("todatetime", [var value]) => Of("datetime", value, KustoValue.Time),
            ("tolower", [{ Type: "string" } value]) => Of("string", value, v => KustoValue.Text(v).ToLowerInvariant()),
            ("toupper", [{ Type: "string" } value]) => Of("string", value, v => KustoValue.Text(v).ToUpperInvariant()),
            ("strlen", [{ Type: "string" } value]) => Of("long", value, v => (long)KustoValue.Text(v).Length),
            ("parse_url", [{ Type: "string" } value]) => new("dynamic", r => KustoValue.Url(value.Value(r))),
            ("parse_json" or "todynamic", [var value]) => Of("dynamic", value, Parse),
            ("isempty", [var value]) => Of("bool", value, v => KustoValue.Text(v).Length == 0),
            ("isnotempty", [var value]) => Of("bool", value, v => KustoValue.Text(v).Length > 0),
            ("isnull", [var value]) => Of("bool", value, v => v is null),
            ("isnotnull", [var value]) => Of("bool", value, v => v is not null),
            ("not", [{ Type: "bool" } value]) => Of("bool", value, v => v is not true),
            ("iff" or "iif", [{ Type: "bool" } test, var yes, var no]) when yes.Type == no.Type => new(yes.Type, r =>
                test.Value(r) is true ? yes.Value(r) : no.Value(r)
            ),
            ("coalesce", [var first, ..]) when arguments.All(a => a.Type == first.Type) => new(first.Type, r =>
                arguments.Select(a => a.Value(r)).FirstOrDefault(v => v is not (null or ""))
            ),
            ("strcat", [_, ..]) => new("string", r =>
                string.Concat(arguments.Select(a => KustoValue.Text(a.Value(r))))
            ),
            ("bin", [{ Type: "datetime" } time, { Type: "timespan" } size]) => new(
                "datetime",
                r => Bin(time.Value(r), size.Value(r)),
                time.Name
            ),
            _ => throw KustoException.Semantic(
                $"'{operatorName}' operator: Unknown function, or wrong arguments: "
                    + $"{name}({string.Join(", ", arguments.Select(a => a.Type))})"
            ),
        };

    private static IReadOnlyDictionary<string, object?> Empty { get; } = new Dictionary<string, object?>();

    private KustoExpression? TryColumn(string name) =>
        table.Find(name) is { } column
            ? new KustoExpression(column.Type, r => r.TryGetValue(name, out var value) ? value : null, name)
            : null;

    private static KustoExpression Of(string type, KustoExpression value, Func<object?, object?> change) =>
        new(type, r => change(value.Value(r)), value.Name);

    private static object? Parse(object? value)
    {
        if (value is JsonNode node)
            return node;
        try
        {
            return JsonNode.Parse(KustoValue.Text(value));
        }
        catch (JsonException)
        {
            return JsonValue.Create(KustoValue.Text(value));
        }
    }

    private static object? Bin(object? time, object? size) =>
        (time, size) is (DateTimeOffset at, TimeSpan { Ticks: > 0 } span)
            ? new DateTimeOffset(at.UtcTicks - at.UtcTicks % span.Ticks, TimeSpan.Zero)
            : null;
}
