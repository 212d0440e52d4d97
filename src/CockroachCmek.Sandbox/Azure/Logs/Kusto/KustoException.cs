namespace CockroachCmek.Sandbox.Azure.Logs.Kusto;

/// <summary>A query that Log Analytics refuses: a syntax error (SYN…) or a semantic one (SEM…).</summary>
internal sealed class KustoException(string code, string message) : Exception(message)
{
    public string Code { get; } = code;

    public bool IsSyntax => Code.StartsWith("SYN", StringComparison.Ordinal);

    public static KustoException Syntax(string message) => new("SYN0002", "Query could not be parsed: " + message);

    public static KustoException Semantic(string message) => new("SEM0100", message);
}
