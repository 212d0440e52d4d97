using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>Reading organization policies: v1 of Resource Manager, and the Organization Policy API v2.</summary>
internal sealed class OrganizationPolicies(SandboxClock clock, GcpData data, GcpAccess access)
{
    private const string Permission = "orgpolicy.policy.get";

    /// <summary>getEffectiveOrgPolicy of v1, which does not know managed constraints.</summary>
    public JsonObject ReadEffective(GcpCall call)
    {
        call.AllowQuery();
        access.Require(call.Principal, Permission, call.Name);
        GcpJson.AllowFields(call.Body, "", "constraint");
        var full = GcpJson.Text(call.Body, "constraint") ?? "";
        if (full.Contains(".managed."))
            throw GcpException.Invalid(
                $"{full} is in a Managed constraint format. Managed constraints are only supported with Org Policy "
                    + "V2 API."
            );
        var name = full.StartsWith("constraints/", StringComparison.Ordinal) ? full.Substring(12) : "";
        if (!GcpConstraints.All.Contains(name))
            throw GcpException.Invalid(
                $"{full} constraint must be of the form: constraints/[service].[constraint name], "
                    + "e.g. constraints/serviceuser.services"
            );
        var policy = new JsonObject { ["constraint"] = full };
        var isEnforced = data.Constraints.TryGetValue(name, out var values);
        if (GcpConstraints.IsList(name))
            policy["listPolicy"] = isEnforced
                ? new JsonObject { ["allowedValues"] = Array(values!) }
                : new JsonObject { ["allValues"] = "ALLOW" };
        else
            policy["booleanPolicy"] = isEnforced ? new JsonObject { ["enforced"] = true } : [];
        return policy;
    }

    /// <summary>Handles v2/{place}/policies; null for any other route.</summary>
    public JsonObject? Handle(GcpCall call)
    {
        switch (call.Route)
        {
            case "GET policies":
                call.AllowQuery("pageSize", "pageToken");
                access.Require(call.Principal, "orgpolicy.policies.list", call.Parent(1));
                return call.Page("policies", data.Constraints.Keys.Select(k => Policy(call.Parent(1), k)), 100, false);
            case "GET policies/*":
                call.AllowQuery();
                access.Require(call.Principal, Permission, call.Parent(2));
                return data.Constraints.ContainsKey(call.Path[3])
                    ? Policy(call.Parent(2), call.Path[3])
                    : throw GcpException.NotFound($"Policy {call.Name}");
            case "GET policies/*:getEffectivePolicy":
                call.AllowQuery();
                access.Require(call.Principal, Permission, call.Parent(2));
                return GcpConstraints.All.Contains(call.Path[3])
                    ? Policy(call.Parent(2), call.Path[3])
                    : throw GcpException.NotFound($"Constraint {call.Path[3]}");
            default:
                return null;
        }
    }

    private JsonObject Policy(string place, string constraint)
    {
        var isEnforced = data.Constraints.TryGetValue(constraint, out var values);
        var rule = (GcpConstraints.IsList(constraint), isEnforced) switch
        {
            (true, true) => new JsonObject { ["values"] = new JsonObject { ["allowedValues"] = Array(values!) } },
            (true, false) => new JsonObject { ["allowAll"] = true },
            (false, _) => new JsonObject { ["enforce"] = isEnforced },
        };
        if (constraint == GcpConstraints.ManagedMembers && isEnforced)
            rule["parameters"] = new JsonObject
            {
                ["allowedPrincipalSets"] = new JsonArray(
                    "//cloudresourcemanager.googleapis.com/" + GcpHierarchy.Organization
                ),
            };
        return new JsonObject
        {
            ["name"] = $"{GcpHierarchy.WithNumber(place)}/policies/{constraint}",
            ["spec"] = new JsonObject
            {
                ["updateTime"] = GcpTime.Write(clock.UtcNow.AddDays(-400)),
                ["rules"] = new JsonArray(rule),
            },
        };
    }

    private static JsonArray Array(IEnumerable<string> values) => new([.. values.Select(v => (JsonNode)v)]);
}
