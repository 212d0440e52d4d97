using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Vault;

/// <summary>One path of a policy: exact, or with + for a segment, or with * at the end; and what may be done there: create, read, update, delete, list, sudo, deny.</summary>
public sealed record VaultRule(string Path, params string[] Capabilities);

/// <summary>A token: where it was made, what it may do and how long it lives.</summary>
internal sealed record VaultToken(
    string Id,
    string Namespace,
    bool IsRoot,
    IReadOnlyList<VaultRule> Rules,
    DateTimeOffset Created,
    TimeSpan? Ttl
)
{
    /// <summary>What Vault's policy "default" lets every token do.</summary>
    private static readonly VaultRule[] Default =
    [
        new("auth/token/lookup-self", "read"),
        new("sys/capabilities-self", "update"),
    ];

    public string Accessor { get; } = "sandbox-accessor-" + Guid.NewGuid().ToString("N");

    public bool IsAlive(DateTimeOffset now) => Ttl is not { } ttl || now < Created + ttl;

    /// <summary>
    /// What the token may do at a path of a namespace, sorted. Of several rules the most specific path counts alone: an exact one, then the one
    /// whose first wildcard comes last. Rules of the same path add up, and deny wins. A token reaches its own namespace and those below.
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
        var below = namespacePath.Substring(Namespace.Length).Trim('/');
        var full = below.Length > 0 ? $"{below}/{path}" : path;
        var best = Rules
            .Concat(Default)
            .Where(r => Covers(r.Path, full))
            .GroupBy(r => r.Path)
            .OrderByDescending(g => g.Key.IndexOfAny(['*', '+']) is var at && at < 0 ? int.MaxValue : at)
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

    public bool May(string namespacePath, string path, string capability) =>
        CapabilitiesAt(namespacePath, path) is var granted
        && (granted.Contains("root") || granted.Contains(capability));

    /// <summary>A rule with a slash at its end is also for listing what is below, which is asked for without one.</summary>
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
