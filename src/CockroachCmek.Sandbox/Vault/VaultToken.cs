using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Vault;

/// <summary>
/// A path of a policy and its capabilities: create, read, update, delete, list, sudo, deny. In the path, + stands for a
/// segment, and a final * for any rest.
/// </summary>
public sealed record VaultRule(string Path, params string[] Capabilities);

/// <summary>A token with its namespace, its policy and its lifetime.</summary>
internal sealed record VaultToken(
    string Id,
    string Namespace,
    bool IsRoot,
    IReadOnlyList<VaultRule> Rules,
    DateTimeOffset Created,
    TimeSpan? Ttl
)
{
    /// <summary>What Vault's policy "default" allows every token.</summary>
    private static readonly VaultRule[] Default =
    [
        new("auth/token/lookup-self", "read"),
        new("sys/capabilities-self", "update"),
    ];

    public string Accessor { get; } = "sandbox-accessor-" + Guid.NewGuid().ToString("N");

    public bool IsAlive(DateTimeOffset now) => Ttl is not { } ttl || now < Created + ttl;

    /// <summary>
    /// The sorted capabilities at a path of a namespace. Only the most specific matching path counts: an exact one,
    /// or else the one whose first wildcard comes last. Rules of the same path add up, and deny wins. A token reaches
    /// its own namespace and those below.
    /// </summary>
    public IReadOnlyList<string> CapabilitiesAt(string namespacePath, string path)
    {
        if (IsRoot)
            return ["root"];
        if (
            namespacePath != Namespace
            && Namespace.Length > 0
            && !namespacePath.StartsWith(Namespace + "/", StringComparison.Ordinal)
        )
            return ["deny"];
        var relative = namespacePath.Substring(Namespace.Length).Trim('/');
        var full = relative.Length > 0 ? $"{relative}/{path}" : path;
        var best = Rules
            .Concat(Default)
            .Where(r => Covers(r.Path, full))
            .GroupBy(r => r.Path)
            .OrderByDescending(g => g.Key.IndexOfAny(['*', '+']) is var index && index < 0 ? int.MaxValue : index)
            .ThenBy(g => g.Key.EndsWith("*", StringComparison.Ordinal))
            .ThenByDescending(g => g.Key.Length)
            .FirstOrDefault();
        var capabilities = best?.SelectMany(r => r.Capabilities)
            .Distinct()
            .OrderBy(c => c, StringComparer.Ordinal)
            .ToList()
            ?? [];
        return capabilities.Count == 0 || capabilities.Contains("deny") ? ["deny"] : capabilities;
    }

    /// <summary>True if the token has the capability at a path of a namespace.</summary>
    public bool Has(string namespacePath, string path, string capability) =>
        CapabilitiesAt(namespacePath, path) is var granted
        && (granted.Contains("root") || granted.Contains(capability));

    /// <summary>
    /// A rule whose path ends in a slash also covers the list at this path, which is requested without the slash.
    /// </summary>
    private static bool Covers(string rule, string path)
    {
        var glob = rule.EndsWith("*", StringComparison.Ordinal);
        var pattern = string.Join(
            "/",
            (glob ? rule.Substring(0, rule.Length - 1) : rule)
                .Split('/')
                .Select(s => s == "+" ? "[^/]+" : Regex.Escape(s))
        );
        return Regex.IsMatch(path, glob ? $"^{pattern}" : $"^{pattern}$")
            || Regex.IsMatch(path + "/", glob ? $"^{pattern}" : $"^{pattern}$");
    }
}
