using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>A role and its permissions.</summary>
internal sealed record GcpRole(string Name, string Title, IReadOnlyCollection<string> Permissions)
{
    public string? Description { get; init; }

    public string Stage { get; init; } = "GA";

    public byte[] Etag { get; init; } = GcpPolicy.NewEtag(0);

    public JsonObject ToJson(bool full)
    {
        var json = new JsonObject
        {
            ["name"] = Name,
            ["title"] = Title,
            ["stage"] = Stage,
            ["etag"] = Convert.ToBase64String(Etag),
        };
        if (Description is not null)
            json["description"] = Description;
        if (full && Permissions.Count > 0)
            json["includedPermissions"] = new JsonArray([.. Permissions.Select(p => (JsonNode)p)]);
        return json;
    }
}
