using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>What all resources of Microsoft Graph share: permissions, lists, entities and errors.</summary>
internal static class GraphApi
{
    private const string Metadata = "https://graph.microsoft.com/v1.0/$metadata#";
    private static readonly Regex Equality = new("^\\s*(\\w+)\\s+eq\\s+'([^']*)'\\s*$", RegexOptions.CultureInvariant);

    /// <summary>Requires an application permission. The permission to write includes the one to read.</summary>
    public static void Require(ServicePrincipal caller, string permission)
    {
        var write = permission.Replace(".Read.", ".ReadWrite.");
        if (!caller.GraphRoles.Any(r => r == permission || r == write || r == "Directory.ReadWrite.All"))
            throw new AzureException(
                403,
                "Authorization_RequestDenied",
                "Insufficient privileges to complete the operation."
            );
    }

    /// <summary>
    /// A list, narrowed by $filter and $select. A filter other than "name eq 'value'" is refused rather than ignored.
    /// </summary>
    public static AzureResponse List(AzureRequest request, string set, IEnumerable<JsonObject> items)
    {
        if (request.Query("$filter") is { } filter)
        {
            var terms = Regex.Split(filter, "\\s+and\\s+").Select(t => Equality.Match(t)).ToList();
            if (terms.Any(t => !t.Success))
                throw new AzureException(
                    400,
                    "Request_UnsupportedQuery",
                    "Unsupported or invalid query filter clause specified for property."
                );
            items = items.Where(item =>
                terms.All(t => AzureDirectory.Same(item.Text(t.Groups[1].Value), t.Groups[2].Value))
            );
        }

        if (request.Query("$select")?.Split(',').Select(s => s.Trim()).ToList() is { } names)
            items = items.Select(item => Select(item, names));
        return AzureResponse.Ok(
            new JsonObject { ["@odata.context"] = Metadata + set, ["value"] = new JsonArray([.. items]) }
        );
    }

    public static JsonObject Entity(string set, JsonObject item)
    {
        item["@odata.context"] = $"{Metadata}{set}/$entity";
        return item;
    }

    public static AzureException Bad(string message) => new(400, "Request_BadRequest", message);

    public static AzureException Conflict(string message) =>
        new(409, "Request_MultipleObjectsWithSameKeyValue", message);

    public static AzureException NotFound(string id) =>
        new(
            404,
            "Request_ResourceNotFound",
            $"Resource '{id}' does not exist or one of its queried reference-property objects are not present."
        );

    private static JsonObject Select(JsonObject item, List<string> names)
    {
        var selected = new JsonObject();
        foreach (var name in names)
            if (item[name] is { } value)
                selected[name] = value.DeepClone();
        return selected;
    }
}
