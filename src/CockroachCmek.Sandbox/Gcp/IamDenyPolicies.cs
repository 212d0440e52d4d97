using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>IAM v2: deny policies. A list omits the rules; every write answers an operation.</summary>
internal sealed class IamDenyPolicies(SandboxClock clock, GcpData data, GcpAccess access, GcpMemberships memberships)
{
    private const string Attachment = "cloudresourcemanager.googleapis.com/";

    /// <summary>Handles v2/policies/{attachment}/denypolicies; null for any other route.</summary>
    public JsonObject? Handle(GcpCall call)
    {
        var place = call.Path[1].StartsWith(Attachment, StringComparison.Ordinal)
            ? GcpHierarchy.WithId(call.Path[1].Substring(Attachment.Length))
            : throw GcpException.Invalid($"The attachment point {call.Path[1]} is invalid.");
        void Require(string verb) => access.Require(call.Principal, "iam.denypolicies." + verb, place);
        switch (call.Route)
        {
            case "GET denypolicies":
                // The page size is ignored: a page has 1,000 (discovery document).
                call.AllowQuery("pageSize", "pageToken");
                Require("list");
                return call.Page(
                    "policies",
                    access.Evaluator.DenyPolicies(place, effective: false).Select(p => p.ToJson(withRules: false)),
                    1000,
                    withTotal: false
                );
            case "GET denypolicies/*":
                call.AllowQuery();
                Require("get");
                return Find(place, call.Path[3]).ToJson(withRules: true);
            case "POST denypolicies":
                call.AllowQuery("policyId");
                Require("create");
                return Operation(Create(place, call));
            case "PUT denypolicies/*":
                call.AllowQuery();
                Require("update");
                return Operation(Update(Find(place, call.Path[3]), call.Body));
            case "DELETE denypolicies/*":
                call.AllowQuery("etag");
                Require("delete");
                return Operation(Delete(Find(place, call.Path[3]), call.Argument("etag")));
            case "GET denypolicies/*/operations/*":
                call.AllowQuery();
                Require("get");
                return Finished(Latest(place, call.Path[3]), call.Name);
            default:
                return null;
        }
    }

    /// <summary>Attaches a deny policy that has been in effect for long.</summary>
    public void Seed(GcpDenyPolicy policy) => Add(policy with { Etag = NewEtag(), Uid = Guid.NewGuid().ToString("D") });

    private GcpDenyPolicy Create(string place, GcpCall call)
    {
        var id = call.Argument("policyId") ?? "";
        if (!Regex.IsMatch(id, "^[a-z]([a-z0-9-]{1,61}[a-z0-9])$"))
            throw GcpException.Invalid($"The policy id '{id}' must match [a-z]([a-z0-9-]{{1,61}}[a-z0-9]).");
        if (access.Evaluator.DenyPolicies(place, effective: false).Any(p => p.Id == id))
            throw new GcpException("ALREADY_EXISTS", $"Policy {id} already exists.");
        return Add(
            new GcpDenyPolicy(place, id, Rules(call.Body))
            {
                Uid = Guid.NewGuid().ToString("D"),
                DisplayName = GcpJson.Text(call.Body, "displayName"),
                Etag = NewEtag(),
                Created = clock.UtcNow,
                Written = clock.UtcNow,
            }
        );
    }

    private GcpDenyPolicy Update(GcpDenyPolicy current, JsonObject body)
    {
        RequireCurrent(current, GcpJson.Text(body, "etag") is null ? null : GcpJson.Bytes(body, "etag"));
        return Add(
            current with
            {
                Rules = Rules(body),
                DisplayName = GcpJson.Text(body, "displayName"),
                Etag = NewEtag(),
                Written = clock.UtcNow,
            }
        );
    }

    private GcpDenyPolicy Delete(GcpDenyPolicy current, string? etag)
    {
        RequireCurrent(
            current,
            etag is null ? null : GcpJson.Bytes(new JsonObject { ["etag"] = etag.Replace(' ', '+') }, "etag")
        );
        return Add(current with { Rules = [], IsDeleted = true, Written = clock.UtcNow });
    }

    private static void RequireCurrent(GcpDenyPolicy current, byte[]? etag)
    {
        if (etag is not null && !etag.SequenceEqual(current.Etag))
            throw new GcpException("ABORTED", "The etag of the policy does not match: it was changed in the meantime.");
    }

    private GcpDenyPolicy Add(GcpDenyPolicy policy)
    {
        if (!data.DenyPolicies.TryGetValue(policy.Name, out var history))
            data.DenyPolicies[policy.Name] = history = [];
        history.Add(policy);
        return policy;
    }

