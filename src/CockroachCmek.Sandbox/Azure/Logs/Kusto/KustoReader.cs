namespace CockroachCmek.Sandbox.Azure.Logs.Kusto;

/// <summary>A position in the tokens of a query.</summary>
internal sealed class KustoReader(IReadOnlyList<KustoToken> tokens)
{
    private int _at;

    public KustoToken Next => tokens[_at];

    public bool IsAtEnd => Next.Kind == KustoTokenKind.End;

    public KustoToken Take() => tokens[IsAtEnd ? _at : _at++];

    /// <summary>True if a symbol comes, or a word of the language.</summary>
    public bool Is(string text, int ahead = 0) =>
        tokens[Math.Min(_at + ahead, tokens.Count - 1)] is { Kind: KustoTokenKind.Symbol or KustoTokenKind.Name } token
        && token.Text == text;

    public bool TryTake(string text)
    {
        if (!Is(text))
            return false;
        _at++;
        return true;
    }

    public void Expect(string text)
    {
        if (!TryTake(text))
            throw KustoException.Syntax($"expected '{text}', found '{Next.Text}'");
    }

    public string Name() =>
        Next.Kind == KustoTokenKind.Name
            ? Take().Text
            : throw KustoException.Syntax($"expected a name, found '{Next.Text}'");

    public long Count() =>
        Take() is { Value: long count } token
            ? count
            : throw KustoException.Syntax($"expected a number, found '{Next.Text}'");
}
