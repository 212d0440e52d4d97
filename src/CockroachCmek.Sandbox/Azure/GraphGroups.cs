using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>Microsoft Graph: security groups, who is in them, and who somebody's groups are.</summary>
internal sealed class GraphGroups(AzureContext context)
{
    private const string Set = "groups";
    private const string ReadMembers = "GroupMember.Read.All";
    private const string GroupType = "microsoft.graph.group";

    /// <summary>Requests below /groups.</summary>
    public AzureResponse Handle(AzureRequest request, ServicePrincipal caller, List<string> path)
    {
        var part = path.Count > 2 ? path[2].ToLowerInvariant() : "";
        switch ((request.Method, path.Count, part))
        {
            case ("GET", 1, _):
                GraphApi.Require(caller, "Group.Read.All", ReadMembers);
                return GraphApi.List(request, Set, InTenant(caller).Select(Json));
            case ("POST", 1, _):
                return Create(caller, request.Body(GraphApi.BadRequest));
            case ("GET", 2, _):
                GraphApi.Require(caller, "Group.Read.All", ReadMembers);
                return AzureResponse.Ok(GraphApi.Entity(Set, Json(Find(caller, path[1]))));
            case ("DELETE", 2, _):
                GraphApi.Require(caller, "Group.ReadWrite.All");
                context.Directory.Groups.Remove(Find(caller, path[1]));
                return AzureResponse.NoContent;
            case ("GET", 3 or 4, "members" or "transitivemembers"):
                return ListMembers(request, caller, path, part == "members");
            case ("GET", 3 or 4, "memberof" or "transitivememberof"):
                return ListGroupsOf(request, caller, Find(caller, path[1]).Id, path);
            case ("POST", 4, "members") when path[3] == "$ref":
                return AddMember(caller, Find(caller, path[1]), request.Body(GraphApi.BadRequest));
            case ("DELETE", 5, "members") when path[4] == "$ref":
                GraphApi.Require(caller, "Group.ReadWrite.All", "GroupMember.ReadWrite.All");
                return Find(caller, path[1]).Remove(path[3], context.Now)
                    ? AzureResponse.NoContent
                    : throw GraphApi.NotFound(path[3]);
            default:
                throw GraphApi.NoResource(path);
        }
    }

    /// <summary>memberOf and transitiveMemberOf, also with a type at the end of the path.</summary>
    public AzureResponse ListGroupsOf(AzureRequest request, ServicePrincipal caller, string id, List<string> path)
    {
        GraphApi.Require(caller, ReadMembers);
        var groups = context.Directory.GroupsOf(id, context.Now);
        if (AzureDirectory.Same(path[2], "memberOf"))
            groups = [.. groups.Where(g => g.MembersAt(context.Now).Any(m => AzureDirectory.Same(m, id)))];
        return GraphApi.List(request, "directoryObjects", groups.Select(Typed).Where(Is(path)));
    }

    /// <summary>getMemberGroups: the ids of all groups that somebody is in.</summary>
    public AzureResponse MemberGroups(ServicePrincipal caller, string id)
    {
        GraphApi.Require(caller, ReadMembers);
        return Ids(context.Directory.GroupsOf(id, context.Now).Select(g => g.Id));
    }

    /// <summary>checkMemberGroups: which of the given groups somebody is in.</summary>
    public AzureResponse CheckGroups(ServicePrincipal caller, string id, JsonObject body)
    {
        GraphApi.Require(caller, ReadMembers);
        var wanted = body.Texts("groupIds");
        if (wanted.Count is 0 or > 20)
            throw GraphApi.Bad("Between 1 and 20 groupIds are required.");
        return Ids(
            context
                .Directory.GroupsOf(id, context.Now)
                .Select(g => g.Id)
                .Where(g => wanted.Contains(g, StringComparer.OrdinalIgnoreCase))
        );
    }

