using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Vault;

/// <summary>Vault's own paths: mounts, and what a token may learn about itself.</summary>
internal sealed class VaultSystem(SandboxClock clock, VaultData data)
{
    /// <summary>Engines that every edition has; the sandbox mounts them empty.</summary>
    private static readonly string[] Common = ["kv", "transit", "pki"];

    /// <summary>The answer, or null when the path is none of Vault's own.</summary>
    public VaultAnswer? Answer(
        VaultNamespace place,
        VaultToken token,
        VaultOperation operation,
        string path,
        VaultFields fields
    )
    {
        if (path == "auth/token/lookup-self")
            return operation == VaultOperation.Read ? Describe(token) : throw VaultFault.UnsupportedOperation();
        if (!path.StartsWith("sys/", StringComparison.Ordinal))
            return null;
        var name = path.StartsWith("sys/mounts/", StringComparison.Ordinal)
            ? path.Substring("sys/mounts/".Length) + "/"
            : "";
        return (path, operation) switch
        {
            ("sys/capabilities-self", VaultOperation.Write) => Capabilities(place, token, fields),
            ("sys/mounts", VaultOperation.Read) => Mounts(place),
            ("sys/mounts" or "sys/capabilities-self", _) => throw VaultFault.UnsupportedOperation(),
            (_, VaultOperation.Read) when name.Length > 0 => place.Mounts.TryGetValue(name, out var mount)
                ? new VaultAnswer(mount.Describe()) { AtTopLevel = true }
                : throw VaultFault.Invalid($"No secret engine mount at {name}"),
            (_, VaultOperation.Write) when name.Length > 0 => Mount(place, name, fields),
            (_, VaultOperation.Delete) when name.Length > 0 => Unmount(place, name),
            _ => throw VaultFault.UnsupportedPath(),
        };
    }

    private VaultAnswer Mount(VaultNamespace place, string path, VaultFields fields)
    {
        var type = fields.Text("type");
        if (string.IsNullOrEmpty(type))
            throw VaultFault.Invalid("backend type must be specified as a string");
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
            fields.Know(known);
        if (path is "sys/" or "identity/" or "cubbyhole/" or "auth/")
            throw VaultFault.Invalid($"cannot mount to \"{path}\"");
        if (type != "keymgmt" ? !Common.Contains(type) : data.OpenSource)
            throw VaultFault.Invalid($"plugin not found in the catalog: {type}");
        if (
            place.Mounts.Keys.FirstOrDefault(m =>
                m.StartsWith(path, StringComparison.Ordinal) || path.StartsWith(m, StringComparison.Ordinal)
            ) is
            { } taken
        )
            throw VaultFault.Invalid($"path is already in use at {taken}");
        place.Mounts[path] = new VaultMount(
            path,
            type!,
            description,
            type == "keymgmt" ? new KeyManagementData() : null
        );
        return VaultAnswer.Done;
    }

    /// <summary>What was distributed stays in the clouds; Vault only forgets it.</summary>
    private static VaultAnswer Unmount(VaultNamespace place, string path)
    {
        if (path is "sys/" or "identity/" or "cubbyhole/")
            throw VaultFault.Invalid($"cannot unmount \"{path}\"");
        place.Mounts.Remove(path);
        return VaultAnswer.Done;
    }

    private static VaultAnswer Mounts(VaultNamespace place)
    {
        var prefix = place.Path.Length > 0 ? "ns_" : "";
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
            ).Describe();
        foreach (var mount in place.Mounts.Values)
            data[mount.Path] = mount.Describe();
        return new VaultAnswer(data) { AtTopLevel = true };
    }

    private static VaultAnswer Capabilities(VaultNamespace place, VaultToken token, VaultFields fields)
    {
        var paths = fields.List("paths") ?? fields.List("path") ?? [];
        if (paths.Count == 0)
            throw VaultFault.Invalid("paths must be supplied");
        var data = new JsonObject();
        foreach (var path in paths)
            data[path] = new JsonArray([.. token.CapabilitiesAt(place.Path, path.Trim('/')).Select(c => (JsonNode)c)]);
        if (paths.Count == 1)
            data["capabilities"] = data[paths[0]]!.DeepClone();
        return new VaultAnswer(data) { AtTopLevel = true };
    }

    private VaultAnswer Describe(VaultToken token) =>
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
