using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Manifest;

/// <summary>Collects the problems of a document with their positions, so that one error names all of them.</summary>
internal sealed class ManifestProblems
{
    /// <summary>Longer than any key URI or identity. A longer text is not searched.</summary>
    private const int LongestValue = 2048;

    /// <summary>More problems than anybody corrects before the next try.</summary>
    private const int MostProblems = 50;

    private static readonly Regex Placeholder = new(
        @"^\s*(\$?\{.*\}|<[^>]+>|\$[A-Z_]+)\s*$|\{[A-Z][A-Z0-9_]*\}|\$\{[^}]*\}|<[A-Za-z_ -]+>",
        RegexOptions.CultureInvariant
    );

    private readonly List<(int Line, int Column, string Reason)> _found = [];

    public void Add(Mark mark, string reason) => _found.Add((mark.Line, mark.Column, reason));

    /// <summary>Throws one error for all problems, in the order of the document.</summary>
    public void ThrowIfAny(string path)
    {
        if (_found.Count == 0)
            return;
        throw Errors.ManifestInvalid(
            path,
            [
                .. _found
                    .OrderBy(p => p.Line)
                    .ThenBy(p => p.Column)
                    .Take(MostProblems)
                    .Select(p => $"line {p.Line}, column {p.Column}: {p.Reason}"),
                .. _found.Count > MostProblems ? [$"and {_found.Count - MostProblems} more"] : Array.Empty<string>(),
            ]
        );
    }

    /// <summary>Why a text cannot be a value of a manifest.</summary>
    public void CheckValue(Mark mark, string field, string value)
    {
        if (value.Trim().Length == 0)
            Add(mark, $"{field} is empty");
        else if (value.Length > LongestValue)
            Add(mark, $"{field} has {value.Length} characters, and at most {LongestValue} are allowed");
        else if (Placeholder.IsMatch(value))
            Add(mark, $"{field} still holds the placeholder '{value}'");
        else if (StrayCharacters.Problem(value) is { } stray)
            Add(mark, $"{field} holds {stray}");
        else if (value != value.Trim())
            Add(mark, $"{field} begins or ends with a blank: remove it");
    }
}

/// <summary>A position in a document; both are counted from 1.</summary>
internal readonly record struct Mark(int Line, int Column);
