using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>Whom a binding names; a service account is meant by its unique id, so that one that was made anew is somebody else.</summary>
internal sealed record GcpMember(string Text, string? UniqueId);

/// <summary>A condition of a binding, in CEL.</summary>
internal sealed record GcpCondition(string Title, string? Description, string Expression)
{
    private static readonly Regex Comparison = new(
        """^\s*request\.time\s*(<|<=|>|>=)\s*timestamp\(\s*["']([^"']+)["']\s*\)\s*$"""
    );

    /// <summary>Constants and comparisons of the request's time are understood; what is not understood never grants.</summary>
    public bool Holds(DateTimeOffset now)
    {
        if (Expression.Trim() == "true")
            return true;
        var match = Comparison.Match(Expression);
        if (
            !match.Success
            || !DateTimeOffset.TryParse(
                match.Groups[2].Value,
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal,
                out var limit
            )
        )
            return false;
        return match.Groups[1].Value switch
        {
            "<" => now < limit,
            "<=" => now <= limit,
            ">" => now > limit,
            _ => now >= limit,
        };
    }
}

/// <summary>A role for members, perhaps under a condition.</summary>
internal sealed record GcpBinding(string Role, IReadOnlyList<GcpMember> Members, GcpCondition? Condition);

/// <summary>The IAM policy of a resource.</summary>
internal sealed record GcpPolicy(byte[] Etag, IReadOnlyList<GcpBinding> Bindings)
{
    /// <summary>Of a resource that never had one; its etag is the well-known "ACAB".</summary>
    public static GcpPolicy Empty { get; } = new([0x00, 0x20, 0x01], []);

    /// <summary>When it was written.</summary>
    public DateTimeOffset At { get; init; }

    public bool HasConditions => Bindings.Any(b => b.Condition is not null);

    /// <summary>
    /// The policy as a reader of that version gets it. Who does not ask for version 3 sees no conditions, and the roles that have one under a name that says so
    /// (IAM documentation, "role names with _withcond_").
    /// </summary>
    public JsonObject ToJson(int requestedVersion, Func<GcpMember, string> show)
    {
        var json = new JsonObject();
        if (Bindings.Count > 0)
        {
            json["version"] = HasConditions && requestedVersion == 3 ? 3 : 1;
            json["bindings"] = new JsonArray([.. Bindings.Select(b => (JsonNode)Json(b, requestedVersion == 3, show))]);
        }

        json["etag"] = Convert.ToBase64String(Etag);
        return json;
    }

    /// <summary>A new etag: bytes whose base64 holds a plus and a slash, so that a client that mixes up the two alphabets is found out.</summary>
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
