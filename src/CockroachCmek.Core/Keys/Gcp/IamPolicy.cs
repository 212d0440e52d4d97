using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using CockroachCmek.Core.Keys.Gcp.Logs;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// An allow policy. Its JSON is kept as it came: conditions, audit configuration and fields that are newer than this
/// module go back unchanged, with the etag.
/// </summary>
internal sealed class IamPolicy(JsonObject json)
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Every member's share of every binding.</summary>
    public IReadOnlyList<IamEntry> Entries =>
        [
            .. Bindings.SelectMany(b =>
                Members(b)
                    .Select(m => new IamEntry(
                        (string?)b["role"] ?? "",
                        m,
                        (string?)(b["condition"] as JsonObject)?["expression"],
                        (string?)(b["condition"] as JsonObject)?["title"]
                    ))
            ),
        ];

    /// <summary>Which Data Access logs are on, one entry for each service and log type.</summary>
    public IReadOnlyList<GcpAuditConfig> AuditConfigs =>
        [
            .. (json["auditConfigs"] as JsonArray ?? [])
                .OfType<JsonObject>()
                .SelectMany(c =>
                    (c["auditLogConfigs"] as JsonArray ?? [])
                        .OfType<JsonObject>()
                        .Select(t => new GcpAuditConfig(
                            (string?)c["service"] ?? "",
                            (string?)t["logType"] ?? "",
                            [.. (t["exemptedMembers"] as JsonArray ?? []).Select(m => (string?)m ?? "")]
                        ))
                ),
        ];

    /// <summary>Members that were deleted.</summary>
    public IReadOnlyList<string> DeletedMembers => [.. Bindings.SelectMany(Members).Where(IsDeleted).Distinct()];

    /// <summary>
    /// The bindings of members that still exist, one member each: only these can be added to another policy.
    /// </summary>
    public IReadOnlyList<JsonObject> BindingsOfExistingMembers =>
        [
            .. Bindings.SelectMany(b =>
                Members(b).Where(m => !IsDeleted(m)).Select(m => Binding((string?)b["role"] ?? "", m, b["condition"]))
            ),
        ];

    private IEnumerable<JsonObject> Bindings => (json["bindings"] as JsonArray ?? []).OfType<JsonObject>();

    /// <summary>JSON for people: indented, with no needless escapes.</summary>
    public static string Format(JsonNode node) => node.ToJsonString(Indented);

    /// <summary>A binding with one member.</summary>
    public static JsonObject Binding(string role, string member, JsonNode? condition = null)
    {
        var binding = new JsonObject { ["role"] = role, ["members"] = new JsonArray(member) };
        if (condition is not null)
            binding["condition"] = condition.DeepClone();
        return binding;
    }

    /// <summary>True for a member that was deleted. One created later under the same address is another.</summary>
    public static bool IsDeleted(string member) => member.StartsWith("deleted:", StringComparison.Ordinal);

    /// <summary>The policy as it is written: in version 3, without which conditions would be lost.</summary>
    public JsonObject ToRequest()
    {
        var policy = (JsonObject)json.DeepClone();
        policy["version"] = 3;
        return policy;
    }

    /// <summary>A copy that can be changed on its own.</summary>
    public IamPolicy Clone() => new((JsonObject)json.DeepClone());

    public override string ToString() => Format(json);

    /// <summary>Deleted members that had the same address as a member.</summary>
    public IReadOnlyList<string> DeletedNamesakes(string member) =>
        [
            .. Bindings
                .SelectMany(Members)
                .Where(m => m.StartsWith($"deleted:{member}?", StringComparison.Ordinal))
                .Distinct(),
        ];

    /// <summary>The bindings of a member, each with this member alone.</summary>
    public IReadOnlyList<JsonObject> BindingsOf(string member) =>
        [
            .. Bindings
                .Where(b => Members(b).Contains(member))
                .Select(b => Binding((string?)b["role"] ?? "", member, b["condition"])),
        ];

    /// <summary>True when every member of a binding has its role under its condition.</summary>
    public bool Has(JsonObject binding) => Members(binding).All(m => HasMember(binding, m));

    /// <summary>True when any member of a binding has its role under its condition.</summary>
    public bool HasAny(JsonObject binding) => Members(binding).Any(m => HasMember(binding, m));

    /// <summary>Adds a binding; false when the policy had it already.</summary>
    /// <remarks>
    /// Google Cloud refuses a policy that names both a service account and a deleted one of the same address
    /// (k8s-config-connector issue 279). The deleted one can do nothing, so it is removed.
    /// </remarks>
    public bool Add(JsonObject binding)
    {
        var isChanged = false;
        foreach (var deleted in Members(binding).SelectMany(DeletedNamesakes).Distinct().ToList())
        foreach (var stale in BindingsOf(deleted))
            isChanged = Remove(stale) | isChanged;
        foreach (var member in Members(binding).Where(m => !HasMember(binding, m)))
        {
            isChanged = true;
            if (Bindings.FirstOrDefault(b => IsSameGrant(b, binding))?["members"] is JsonArray members)
            {
                members.Add(member);
                continue;
            }

            if (json["bindings"] is not JsonArray all)
                json["bindings"] = all = [];
            all.Add(Binding((string?)binding["role"] ?? "", member, binding["condition"]));
        }

        return isChanged;
    }

    /// <summary>
    /// Removes the members of a binding from its role under its condition; false when none was there.
    /// </summary>
    public bool Remove(JsonObject binding)
    {
        var isChanged = false;
        foreach (var existing in Bindings.Where(b => IsSameGrant(b, binding)).ToList())
        {
            var rest = Members(existing).Except(Members(binding)).ToList();
            if (rest.Count == Members(existing).Count)
                continue;
            isChanged = true;
            if (rest.Count == 0)
                ((JsonArray)json["bindings"]!).Remove(existing);
            else
                existing["members"] = new JsonArray([.. rest.Select(m => (JsonNode)m)]);
        }

        return isChanged;
    }

    private bool HasMember(JsonObject binding, string member) =>
        Bindings.Any(b => IsSameGrant(b, binding) && Members(b).Contains(member));

    /// <summary>True for the same role under the same condition: the role without it is another grant.</summary>
    private static bool IsSameGrant(JsonObject one, JsonObject other) =>
        (string?)one["role"] == (string?)other["role"] && JsonNode.DeepEquals(one["condition"], other["condition"]);

    private static List<string> Members(JsonObject binding) =>
        [.. (binding["members"] as JsonArray ?? []).Select(m => (string?)m ?? "")];
}

/// <summary>One member's share of a binding.</summary>
/// <param name="Role">The role.</param>
/// <param name="Member">The member.</param>
/// <param name="Expression">The condition; null without one.</param>
/// <param name="Title">The condition's title.</param>
internal sealed record IamEntry(string Role, string Member, string? Expression, string? Title);
