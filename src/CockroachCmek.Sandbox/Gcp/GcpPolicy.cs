using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>A role for members, optionally with a condition.</summary>
internal sealed record GcpBinding(string Role, IReadOnlyList<GcpMember> Members, GcpCondition? Condition);

/// <summary>The IAM policy of a resource.</summary>
internal sealed record GcpPolicy(byte[] Etag, IReadOnlyList<GcpBinding> Bindings)
{
    /// <summary>The policy of a resource that never had one. Its etag is the well-known "ACAB".</summary>
    public static GcpPolicy Empty { get; } = new([0x00, 0x20, 0x01], []);

    /// <summary>When the policy was written. It takes effect later.</summary>
    public DateTimeOffset Written { get; init; }

    /// <summary>Which Data Access logs are on; for projects, folders and the organization only.</summary>
    public IReadOnlyList<GcpAuditConfig> AuditConfigs { get; init; } = [];

    public bool HasConditions => Bindings.Any(b => b.Condition is not null);

    /// <summary>
    /// The policy in the requested version. Below version 3 conditions are omitted, and a role with a condition gets
    /// the suffix _withcond_ (IAM documentation, "role names with _withcond_").
    /// </summary>
    public JsonObject ToJson(int requestedVersion, Func<GcpMember, string> show)
    {
        var json = new JsonObject();
        if (Bindings.Count > 0)
        {
            json["version"] = HasConditions && requestedVersion == 3 ? 3 : 1;
            json["bindings"] = new JsonArray([.. Bindings.Select(b => (JsonNode)Json(b, requestedVersion == 3, show))]);
        }

        if (AuditConfigs.Count > 0)
            json["auditConfigs"] = new JsonArray([.. AuditConfigs.Select(c => (JsonNode)c.ToJson())]);
        json["etag"] = Convert.ToBase64String(Etag);
        return json;
    }

    /// <summary>
    /// A new etag. Its base64 contains a plus and a slash, so that a client that confuses the two alphabets fails.
    /// </summary>
    public static byte[] NewEtag(int counter) =>
        [0x07, 0xFB, 0xFF, 0xFB, (byte)(counter >> 24), (byte)(counter >> 16), (byte)(counter >> 8), (byte)counter];

    private static JsonObject Json(GcpBinding binding, bool withConditions, Func<GcpMember, string> show)
    {
        var json = new JsonObject
        {
            ["role"] =
                binding.Condition is null || withConditions
                    ? binding.Role
                    : $"{binding.Role}_withcond_{Hash(binding.Condition)}",
            ["members"] = new JsonArray([.. binding.Members.Select(m => (JsonNode)show(m))]),
        };
        if (binding.Condition is not { } condition || !withConditions)
            return json;
        json["condition"] = new JsonObject { ["title"] = condition.Title, ["expression"] = condition.Expression };
        if (condition.Description is { } description)
            json["condition"]!["description"] = description;
        return json;
    }

    private static string Hash(GcpCondition condition)
    {
        using var hash = SHA256.Create();
        return string.Concat(
            hash.ComputeHash(Encoding.UTF8.GetBytes(condition.Title + "\n" + condition.Expression))
                .Take(10)
                .Select(b => b.ToString("x2", CultureInfo.InvariantCulture))
        );
    }
}
