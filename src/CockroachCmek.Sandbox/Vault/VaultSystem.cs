using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Vault;

/// <summary>Vault's own paths: mounts, and what a token can read about itself.</summary>
internal sealed class VaultSystem(SandboxClock clock, VaultData data)
{
    /// <summary>Engines of every edition. The sandbox mounts them without content.</summary>
    private static readonly string[] Common = ["kv", "transit", "pki"];

    /// <summary>Handles Vault's own paths; null for any other path.</summary>
    public VaultResponse? Handle(
        VaultNamespace space,
        VaultToken token,
        VaultOperation operation,
        string path,
        VaultFields fields
    )
    {
        if (path == "auth/token/lookup-self")
            return operation == VaultOperation.Read ? Describe(token) : throw VaultException.UnsupportedOperation();
        if (!path.StartsWith("sys/", StringComparison.Ordinal))
            return null;
        var name = path.StartsWith("sys/mounts/", StringComparison.Ordinal)
            ? path.Substring("sys/mounts/".Length) + "/"
            : "";
        return (path, operation) switch
        {
            ("sys/capabilities-self", VaultOperation.Write) => Capabilities(space, token, fields),
            ("sys/mounts", VaultOperation.Read) => Mounts(space),
            ("sys/mounts" or "sys/capabilities-self", _) => throw VaultException.UnsupportedOperation(),
            (_, VaultOperation.Read) when name.Length > 0 => space.Mounts.TryGetValue(name, out var mount)
                ? new VaultResponse(mount.ToJson()) { AtTopLevel = true }
                : throw VaultException.Invalid($"No secret engine mount at {name}"),
            (_, VaultOperation.Write) when name.Length > 0 => Mount(space, name, fields),
            (_, VaultOperation.Delete) when name.Length > 0 => Unmount(space, name),
            _ => throw VaultException.UnsupportedPath(),
        };
    }

    private VaultResponse Mount(VaultNamespace space, string path, VaultFields fields)
    {
        var type = fields.Text("type");
        if (string.IsNullOrEmpty(type))
            throw VaultException.Invalid("backend type must be specified as a string");
        var description = fields.Text("description") ?? "";
        foreach (
            var known in new[]
            {
                "config",
                "options",
                "local",
                "seal_wrap",
                "external_entropy_access",
                "plugin_name",
                "plugin_version",
            }
        )
            fields.Ignore(known);
        if (path is "sys/" or "identity/" or "cubbyhole/" or "auth/")
            throw VaultException.Invalid($"cannot mount to \"{path}\"");
        if (type != "keymgmt" ? !Common.Contains(type) : data.OpenSource)
            throw VaultException.Invalid($"plugin not found in the catalog: {type}");
        if (
            space.Mounts.Keys.FirstOrDefault(m =>
                m.StartsWith(path, StringComparison.Ordinal) || path.StartsWith(m, StringComparison.Ordinal)
            ) is
            { } taken
        )
            throw VaultException.Invalid($"path is already in use at {taken}");
        space.Mounts[path] = new VaultMount(
            path,
            type!,
            description,
            type == "keymgmt" ? new KeyManagementData() : null
        );
        return VaultResponse.Done;
    }

    /// <summary>Removes a mount with its keys. Distributed keys stay in the clouds.</summary>
    private static VaultResponse Unmount(VaultNamespace space, string path)
    {
        if (path is "sys/" or "identity/" or "cubbyhole/")
            throw VaultException.Invalid($"cannot unmount \"{path}\"");
        space.Mounts.Remove(path);
        return VaultResponse.Done;
    }

    private static VaultResponse Mounts(VaultNamespace space)
    {
        var prefix = space.Path.Length > 0 ? "ns_" : "";
        var data = new JsonObject();
        foreach (
            var own in new[]
            {
                ("cubbyhole", "per-token private secret storage"),
                ("identity", "identity store"),
                ("sys", "system endpoints used for control, policy and debugging"),
            }
        )
            data[own.Item1 + "/"] = new VaultMount(
                own.Item1 + "/",
                prefix + (own.Item1 == "sys" ? "system" : own.Item1),
                own.Item2,
                null
            ).ToJson();
        foreach (var mount in space.Mounts.Values)
            data[mount.Path] = mount.ToJson();
        return new VaultResponse(data) { AtTopLevel = true };
    }

    private static VaultResponse Capabilities(VaultNamespace space, VaultToken token, VaultFields fields)
    {
        var paths = fields.List("paths") ?? fields.List("path") ?? [];
        if (paths.Count == 0)
            throw VaultException.Invalid("paths must be supplied");
        var data = new JsonObject();
        foreach (var path in paths)
            data[path] = new JsonArray([.. token.CapabilitiesAt(space.Path, path.Trim('/')).Select(c => (JsonNode)c)]);
        if (paths.Count == 1)
            data["capabilities"] = data[paths[0]]!.DeepClone();
        return new VaultResponse(data) { AtTopLevel = true };
    }

    private VaultResponse Describe(VaultToken token) =>
        new(
            new JsonObject
            {
                ["accessor"] = token.Accessor,
                ["creation_time"] = token.Created.ToUnixTimeSeconds(),
                ["creation_ttl"] = (long)(token.Ttl?.TotalSeconds ?? 0),
                ["display_name"] = token.IsRoot ? "root" : "token",
                ["entity_id"] = "",
                ["expire_time"] = token.Ttl is { } life ? VaultTime.Text(token.Created + life) : null,
                ["explicit_max_ttl"] = 0,
                ["id"] = token.Id,
                ["issue_time"] = VaultTime.Text(token.Created),
                ["meta"] = null,
                ["namespace_path"] = token.Namespace.Length > 0 ? token.Namespace + "/" : "",
                ["num_uses"] = 0,
                ["orphan"] = true,
                ["path"] = token.IsRoot ? "auth/token/root" : "auth/token/create",
                ["policies"] = token.IsRoot ? new JsonArray("root") : new JsonArray("default", "sandbox"),
                ["renewable"] = false,
                ["ttl"] = (long)(token.Ttl is { } ttl ? (token.Created + ttl - clock.UtcNow).TotalSeconds : 0),
                ["type"] = "service",
            }
        );
}
