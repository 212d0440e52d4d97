using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>Who a rule of a deny policy names: the text as written and the member that it stands for.</summary>
internal sealed record GcpDenyMember(string Text, GcpMember Member);

/// <summary>A rule of a deny policy.</summary>
internal sealed record GcpDenyRule(
    string? Description,
    IReadOnlyList<GcpDenyMember> Principals,
    IReadOnlyList<GcpDenyMember> Exceptions,
    IReadOnlyList<string> Permissions,
    IReadOnlyList<string> ExceptionPermissions,
    GcpCondition? Condition
)
{
    /// <summary>True if the rule takes the permission, whoever asks.</summary>
    public bool Names(string permission) =>
        Permissions.Any(p => Matches(p, permission)) && !ExceptionPermissions.Any(p => Matches(p, permission));

    public JsonObject ToJson()
    {
        var rule = new JsonObject();
        void Add(string name, IEnumerable<string> values)
        {
            var list = values.Select(v => (JsonNode)v).ToArray();
            if (list.Length > 0)
                rule[name] = new JsonArray(list);
        }

        Add("deniedPrincipals", Principals.Select(p => p.Text));
        Add("exceptionPrincipals", Exceptions.Select(p => p.Text));
        Add("deniedPermissions", Permissions);
        Add("exceptionPermissions", ExceptionPermissions);
        if (Condition is { } condition)
            rule["denialCondition"] = new JsonObject
            {
                ["title"] = condition.Title,
                ["expression"] = condition.Expression,
            };
        var json = new JsonObject { ["denyRule"] = rule };
        if (Description is not null)
            json["description"] = Description;
        return json;
    }

    /// <summary>
    /// The form of deny policies, for example cloudkms.googleapis.com/cryptoKeyVersions.useToDecrypt.
    /// </summary>
    private static string Qualified(string permission)
    {
        var dot = permission.IndexOf('.');
        var service = permission.Substring(0, dot);
        return (service == "resourcemanager" ? "cloudresourcemanager" : service)
            + ".googleapis.com/"
            + permission.Substring(dot + 1);
    }

    /// <summary>A denied permission may have an asterisk for all resources or all verbs.</summary>
    private static bool Matches(string pattern, string permission) =>
        Regex.IsMatch(Qualified(permission), "^" + Regex.Escape(pattern).Replace(@"\*", "[a-zA-Z]+") + "$");
}

/// <summary>A version of a deny policy. It takes effect some time after it was written.</summary>
/// <param name="Place">The project, folder or organization.</param>
/// <param name="Id">Its id there.</param>
/// <param name="Rules">Empty for a deleted policy.</param>
internal sealed record GcpDenyPolicy(string Place, string Id, IReadOnlyList<GcpDenyRule> Rules)
{
    public string Uid { get; init; } = "";

    public string? DisplayName { get; init; }

    public byte[] Etag { get; init; } = [];

    public DateTimeOffset Created { get; init; }

    public DateTimeOffset Written { get; init; }

    public bool IsDeleted { get; init; }

    /// <summary>The name that Google returns: with the project's number, whatever was sent.</summary>
    public string Name =>
        $"policies/{Uri.EscapeDataString("cloudresourcemanager.googleapis.com/" + GcpHierarchy.WithNumber(Place))}"
        + $"/denypolicies/{Id}";

    /// <param name="withRules">False in a list: it omits the rules.</param>
    public JsonObject ToJson(bool withRules)
    {
        var json = new JsonObject
        {
            ["name"] = Name,
            ["uid"] = Uid,
            ["kind"] = "DenyPolicy",
            ["etag"] = Convert.ToBase64String(Etag),
            ["createTime"] = GcpTime.Write(Created),
            ["updateTime"] = GcpTime.Write(Written),
        };
        if (DisplayName is not null)
            json["displayName"] = DisplayName;
        if (withRules)
            json["rules"] = new JsonArray([.. Rules.Select(r => (JsonNode)r.ToJson())]);
        return json;
    }
}
