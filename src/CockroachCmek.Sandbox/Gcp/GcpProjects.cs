using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>The customer's projects, and IAM's roles: predefined ones and those of projects and organization.</summary>
internal sealed class GcpProjects(GcpAccess access, GcpAccounts accounts, GcpRoles roles)
{
    public const string Customer = "sandbox-customer";
    public const string WithoutKms = "no-kms-project";

    /// <summary>The customer's projects and their numbers.</summary>
    public static readonly IReadOnlyDictionary<string, string> Numbers = new Dictionary<string, string>
    {
        [Customer] = "200000000002",
        [WithoutKms] = "200000000003",
    };

    /// <summary>
    /// Replaces a project's number by its id, and "-" by the project of the service account in the path.
    /// </summary>
    public void Normalize(GcpCall call)
    {
        if (call.Path[0] != "projects")
            return;
        if (Numbers.FirstOrDefault(p => p.Value == call.Path[1]).Key is { } id)
            call.Path[1] = id;
        if (call.Path.Length > 3 && call.Path[1] == "-" && call.Path[2] == "serviceAccounts")
            call.Path[1] = Regex.Match(call.Path[3], @"@([^.]+)\.iam\.gserviceaccount\.com$") is { Success: true } email
                ? email.Groups[1].Value
                : accounts.FindAny(call.Path[3])?.Project ?? "-";
    }

    /// <summary>Handles requests about custom roles; null for any other route.</summary>
    public JsonObject? HandleRoles(GcpCall call)
    {
        switch (call.Route)
        {
            case "POST roles":
                call.AllowQuery();
                access.Require(call.Principal, "iam.roles.create", call.Parent(1));
                return roles.Create(call);
            case "GET roles":
                call.AllowQuery("pageSize", "pageToken", "showDeleted", "view");
                access.Require(call.Principal, "iam.roles.list", call.Parent(1));
                return ListRoles(call, roles.OfParent(call.Parent(1)));
            case "GET roles/*":
                call.AllowQuery();
                access.Require(call.Principal, "iam.roles.get", call.Parent(2));
                return FindRole(call).ToJson(full: true);
            default:
                return null;
        }
    }

    /// <summary>Handles requests about predefined roles, which everybody can read.</summary>
    public JsonObject HandlePredefinedRoles(GcpCall call)
    {
        if (call.Method != "GET" || call.Verb.Length > 0 || call.Path.Length > 2)
            throw new GcpException("NOT_FOUND", "There is no such method on roles.");
        call.AllowQuery("pageSize", "pageToken", "parent", "showDeleted", "view");
        return call.Path.Length == 1
            ? ListRoles(call, GcpPredefinedRoles.All.Values)
            : FindRole(call).ToJson(full: true);
    }

    private GcpRole FindRole(GcpCall call) =>
        roles.Find(call.Name) ?? throw new GcpException("NOT_FOUND", $"The role named {call.Name} was not found.");

    private static JsonObject ListRoles(GcpCall call, IEnumerable<GcpRole> list) =>
        call.Page("roles", list.Select(r => r.ToJson(call.Argument("view") == "FULL")), 1000, withTotal: false);
}
