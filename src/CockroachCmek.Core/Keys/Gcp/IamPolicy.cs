using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>How far a policy grants something.</summary>
internal enum Granted
{
    /// <summary>Not, or only under a condition that has run out.</summary>
    No,

    /// <summary>Under a condition: whether it holds is Google's to say.</summary>
    Conditionally,

    /// <summary>Without a condition.</summary>
    Yes,
}

/// <summary>An allow policy, kept as it came: conditions, audit configuration and what is newer than this module go back unchanged, with the etag.</summary>
internal sealed class IamPolicy(JsonObject json)
{
    private static readonly JsonSerializerOptions Printed = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
    private static readonly Regex Expiry = new(
        @"^\s*request\.time\s*<\s*timestamp\(\s*[""'](?<until>[^""']+)[""']\s*\)\s*$",
        RegexOptions.CultureInvariant
    );

    /// <summary>Roles that let a principal encrypt and decrypt (Google's list of predefined roles of Cloud KMS).</summary>
    private static readonly HashSet<string> Use = [GcpNames.UseRole, "roles/cloudkms.cryptoOperator"];
    private static readonly HashSet<string> Halves =
    [
        "roles/cloudkms.cryptoKeyEncrypter",
        "roles/cloudkms.cryptoKeyDecrypter",
    ];

    private IEnumerable<JsonObject> Bindings => (json["bindings"] as JsonArray ?? []).OfType<JsonObject>();

    /// <summary>As it is written: version 3, without which conditions would be lost.</summary>
    public JsonObject ToWire()
    {
        var policy = (JsonObject)json.DeepClone();
        policy["version"] = 3;
        return policy;
    }

    public override string ToString() => json.ToJsonString(Printed);

    /// <summary>Whether a member has a role.</summary>
    public Granted Grants(string role, string member, DateTimeOffset now) =>
        Of(b => (string?)b["role"] == role, member, now);

    /// <summary>Whether a member may encrypt and decrypt, by one role or by two.</summary>
    public Granted GrantsUse(string member, DateTimeOffset now)
    {
        var whole = Of(b => Use.Contains((string?)b["role"] ?? ""), member, now);
        var halves = Halves.Select(role => Grants(role, member, now)).Min();
        return whole > halves ? whole : halves;
    }

    /// <summary>What a member may do beyond encrypting and decrypting, as roles.</summary>
    public IReadOnlyList<string> WiderThanUse(string member) =>
        [
            .. Bindings
                .Where(b => Members(b).Contains(member))
                .Select(b => (string?)b["role"] ?? "")
                .Where(r => r != GcpNames.UseRole && !Halves.Contains(r))
                .Distinct(),
        ];

    /// <summary>The conditions under which a member is bound, in words.</summary>
    public IReadOnlyList<string> ConditionsOf(string member) =>
        [
            .. Bindings
                .Where(b => Members(b).Contains(member))
                .Select(b => b["condition"])
                .OfType<JsonObject>()
                .Select(c => $"{(string?)c["title"] ?? "without a title"}: {(string?)c["expression"]}")
                .Distinct(),
        ];

    /// <summary>Members of a role.</summary>
    public IReadOnlyList<string> MembersOf(string role) =>
        [.. Bindings.Where(b => (string?)b["role"] == role).SelectMany(Members).Distinct()];

    /// <summary>Everybody, with or without an account at Google, where the policy names them.</summary>
    public IReadOnlyList<string> Public =>
        [
            .. Bindings
                .SelectMany(b =>
                    Members(b)
                        .Where(m => m is "allUsers" or "allAuthenticatedUsers")
                        .Select(m => $"{m} ({(string?)b["role"]})")
                )
                .Distinct(),
        ];

    /// <summary>Members that were deleted; an account that is made anew under the same address is another.</summary>
    public IReadOnlyList<string> Deleted(string member) =>
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

    /// <summary>A binding with one member.</summary>
    public static JsonObject Binding(string role, string member, JsonNode? condition = null)
    {
        var binding = new JsonObject { ["role"] = role, ["members"] = new JsonArray(member) };
        if (condition is not null)
            binding["condition"] = condition.DeepClone();
        return binding;
    }

    /// <summary>Adds what a binding says; false when it is there already.</summary>
    public bool Add(JsonObject binding)
    {
        var added = false;
        foreach (var member in Members(binding))
        {
            var alike = Bindings.Where(b => IsAlike(b, binding)).ToList();
            if (alike.Any(b => Members(b).Contains(member)))
                continue;
            added = true;
            if (alike.Count > 0 && alike[0]["members"] is JsonArray members)
                members.Add(member);
            else
            {
                if (json["bindings"] is not JsonArray all)
                    json["bindings"] = all = [];
                all.Add(Binding((string?)binding["role"] ?? "", member, binding["condition"]));
            }
        }

        return added;
    }

    /// <summary>Takes away what a binding says, and nothing else; false when it is gone already.</summary>
    public bool Remove(JsonObject binding)
    {
        var removed = false;
        foreach (var alike in Bindings.Where(b => IsAlike(b, binding)).ToList())
        {
            var rest = Members(alike).Except(Members(binding)).ToList();
            if (rest.Count == Members(alike).Count)
                continue;
            removed = true;
            if (rest.Count == 0)
                ((JsonArray)json["bindings"]!).Remove(alike);
            else
                alike["members"] = new JsonArray([.. rest.Select(m => (JsonNode)m)]);
        }

        return removed;
    }

    /// <summary>True when everything that a binding says is there.</summary>
    public bool Has(JsonObject binding) =>
        Members(binding).All(m => Bindings.Any(b => IsAlike(b, binding) && Members(b).Contains(m)));

    /// <summary>True when anything that a binding says is there.</summary>
    public bool HasAny(JsonObject binding) =>
        Members(binding).Any(m => Bindings.Any(b => IsAlike(b, binding) && Members(b).Contains(m)));

    /// <summary>The bindings of another policy that can be made again: those whose members still exist.</summary>
    public IReadOnlyList<JsonObject> Lasting =>
        [
            .. Bindings.SelectMany(b =>
                Members(b)
                    .Where(m => !m.StartsWith("deleted:", StringComparison.Ordinal))
                    .Select(m => Binding((string?)b["role"] ?? "", m, b["condition"]))
            ),
        ];

    private Granted Of(Func<JsonObject, bool> isRole, string member, DateTimeOffset now)
    {
        var best = Granted.No;
        foreach (var binding in Bindings.Where(b => isRole(b) && Members(b).Contains(member)))
        {
            var granted =
                binding["condition"] is not JsonObject condition ? Granted.Yes
                : HasRunOut(condition, now) ? Granted.No
                : Granted.Conditionally;
            if (granted > best)
                best = granted;
        }

        return best;
    }

    private static bool HasRunOut(JsonObject condition, DateTimeOffset now) =>
        Expiry.Match((string?)condition["expression"] ?? "") is { Success: true } match
        && DateTimeOffset.TryParse(
            match.Groups["until"].Value,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out var until
        )
        && until <= now;

    /// <summary>A role under a condition is another binding than the role without.</summary>
    private static bool IsAlike(JsonObject one, JsonObject other) =>
        (string?)one["role"] == (string?)other["role"] && JsonNode.DeepEquals(one["condition"], other["condition"]);

    private static List<string> Members(JsonObject binding) =>
        [.. (binding["members"] as JsonArray ?? []).Select(m => (string?)m ?? "")];
}
