namespace CockroachCmek.Core.Keys.Azure.Logs;

/// <summary>The keys of one Key Vault, as a request names them.</summary>
internal sealed class AzureEventKeys(IReadOnlyList<(AzureKeyId Id, string Uri)> keys)
{
    /// <summary>Every key once, without its versions.</summary>
    public IReadOnlyList<AzureKeyId> Names { get; } =
    [.. keys.GroupBy(k => k.Id.Name, StringComparer.OrdinalIgnoreCase).Select(g => g.First().Id.WithoutVersion)];

    /// <summary>
    /// How the request names a version of a key; for a version that it does not name, or for the whole key, how it
    /// names the first one. Null for another key.
    /// </summary>
    public string? UriOf(string name, string? version)
    {
        var own = keys.Where(k => AzureScope.Same(k.Id.Name, name)).ToList();
        return own.Count == 0
            ? null
            : own.Where(k => version is not null && k.Id.Version == version).Select(k => k.Uri).FirstOrDefault()
                ?? own[0].Uri;
    }
}
