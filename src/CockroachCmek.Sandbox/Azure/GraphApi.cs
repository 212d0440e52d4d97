using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>What all resources of Microsoft Graph share: permissions, lists, entities and errors.</summary>
internal static class GraphApi
{
    /// <summary>The error code of an invalid request body.</summary>
    public const string BadRequest = "Request_BadRequest";

    private const string Metadata = "https://graph.microsoft.com/v1.0/$metadata#";
    private static readonly Regex Equality = new("^\\s*(\\w+)\\s+eq\\s+'([^']*)'\\s*$", RegexOptions.CultureInvariant);

    /// <summary>
    /// Requires one of these application permissions. The permission to write includes the one to read; those for the
    /// whole directory include all others.
    /// </summary>
    public static void Require(ServicePrincipal caller, params string[] permissions)
    {
        if (!permissions.Any(p => caller.GraphRoles.Any(r => Includes(r, p))))
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

        var (page, next) = Page(request, set, items);
        items = page;
        if (request.Query("$select")?.Split(',').Select(s => s.Trim()).ToList() is { } names)
            items = items.Select(item => Select(item, names));
        var body = new JsonObject { ["@odata.context"] = Metadata + set };
        if (next is not null)
            body["@odata.nextLink"] = next;
        body["value"] = new JsonArray([.. items]);
        return AzureResponse.Ok(body);
    }

    public static JsonObject Entity(string set, JsonObject item)
    {
        item["@odata.context"] = $"{Metadata}{set}/$entity";
        return item;
    }

    public static AzureException Bad(string message) => new(400, BadRequest, message);

    public static AzureException Conflict(string message) =>
        new(409, "Request_MultipleObjectsWithSameKeyValue", message);

    public static AzureException NotFound(string id) =>
        new(
            404,
            "Request_ResourceNotFound",
            $"Resource '{id}' does not exist or one of its queried reference-property objects are not present."
        );

    public static AzureException NoResource(List<string> path) =>
        new(400, "BadRequest", $"Resource not found for the segment '{path[0]}'.");

    private static bool Includes(string held, string wanted)
    {
        var (name, wantedName) = (held.Replace(".ReadWrite.", ".Read."), wanted.Replace(".ReadWrite.", ".Read."));
        var writes = held != name || wanted == wantedName;
        return writes && (name == wantedName || name == "Directory.Read.All" || IsPart(name, wantedName));
    }

    /// <summary>Who can read groups can read their members.</summary>
    private static bool IsPart(string name, string wanted) =>
        name == "Group.Read.All" && wanted == "GroupMember.Read.All";

    /// <summary>One page of at most $top items, with the link to the next one.</summary>
    private static (List<JsonObject> Items, string? Next) Page(
        AzureRequest request,
        string set,
        IEnumerable<JsonObject> items
    )
    {
        if (
            !int.TryParse(request.Query("$top") ?? "100", NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            || !int.TryParse(
                request.Query("$skiptoken") ?? "0",
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out var start
            )
            || size is < 1 or > 999
        )
            throw Bad($"Invalid $top or $skiptoken for {set}.");
        var rest = items.Skip(start).ToList();
        if (rest.Count <= size)
            return (rest, null);
        var host = request.Host.Length > 0 ? request.Host : "graph.microsoft.com";
        var query = string.Concat(
            new[] { "$filter", "$select" }
                .Where(name => request.Query(name) is not null)
                .Select(name => $"&{name}={Uri.EscapeDataString(request.Query(name)!)}")
        );
        return (rest.GetRange(0, size), $"https://{host}{request.Path}?$top={size}&$skiptoken={start + size}{query}");
    }

    private static JsonObject Select(JsonObject item, List<string> names)
    {
        var selected = new JsonObject();
        foreach (var name in names.Prepend("@odata.type"))
            if (item[name] is { } value)
                selected[name] = value.DeepClone();
        return selected;
    }
}
