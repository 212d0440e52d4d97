using System.Text.Json;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// The role's own half of a grant across accounts: an inline policy that lets the role use keys of another account.
/// Everything else in the document stays as it is.
/// </summary>
internal sealed class RolePolicyDocument
{
    /// <summary>Sid of the statement. IAM takes letters and digits only.</summary>
    private const string Sid = "UseOfKeysForCmek";

    private readonly JsonObject _root;

    private RolePolicyDocument(JsonObject root) => _root = root;

    /// <summary>A policy that allows nothing yet.</summary>
    public static RolePolicyDocument Empty { get; } =
        new(new JsonObject { ["Version"] = "2012-10-17", ["Statement"] = new JsonArray() });

    /// <summary>Reads a policy as IAM returns it.</summary>
    /// <exception cref="FormatException">The text is not a policy.</exception>
    public static RolePolicyDocument Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text) is JsonObject root && root["Statement"] is JsonArray or JsonObject
                ? new RolePolicyDocument(root)
                : throw new FormatException("The inline policy has no Statement.");
        }
        catch (JsonException error)
        {
            throw new FormatException("The inline policy is not JSON.", error);
        }
    }

    /// <summary>The keys that the module's statement names.</summary>
    public IReadOnlyList<string> Keys => Own(_root) is { } own ? TextsOf(own["Resource"]) : [];

    /// <summary>The policy with more keys in the module's statement.</summary>
    public RolePolicyDocument With(IEnumerable<string> keys)
    {
        var root = (JsonObject)_root.DeepClone();
        var all = Keys.Concat(keys).Distinct().ToList();
        if (root["Statement"] is JsonObject single)
            root["Statement"] = new JsonArray(single.DeepClone());
        if (Own(root) is { } own)
            own["Resource"] = new JsonArray([.. all.Select(k => (JsonNode)k)]);
        else
            root["Statement"]!.AsArray().Add((JsonNode)Statement(all));
        return new RolePolicyDocument(root);
    }

    /// <summary>The document on one line, as it is sent.</summary>
    public string ToCompactString() => _root.ToJsonString();

    /// <summary>The document, indented.</summary>
    public override string ToString() => KeyPolicyDocument.ToText(_root);

    private static JsonObject Statement(IReadOnlyList<string> keys) =>
        new()
        {
            ["Sid"] = Sid,
            ["Effect"] = "Allow",
            ["Action"] = new JsonArray([.. KeyPolicyDocument.UseActions.Select(a => (JsonNode)a)]),
            ["Resource"] = new JsonArray([.. keys.Select(k => (JsonNode)k)]),
        };

    private static JsonObject? Own(JsonObject root) =>
        root["Statement"] switch
        {
            JsonArray many => many.OfType<JsonObject>().FirstOrDefault(IsOwn),
            JsonObject one when IsOwn(one) => one,
            _ => null,
        };

    private static bool IsOwn(JsonObject statement) => statement["Sid"]?.ToString() == Sid;

    private static List<string> TextsOf(JsonNode? node) =>
        node switch
        {
            JsonArray many => [.. many.Select(i => i?.ToString() ?? "")],
            JsonValue one => [one.ToString()],
            _ => [],
        };
}
