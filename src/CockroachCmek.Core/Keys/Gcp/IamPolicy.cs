using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>How far a policy grants something.</summary>
internal enum Granted
{
    /// <summary>Not granted, or only under a condition that has expired.</summary>
    No,

    /// <summary>Granted under a condition. Only Google Cloud can tell whether it holds.</summary>
    Conditionally,

    /// <summary>Granted without a condition.</summary>
    Yes,
}

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
    private static readonly Regex Expiry = new(
        @"^\s*request\.time\s*<\s*timestamp\(\s*[""'](?<until>[^""']+)[""']\s*\)\s*$",
        RegexOptions.CultureInvariant
    );

    /// <summary>Roles that let a member encrypt and decrypt (Google's list of predefined roles of Cloud KMS).</summary>
    private static readonly HashSet<string> UseRoles = [GcpNames.UseRole, "roles/cloudkms.cryptoOperator"];

    /// <summary>Roles that only together let a member encrypt and decrypt.</summary>
    private static readonly HashSet<string> HalfRoles =
    [
        "roles/cloudkms.cryptoKeyEncrypter",
        "roles/cloudkms.cryptoKeyDecrypter",
    ];

    /// <summary>Bindings for everybody, with or without a Google account, as "member (role)".</summary>
    public IReadOnlyList<string> PublicBindings =>
        [
            .. Bindings
                .SelectMany(b =>
                    Members(b)
                        .Where(m => m is "allUsers" or "allAuthenticatedUsers")
                        .Select(m => $"{m} ({(string?)b["role"]})")
                )
                .Distinct(),
        ];

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

    public override string ToString() => Format(json);

    /// <summary>Whether a member has a role.</summary>
    public Granted Grants(string role, string member, DateTimeOffset now) =>
        Strongest(b => (string?)b["role"] == role, member, now);

    /// <summary>Whether a member may encrypt and decrypt, by one role or by two.</summary>
    public Granted GrantsUse(string member, DateTimeOffset now)
    {
        var byOneRole = Strongest(b => UseRoles.Contains((string?)b["role"] ?? ""), member, now);
        var byTwoRoles = HalfRoles.Select(role => Grants(role, member, now)).Min();
        return byOneRole > byTwoRoles ? byOneRole : byTwoRoles;
    }

    /// <summary>Roles of a member that allow more than to encrypt and decrypt.</summary>
    public IReadOnlyList<string> RolesBeyondUse(string member) =>
        [
            .. Bindings
                .Where(b => Members(b).Contains(member))
                .Select(b => (string?)b["role"] ?? "")
                .Where(r => r != GcpNames.UseRole && !HalfRoles.Contains(r))
                .Distinct(),
        ];

    /// <summary>The conditions of a member's bindings, as "title: expression".</summary>
    public IReadOnlyList<string> ConditionsOf(string member) =>
        [
            .. Bindings
                .Where(b => Members(b).Contains(member))
                .Select(b => b["condition"])
                .OfType<JsonObject>()
                .Select(c => $"{(string?)c["title"] ?? "untitled"}: {(string?)c["expression"]}")
                .Distinct(),
        ];

    /// <summary>Members of a role.</summary>
    public IReadOnlyList<string> MembersOf(string role) =>
        [.. Bindings.Where(b => (string?)b["role"] == role).SelectMany(Members).Distinct()];

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
    public bool Add(JsonObject binding)
    {
        var isChanged = false;
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

    private Granted Strongest(Func<JsonObject, bool> isRole, string member, DateTimeOffset now)
    {
        var strongest = Granted.No;
        foreach (var binding in Bindings.Where(b => isRole(b) && Members(b).Contains(member)))
        {
            var granted =
                binding["condition"] is not JsonObject condition ? Granted.Yes
                : IsExpired(condition, now) ? Granted.No
                : Granted.Conditionally;
            if (granted > strongest)
                strongest = granted;
        }

        return strongest;
    }

    /// <summary>True for the one form of condition that is understood, an end in time, when that has passed.</summary>
    private static bool IsExpired(JsonObject condition, DateTimeOffset now) =>
        Expiry.Match((string?)condition["expression"] ?? "") is { Success: true } match
        && DateTimeOffset.TryParse(
            match.Groups["until"].Value,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out var until
        )
        && until <= now;

    private bool HasMember(JsonObject binding, string member) =>
        Bindings.Any(b => IsSameGrant(b, binding) && Members(b).Contains(member));

    /// <summary>True for the same role under the same condition: the role without it is another grant.</summary>
    private static bool IsSameGrant(JsonObject one, JsonObject other) =>
        (string?)one["role"] == (string?)other["role"] && JsonNode.DeepEquals(one["condition"], other["condition"]);

    private static List<string> Members(JsonObject binding) =>
        [.. (binding["members"] as JsonArray ?? []).Select(m => (string?)m ?? "")];
}