    /// <summary>
    /// directoryObjects/getByIds: groups and service principals of the tenant; unknown ids are left out.
    /// </summary>
    public AzureResponse ByIds(ServicePrincipal caller, JsonObject body)
    {
        GraphApi.Require(caller, "Directory.Read.All", "Group.Read.All", "Application.Read.All");
        return AzureResponse.List(body.Texts("ids").Select(id => TryMember(caller, id)).OfType<JsonObject>());
    }

    private static AzureResponse Ids(IEnumerable<string> ids) =>
        AzureResponse.Ok(
            new JsonObject
            {
                ["@odata.context"] = "https://graph.microsoft.com/v1.0/$metadata#Collection(Edm.String)",
                ["value"] = ids.ToJson(),
            }
        );

    private AzureResponse Create(ServicePrincipal caller, JsonObject body)
    {
        GraphApi.Require(caller, "Group.ReadWrite.All");
        if (
            body.Text("displayName") is not { Length: > 0 } name
            || body.Text("mailNickname") is null
            || body.Flag("mailEnabled") is not false
            || body.Flag("securityEnabled") is not true
        )
            throw GraphApi.Bad(
                "A security group needs displayName, mailNickname, mailEnabled false and securityEnabled true."
            );
        var group = new EntraGroup(caller.TenantId, name, context.Now);
        context.Directory.Groups.Add(group);
        return new AzureResponse(201, GraphApi.Entity(Set, Json(group)));
    }

    private AzureResponse AddMember(ServicePrincipal caller, EntraGroup group, JsonObject body)
    {
        GraphApi.Require(caller, "Group.ReadWrite.All", "GroupMember.ReadWrite.All");
        var id = (body.Text("@odata.id") ?? "").Split('/').Last();
        if (TryMember(caller, id) is null)
            throw GraphApi.NotFound(id);
        return group.Add(id, context.Now)
            ? AzureResponse.NoContent
            : throw GraphApi.Bad(
                "One or more added object references already exist for the following modified properties: 'members'."
            );
    }

    private AzureResponse ListMembers(AzureRequest request, ServicePrincipal caller, List<string> path, bool isDirect)
    {
        GraphApi.Require(caller, ReadMembers);
        var found = new List<string>();
        var open = new Queue<EntraGroup>([Find(caller, path[1])]);
        while (open.Count > 0)
            foreach (var id in open.Dequeue().MembersAt(context.Now).Except(found).ToList())
            {
                found.Add(id);
                if (!isDirect && context.Directory.Group(caller.TenantId, id) is { } inner)
                    open.Enqueue(inner);
            }

        var members = found.Select(id => TryMember(caller, id)).OfType<JsonObject>();
        return GraphApi.List(request, "directoryObjects", members.Where(Is(path)));
    }

    private IEnumerable<EntraGroup> InTenant(ServicePrincipal caller) =>
        context.Directory.Groups.Where(g => AzureDirectory.Same(g.TenantId, caller.TenantId));

    private EntraGroup Find(ServicePrincipal caller, string id) =>
        context.Directory.Group(caller.TenantId, id) ?? throw GraphApi.NotFound(id);

    private JsonObject? TryMember(ServicePrincipal caller, string id) =>
        context.Directory.Group(caller.TenantId, id) is { } group ? Typed(group)
        : context.Directory.InTenant(caller.TenantId).FirstOrDefault(p => AzureDirectory.Same(p.Id, id)) is { } found
            ? GraphServicePrincipals.Typed(found)
        : null;

    /// <summary>Objects of the type at the end of the path; all without one.</summary>
    private static Func<JsonObject, bool> Is(List<string> path) =>
        item => path.Count < 4 || AzureDirectory.Same(item.Text("@odata.type"), "#" + path[3]);

    private static JsonObject Typed(EntraGroup group)
    {
        var json = Json(group);
        json["@odata.type"] = "#" + GroupType;
        return json;
    }

    private static JsonObject Json(EntraGroup group) =>
        new()
        {
            ["id"] = group.Id,
            ["displayName"] = group.DisplayName,
            ["description"] = null,
            ["createdDateTime"] = AzureJson.Time(group.Created),
            ["groupTypes"] = new JsonArray(),
            ["mailEnabled"] = false,
            ["securityEnabled"] = true,
        };
}
