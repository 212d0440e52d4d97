namespace CockroachCmek.Core.Manifest;

/// <summary>What a JSON or YAML document is, for the errors of its syntax.</summary>
/// <param name="Name">For people, with its article: "a manifest".</param>
/// <param name="Syntax">The error for a position (path, line, column), a reason and its cause.</param>
/// <param name="Empty">The error for a file without content.</param>
internal sealed record DocumentKind(
    string Name,
    Func<string, int, int, string, Exception?, CmekException> Syntax,
    Func<string, CmekException> Empty
)
{
    /// <summary>A manifest.</summary>
    public static readonly DocumentKind Manifest = new("a manifest", Errors.ManifestSyntax, Errors.ManifestEmpty);
}
