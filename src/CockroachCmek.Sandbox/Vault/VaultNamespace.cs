using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Vault;

/// <summary>A namespace: a Vault within Vault, with mounts of its own. The root's path is empty.</summary>
internal sealed class VaultNamespace(string path)
{
    public string Path { get; } = path;

    /// <summary>Mounts by path, which ends in a slash; Vault's own are not among them.</summary>
    public SortedDictionary<string, VaultMount> Mounts { get; } = new(StringComparer.Ordinal);

    /// <summary>The mount that a path is in, and the rest of the path.</summary>
    public (VaultMount Mount, string Below)? Route(string path)
    {
        var mount = Mounts.Values.FirstOrDefault(m => (path + "/").StartsWith(m.Path, StringComparison.Ordinal));
        return mount is null
            ? null
            : (mount, path.Length >= mount.Path.Length ? path.Substring(mount.Path.Length) : "");
    }
}

/// <summary>An engine at a path.</summary>
internal sealed class VaultMount(string path, string type, string description, KeyManagementData? keyManagement)
{
    private readonly string _accessor = $"{type}_{Guid.NewGuid().ToString("N").Substring(0, 8)}";
    private readonly string _uuid = Guid.NewGuid().ToString("D");

    public string Path { get; } = path;

    public string Type { get; } = type;

    /// <summary>Null for an engine of another type, of which the sandbox knows only that it is there.</summary>
    public KeyManagementData? KeyManagement { get; } = keyManagement;

    public JsonObject Describe() =>
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
