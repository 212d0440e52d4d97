using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>Cloud Resource Manager v1 and v3: projects, folders and the organization with their IAM policies.</summary>
internal sealed class GcpResourceManager(SandboxClock clock, GcpAccess access, OrganizationPolicies policies)
{
    /// <summary>Handles requests about a project, folder or organization itself; null for any other route.</summary>
    public JsonObject? Handle(GcpCall call)
    {
        // Version 1 has no folders.
        if (call.Path[0] == "folders" && call.Version == "v1")
            return null;
        var prefix = $"resourcemanager.{call.Path[0]}.";
        switch (call.Route)
        {
            case "GET ":
                call.AllowQuery();
                access.Require(call.Principal, prefix + "get", call.Name);
                RequireKnown(call.Name);
                return call.Version == "v1" ? VersionOne(call.Name) : VersionThree(call.Name);
            case "POST :getAncestry" when call.Path[0] == "projects" && call.Version == "v1":
                call.AllowQuery();
                access.Require(call.Principal, prefix + "get", call.Name);
                return new JsonObject
                {
                    ["ancestor"] = new JsonArray([
                        .. GcpHierarchy.WithAncestors(call.Name).Select(a => (JsonNode)Ancestor(a)),
                    ]),
                };
            case "POST :getIamPolicy":
                call.AllowQuery();
                access.Require(call.Principal, prefix + "getIamPolicy", call.Name);
                RequireKnown(call.Name);
                GcpJson.AllowFields(call.Body, "", "options");
                var options = GcpJson.Message(call.Body, "options") ?? [];
                GcpJson.AllowFields(options, "options", "requestedPolicyVersion");
                return access.Read(call.Name, options["requestedPolicyVersion"]?.ToJsonString());
            case "POST :setIamPolicy":
                call.AllowQuery();
                access.Require(call.Principal, prefix + "setIamPolicy", call.Name);
                RequireKnown(call.Name);
                return access.Write(call.Name, call.Body);
            case "POST :testIamPermissions":
                call.AllowQuery();
                return access.Test(call.Principal, call.Name, call.Body);
            case "POST :getEffectiveOrgPolicy" when call.Version == "v1":
                return policies.ReadEffective(call);
            default:
                return null;
        }
    }

    private static void RequireKnown(string name)
    {
        if (name is not (GcpHierarchy.Organization or GcpHierarchy.Folder) && GcpHierarchy.ProjectOf(name).Length == 0)
            throw GcpException.NotFound(name);
    }

    private static JsonObject Ancestor(string name) =>
        new()
        {
            ["resourceId"] = new JsonObject { ["type"] = name.Split('/')[0].TrimEnd('s'), ["id"] = name.Split('/')[1] },
        };

    private JsonObject VersionOne(string name)
    {
        var id = name.Split('/')[1];
        if (name == GcpHierarchy.Organization)
            return new JsonObject
            {
                ["name"] = name,
                ["displayName"] = GcpHierarchy.Domain,
                ["lifecycleState"] = "ACTIVE",
                ["creationTime"] = Created,
                ["owner"] = new JsonObject { ["directoryCustomerId"] = GcpHierarchy.CustomerId },
            };
        return new JsonObject
        {
            ["projectNumber"] = GcpProjects.Numbers[id],
            ["projectId"] = id,
            ["lifecycleState"] = "ACTIVE",
            ["name"] = id,
            ["createTime"] = Created,
            ["parent"] = new JsonObject { ["type"] = "folder", ["id"] = GcpHierarchy.Folder.Split('/')[1] },
        };
    }

    private JsonObject VersionThree(string name)
    {
        var json = new JsonObject
        {
            ["name"] = GcpHierarchy.WithNumber(name),
            ["displayName"] =
                name == GcpHierarchy.Organization ? GcpHierarchy.Domain
                : name == GcpHierarchy.Folder ? "databases"
                : name.Split('/')[1],
            ["state"] = "ACTIVE",
            ["createTime"] = Created,
            ["etag"] = Convert.ToBase64String(GcpPolicy.NewEtag(0)),
        };
        if (GcpHierarchy.WithAncestors(name).Skip(1).FirstOrDefault() is { } parent)
            json["parent"] = parent;
        if (GcpHierarchy.ProjectOf(name) is { Length: > 0 } id)
            json["projectId"] = id;
        if (name == GcpHierarchy.Organization)
            json["directoryCustomerId"] = GcpHierarchy.CustomerId;
        return json;
    }

    private string Created => GcpTime.Write(clock.UtcNow.AddDays(-400));
}
