using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>
/// Policy Troubleshooter v3: may somebody else use a permission? It tells no more than its caller may read: policies,
/// custom roles, deny policies. Nobody here may read who is in a group.
/// </summary>
internal sealed class PolicyTroubleshooter(
    SandboxClock clock,
    GcpAccess access,
    GcpAccounts accounts,
    GcpRoles roles,
    GcpMemberships memberships
)
{
    private const string Granted = "GRANTED";
    private const string NotGranted = "NOT_GRANTED";
    private const string UnknownInfo = "UNKNOWN_INFO";
    private const string UnknownConditional = "UNKNOWN_CONDITIONAL";

    /// <summary>v3/iam:troubleshoot.</summary>
    public JsonObject Troubleshoot(GcpCall call)
    {
        call.AllowQuery();
        GcpJson.AllowFields(call.Body, "", "accessTuple");
        var tuple = GcpJson.Message(call.Body, "accessTuple")
            ?? throw GcpException.Invalid("The access tuple is missing.");
        GcpJson.AllowFields(
            tuple,
            "access_tuple",
            "principal",
            "fullResourceName",
            "permission",
            "permissionFqdn",
            "conditionContext"
        );
        var principal = Principal(GcpJson.Text(tuple, "principal") ?? "");
        var permission = GcpJson.Text(tuple, "permission") ?? "";
        if (!Regex.IsMatch(permission, @"^[a-z]+\.[a-zA-Z]+\.[a-zA-Z]+$"))
            throw GcpException.Invalid($"The permission '{permission}' is invalid.");
        var resource = Resource(GcpJson.Text(tuple, "fullResourceName") ?? "");

        // Locations have no policy, and a version has its key's.
        var places = GcpHierarchy
            .WithAncestors(resource)
            .Where(p => !Regex.IsMatch(GcpHierarchy.TypeOf(p), "/(Location|CryptoKeyVersion)$"))
            .ToList();
        var allows = places.ConvertAll(place => Explain(call.Principal, place, principal, permission, resource));
        var allow = Strongest(allows.ConvertAll(a => a.State));
        var deny = Denial(call.Principal, places, principal, permission, resource);
        var echoed = (JsonObject)tuple.DeepClone();
        var service = permission.Split('.')[0];
        echoed["permissionFqdn"] =
            (service == "resourcemanager" ? "cloudresourcemanager" : service)
            + ".googleapis.com/"
            + permission.Substring(service.Length + 1);
        return new JsonObject
        {
            ["overallAccessState"] = Overall(allow, deny),
            ["accessTuple"] = echoed,
            ["allowPolicyExplanation"] = new JsonObject
            {
                ["allowAccessState"] = "ALLOW_ACCESS_STATE_" + allow,
                ["relevance"] = "HEURISTIC_RELEVANCE_HIGH",
                ["explainedPolicies"] = new JsonArray([.. allows.Select(a => (JsonNode)a.Json)]),
            },
            ["denyPolicyExplanation"] = new JsonObject
            {
                ["denyAccessState"] = "DENY_ACCESS_STATE_" + deny,
                ["relevance"] = "HEURISTIC_RELEVANCE_HIGH",
                ["permissionDeniable"] = true,
            },
        };
    }

    private static string Overall(string allow, string deny) =>
        deny == "DENIED" || allow == NotGranted ? "CANNOT_ACCESS"
        : deny == UnknownInfo || allow == UnknownInfo ? "UNKNOWN_INFO"
        : allow == UnknownConditional ? "UNKNOWN_CONDITIONAL"
        : "CAN_ACCESS";

    /// <summary>One grant is enough; otherwise what is not known comes before "not granted".</summary>
    private static string Strongest(List<string> states) =>
        new[] { Granted, UnknownInfo, UnknownConditional }.FirstOrDefault(states.Contains) ?? NotGranted;

    private (string State, JsonObject Json) Explain(
        GcpPrincipal caller,
        string place,
        GcpPrincipal principal,
        string permission,
        string resource
    )
    {
        var json = new JsonObject { ["fullResourceName"] = FullName(place) };
        if (!access.Has(caller, ReadPermission(place), place))
        {
            json["allowAccessState"] = "ALLOW_ACCESS_STATE_" + UnknownInfo;
            return (UnknownInfo, json);
        }

        var explained = access
            .Current(place)
            .Bindings.Select(binding => Explain(caller, binding, principal, permission, resource))
            .ToList();
        var state = Strongest(explained.ConvertAll(e => e.State));
        json["allowAccessState"] = "ALLOW_ACCESS_STATE_" + state;
        json["policy"] = access.Current(place).ToJson(3, access.Show);
        json["bindingExplanations"] = new JsonArray([.. explained.Select(e => (JsonNode)e.Json)]);
        return (state, json);
    }

    private (string State, JsonObject Json) Explain(
        GcpPrincipal caller,
        GcpBinding binding,
        GcpPrincipal principal,
        string permission,
        string resource
    )
    {
        var isCustom = !binding.Role.StartsWith("roles/", StringComparison.Ordinal);
        var role =
            isCustom && !access.Has(caller, "iam.roles.get", string.Join("/", binding.Role.Split('/').Take(2)))
                ? UnknownInfo
            : roles.Includes(binding.Role, permission) ? "INCLUDED"
            : "NOT_INCLUDED";
        var membership =
            binding.Members.Any(m => GcpMemberships.GroupOf(m) is null && memberships.Includes(m, principal))
                ? "MATCHED"
            : binding.Members.Any(m => GcpMemberships.GroupOf(m) is not null) ? UnknownInfo
            : "NOT_MATCHED";
        var context = new GcpConditionContext(clock.UtcNow, resource, AccessLevels: null);
        var holds = binding.Condition is null ? true : binding.Condition.Holds(context);
        var state =
            role == "NOT_INCLUDED" || membership == "NOT_MATCHED" || holds == false ? NotGranted
            : role == UnknownInfo || membership == UnknownInfo ? UnknownInfo
            : holds is null ? UnknownConditional
            : Granted;
        var json = new JsonObject
        {
            ["allowAccessState"] = "ALLOW_ACCESS_STATE_" + state,
            ["role"] = binding.Role,
            ["rolePermission"] = "ROLE_PERMISSION_" + role,
            ["combinedMembership"] = new JsonObject { ["membership"] = "MEMBERSHIP_" + membership },
        };
        if (binding.Condition is { } condition)
        {
            json["condition"] = new JsonObject { ["title"] = condition.Title, ["expression"] = condition.Expression };
            if (holds is { } value)
                json["conditionExplanation"] = new JsonObject { ["value"] = value };
        }

        return (state, json);
    }

    private string Denial(
        GcpPrincipal caller,
        List<string> places,
        GcpPrincipal principal,
        string permission,
        string resource
    )
    {
        // Deny policies attach to projects and what is above them.
        var attached = places.Where(p => p.Split('/').Length == 2).ToList();
        if (
            attached.Exists(p =>
                !access.Has(caller, "iam.denypolicies.list", p) || !access.Has(caller, "iam.denypolicies.get", p)
            )
        )
            return UnknownInfo;
        return access.Evaluator.IsDenied(principal, permission, resource, effective: false) ? "DENIED" : "NOT_DENIED";
    }

    private GcpPrincipal Principal(string text)
    {
        var email = Regex.Replace(text, "^principal://iam.googleapis.com/projects/-/serviceAccounts/", "");
        if (!Regex.IsMatch(email, @"^[^\s:@/]+@[^\s:@/]+$"))
            throw GcpException.Invalid($"The principal '{text}' is invalid.");
        return accounts.Find(email) is { } account ? GcpPrincipal.Of(account) : new GcpPrincipal("user:" + email, null);
    }

    private string Resource(string full)
    {
        if (Regex.Match(full, @"^//\w+\.googleapis\.com/(.+)$") is not { Success: true } match)
            throw GcpException.Invalid($"The full resource name '{full}' is invalid.");
        var name = GcpHierarchy.WithId(match.Groups[1].Value);
        return
            name.Split('/') is ["projects", _, "serviceAccounts", var id]
            && (accounts.Find(id) ?? accounts.FindAny(id)) is { } account
            ? IamAccounts.Resource(account)
            : name;
    }

    private static string FullName(string resource) => $"//{GcpHierarchy.TypeOf(resource).Split('/')[0]}/{resource}";

    private static string ReadPermission(string place) =>
        place.Split('/') switch
        {
            [.., "keyRings", _] => "cloudkms.keyRings.getIamPolicy",
            [.., "serviceAccounts", _] => "iam.serviceAccounts.getIamPolicy",
            [_, _] => $"resourcemanager.{place.Split('/')[0]}.getIamPolicy",
            _ => "cloudkms.cryptoKeys.getIamPolicy",
        };
}
