namespace CockroachCmek;

/// <summary>
/// Every check with its id: the one source of ids, severities and docs/checks.md. An id is given once and never used
/// again, whatever becomes of its check. A new check gets the next number.
/// </summary>
internal static partial class CmekCheckTable
{
    /// <summary>Every check, in the order of the ids.</summary>
    public static IReadOnlyList<CmekCheckDefinition> All { get; } = [.. First(), .. Later()];

    private static readonly Dictionary<string, CmekCheckDefinition> ByName = All.ToDictionary(
        d => d.Name,
        StringComparer.Ordinal
    );

    /// <summary>The check of a name; null for an unknown one, as an object of a newer version may have.</summary>
    public static CmekCheckDefinition? Find(string name) => ByName.TryGetValue(name, out var found) ? found : null;
}

/// <summary>One check.</summary>
/// <param name="Id">Its id, for example CMEK017.</param>
/// <param name="Name">Its name, one of <see cref="CmekCheckName"/>.</param>
/// <param name="Severity">How bad it is when it does not pass.</param>
internal sealed record CmekCheckDefinition(string Id, string Name, CmekSeverity Severity)
{
    /// <summary>What is true when it passes.</summary>
    public string Title { get; init; } = "";

    /// <summary>Why it matters.</summary>
    public string Why { get; init; } = "";

    /// <summary>What it looks at, on each cloud.</summary>
    public string Looks { get; init; } = "";

    /// <summary>What to do when it does not pass.</summary>
    public string Fix { get; init; } = "";
}