    private GcpDenyPolicy Find(string place, string id) =>
        access.Evaluator.DenyPolicies(place, effective: false).FirstOrDefault(p => p.Id == id)
        ?? throw GcpException.NotFound($"Policy {id}");

    private GcpDenyPolicy Latest(string place, string id) =>
        data.DenyPolicies.Values.Select(history => history[^1]).FirstOrDefault(p => p.Place == place && p.Id == id)
        ?? throw GcpException.NotFound($"Policy {id}");

    private byte[] NewEtag() => GcpPolicy.NewEtag(++data.LastPolicyEtag);

    private JsonObject Operation(GcpDenyPolicy policy) =>
        new()
        {
            ["name"] = $"{policy.Name}/operations/{Guid.NewGuid():D}",
            ["metadata"] = new JsonObject
            {
                ["@type"] = "type.googleapis.com/google.iam.v2.PolicyOperationMetadata",
                ["createTime"] = GcpTime.Write(clock.UtcNow),
            },
        };

    private JsonObject Finished(GcpDenyPolicy policy, string name)
    {
        var operation = Operation(policy);
        var response = policy.ToJson(withRules: true);
        response["@type"] = "type.googleapis.com/google.iam.v2.Policy";
        (operation["name"], operation["done"], operation["response"]) = (name, true, response);
        return operation;
    }

    private List<GcpDenyRule> Rules(JsonObject body)
    {
        GcpJson.AllowFields(body, "policy", "name", "uid", "kind", "displayName", "annotations", "etag", "rules");
        var rules = new List<GcpDenyRule>();
        foreach (var item in body["rules"] as JsonArray ?? [])
        {
            var entry = item as JsonObject ?? throw GcpException.Invalid("Invalid value at 'policy.rules'");
            GcpJson.AllowFields(entry, "policy.rules", "description", "denyRule");
            var rule = GcpJson.Message(entry, "denyRule") ?? throw GcpException.Invalid("A rule has no deny_rule.");
            rules.Add(Rule(GcpJson.Text(entry, "description"), rule));
        }

        return rules.Count > 0 ? rules : throw GcpException.Invalid("A deny policy has at least one rule.");
    }

    private GcpDenyRule Rule(string? description, JsonObject rule)
    {
        GcpJson.AllowFields(
            rule,
            "policy.rules.deny_rule",
            "deniedPrincipals",
            "exceptionPrincipals",
            "deniedPermissions",
            "exceptionPermissions",
            "denialCondition"
        );
        return new GcpDenyRule(
            description,
            Principals(rule, "deniedPrincipals"),
            Principals(rule, "exceptionPrincipals"),
            Permissions(rule, "deniedPermissions"),
            Permissions(rule, "exceptionPermissions"),
            GcpJson.Message(rule, "denialCondition") is { } condition ? Condition(condition) : null
        );
    }

    private List<GcpDenyMember> Principals(JsonObject rule, string name) =>
        [
            .. GcpJson
                .Texts(rule, name)
                .Select(text => new GcpDenyMember(
                    text,
                    memberships.OfIdentifier(text)
                        ?? throw GcpException.Invalid($"The principal identifier {text} is invalid.")
                )),
        ];

    private static string[] Permissions(JsonObject rule, string name)
    {
        var permissions = GcpJson.Texts(rule, name);
        return
            permissions.FirstOrDefault(p =>
                !Regex.IsMatch(p, @"^[a-z]+\.googleapis\.com/(\*|[a-zA-Z]+)\.(\*|[a-zA-Z]+)$")
            )
                is { } wrong
            ? throw GcpException.Invalid($"The permission {wrong} is not supported in deny policies.")
            : permissions;
    }

    /// <summary>Conditions of deny policies see tags of the resource only (IAM v2 documentation).</summary>
    private static GcpCondition Condition(JsonObject given)
    {
        GcpJson.AllowFields(given, "denial_condition", "title", "description", "expression", "location");
        var condition = new GcpCondition(
            GcpJson.Text(given, "title") ?? "",
            GcpJson.Text(given, "description"),
            GcpJson.Text(given, "expression") ?? throw GcpException.Invalid("A condition has no expression.")
        );
        var problem = condition.Problem
            ?? (
                Cel.Parse(condition.Expression).Attributes.Any()
                    ? "The condition of a deny policy can use functions of resource tags only."
                    : null
            );
        return problem is null ? condition : throw GcpException.Invalid(problem);
    }
}
