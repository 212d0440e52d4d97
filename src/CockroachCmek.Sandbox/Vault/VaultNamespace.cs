using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Vault;

/// <summary>A namespace with its own mounts. The path of the root namespace is empty.</summary>
internal sealed class VaultNamespace(string path)
{
    public string Path { get; } = path;

    /// <summary>Mounts by path, which ends in a slash. Vault's own mounts are not included.</summary>
    public SortedDictionary<string, VaultMount> Mounts { get; } = new(StringComparer.Ordinal);

    /// <summary>The mount that a path belongs to, and the rest of the path.</summary>
    public (VaultMount Mount, string Remainder)? Route(string path)
    {
        var mount = Mounts.Values.FirstOrDefault(m => (path + "/").StartsWith(m.Path, StringComparison.Ordinal));
        return mount is null
            ? null
            : (mount, path.Length >= mount.Path.Length ? path.Substring(mount.Path.Length) : "");
    }
}

/// <summary>An engine that is mounted at a path.</summary>
internal sealed class VaultMount(string path, string type, string description, KeyManagementData? keyManagement)
{
    private readonly string _accessor = $"{type}_{Guid.NewGuid().ToString("N").Substring(0, 8)}";
    private readonly string _uuid = Guid.NewGuid().ToString("D");

    public string Path { get; } = path;

    public string Type { get; } = type;

    /// <summary>
    /// The data of the key management engine; null for an engine of another type, which has no content here.
    /// </summary>
    public KeyManagementData? KeyManagement { get; } = keyManagement;

    public JsonObject ToJson() =>
        new()
        {
            ["accessor"] = _accessor,
            ["config"] = new JsonObject
            {
                ["default_lease_ttl"] = 0,
                ["force_no_cache"] = false,
                ["max_lease_ttl"] = 0,
            },
            ["deprecation_status"] = "supported",
            ["description"] = description,
            ["external_entropy_access"] = false,
            ["local"] = false,
            ["options"] = null,
            ["plugin_version"] = "",
            ["seal_wrap"] = false,
            ["type"] = Type,
            ["uuid"] = _uuid,
        };
}
