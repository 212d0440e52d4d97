using System.Text;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Vault;

/// <summary>The operation of a request, which several HTTP methods can stand for.</summary>
internal enum VaultOperation
{
    Read,
    List,
    Write,
    Delete,
}

/// <summary>A successful response. It has a body if there is data or a warning.</summary>
internal sealed record VaultResponse(JsonObject? Data)
{
    public static readonly VaultResponse Done = new((JsonObject?)null);

    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>True for responses of sys/, which also have their data at the top level for compatibility.</summary>
    public bool AtTopLevel { get; init; }

    /// <summary>A list of keys. An empty list is 404.</summary>
    public static VaultResponse Keys(IEnumerable<string> names)
    {
        var keys = names.Select(n => (JsonNode)n).ToArray();
        return keys.Length > 0
            ? new VaultResponse(new JsonObject { ["keys"] = new JsonArray(keys) })
            : throw VaultException.NotFound();
    }

    public SandboxResponse ToResponse(string mountType)
    {
        if (Data is null && Warnings.Count == 0)
            return new SandboxResponse(204, [], "application/json");
        var body = new JsonObject
        {
            ["request_id"] = Guid.NewGuid().ToString("D"),
            ["lease_id"] = "",
            ["renewable"] = false,
            ["lease_duration"] = 0,
            ["data"] = Data?.DeepClone(),
            ["wrap_info"] = null,
            ["warnings"] = Warnings.Count > 0 ? new JsonArray([.. Warnings.Select(w => (JsonNode)w)]) : null,
            ["auth"] = null,
            ["mount_type"] = mountType,
        };
        foreach (var entry in AtTopLevel && Data is not null ? Data.ToList() : [])
            body[entry.Key] = entry.Value?.DeepClone();
        return new SandboxResponse(200, Encoding.UTF8.GetBytes(body.ToJsonString()), "application/json");
    }
}
