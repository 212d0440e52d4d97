using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>A service behind the sandbox's one Azure address.</summary>
internal interface IAzureService
{
    AzureResponse Handle(AzureRequest request);

    /// <summary>An error in this service's own JSON shape.</summary>
    JsonObject ErrorBody(AzureException error);
}

/// <summary>A response before it is serialized.</summary>
internal sealed record AzureResponse(int Status, JsonNode? Body)
{
    /// <summary>A page for a browser, instead of a JSON body.</summary>
    public string? Html { get; init; }

    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    public static AzureResponse Ok(JsonNode body) => new(200, body);

    /// <summary>A list in the shape that all of Azure shares.</summary>
    public static AzureResponse List(IEnumerable<JsonObject> items) =>
        Ok(new JsonObject { ["value"] = new JsonArray([.. items]) });

    public static AzureResponse NoContent { get; } = new(204, null);
}
