using System.Text;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Vault;

/// <summary>What is asked of Vault, whatever the HTTP method that says so.</summary>
internal enum VaultOperation
{
    Read,
    List,
    Write,
    Delete,
}

/// <summary>A success: data, or nothing to tell; with warnings there is a body even when there is no data.</summary>
internal sealed record VaultAnswer(JsonObject? Data)
{
    public static readonly VaultAnswer Done = new((JsonObject?)null);

    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Answers of sys/ carry their data at the top level too, as they did before there was an envelope.</summary>
    public bool AtTopLevel { get; init; }

    /// <summary>A list; one without entries is 404.</summary>
    public static VaultAnswer Keys(IEnumerable<string> names)
    {
        var keys = names.Select(n => (JsonNode)n).ToArray();
        return keys.Length > 0
            ? new VaultAnswer(new JsonObject { ["keys"] = new JsonArray(keys) })
            : throw VaultFault.NotFound();
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
