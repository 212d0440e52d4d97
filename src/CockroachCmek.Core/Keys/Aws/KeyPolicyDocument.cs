using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CockroachCmek.Core.Keys.Aws.Access;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// The policy of a KMS key, as an immutable value. It is read and changed as JSON, so that everything in it that this
/// module does not know stays as it is.
/// </summary>
internal sealed partial class KeyPolicyDocument
{
    /// <summary>Sid of the statement that grants the use of the key.</summary>
    public const string UseSid = "Allow use of the key for CMEK";

    /// <summary>What CMEK needs, and no more. Source: the key policy in the documentation, "Managing CMEK".</summary>
    public static IReadOnlyList<string> UseActions { get; } =
    ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey*", "kms:DescribeKey", "kms:ReEncrypt*"];

    private static readonly string[] AdministrationActions =
    [
        "kms:Create*",
        "kms:Describe*",
        "kms:Enable*",
        "kms:List*",
        "kms:Put*",
        "kms:Update*",
        "kms:Revoke*",
        "kms:Disable*",
        "kms:Get*",
        "kms:Delete*",
        "kms:TagResource",
        "kms:UntagResource",
        "kms:ScheduleKeyDeletion",
        "kms:CancelKeyDeletion",
        "kms:RotateKeyOnDemand",
        "kms:ReplicateKey",
        "kms:UpdatePrimaryRegion",
    ];

    internal static readonly JsonSerializerOptions Compact = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly JsonSerializerOptions Indented = new(Compact) { WriteIndented = true };

    private readonly JsonObject _root;

    private KeyPolicyDocument(JsonObject root) => _root = root;

    /// <summary>Reads a policy as KMS returns it.</summary>
    /// <exception cref="FormatException">The text is not a policy.</exception>
    public static KeyPolicyDocument Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text) is JsonObject root && root.ContainsKey("Statement")
                ? new KeyPolicyDocument(root)
                : throw new FormatException("The key policy has no Statement.");
        }
        catch (JsonException error)
        {
            throw new FormatException("The key policy is not JSON.", error);
        }
    }

    /// <summary>The policy of a new key: its account administers it, the role uses it.</summary>
    /// <param name="administrators">ARNs of further administrators.</param>
    public static KeyPolicyDocument Create(
        AwsPartition partition,
        string accountId,
        string roleArn,
        IReadOnlyList<string> administrators
    )
    {
        // Without this statement, a mistake in IAM could make the key unmanageable (KMS developer guide, default key
        // policy).
        var account = Allow("Enable IAM User Permissions", [partition.Root(accountId)], ["kms:*"]);
        var statements = new JsonArray(account);
        if (administrators.Count > 0)
            statements.Add((JsonNode)Allow("Allow administration of the key", administrators, AdministrationActions));
        statements.Add((JsonNode)UseStatement(roleArn));
        return new KeyPolicyDocument(
            new JsonObject
            {
                ["Version"] = "2012-10-17",
                ["Id"] = "crdb-cmek-kms",
                ["Statement"] = statements,
            }
        );
    }

    /// <summary>The statement that grants the use of the key to a role.</summary>
    public static JsonObject UseStatement(string roleArn) => Allow(UseSid, [roleArn], UseActions);

    /// <summary>
    /// True when both mean the same: the order of fields and statements does not count, nor whether a single value is
    /// in
    /// a list, nor how AWS writes an account.
    /// </summary>
    public bool IsEquivalentTo(KeyPolicyDocument other) =>
        JsonNode.DeepEquals(Normalize(_root), Normalize(other._root));

    /// <summary>The policy as statements, to judge what it means.</summary>
    public PolicyText ToPolicy() => PolicyText.Parse(_root);

    /// <summary>The document, indented.</summary>
    public override string ToString() => ToText(_root);

    /// <summary>The document on one line, as it is sent.</summary>
    public string ToCompactString() => _root.ToJsonString(Compact);

    /// <summary>A part of a policy, indented.</summary>
    public static string ToText(JsonObject node) => node.ToJsonString(Indented);

    private IEnumerable<JsonObject> Statements =>
        _root["Statement"] switch
        {
            JsonArray many => many.OfType<JsonObject>(),
            JsonObject one => [one],
            _ => [],
        };

    /// <summary>The policy with its list of statements changed.</summary>
    private KeyPolicyDocument Changed(Action<JsonArray> change)
    {
        var root = (JsonObject)_root.DeepClone();
        var statements = root["Statement"] as JsonArray ?? new JsonArray(root["Statement"]!.DeepClone());
        if (root["Statement"] is not JsonArray)
            root["Statement"] = statements;
        change(statements);
        return new KeyPolicyDocument(root);
    }

    private static JsonObject Allow(string sid, IReadOnlyList<string> principals, IReadOnlyList<string> actions) =>
        new()
        {
            ["Sid"] = sid,
            ["Effect"] = "Allow",
            ["Principal"] = new JsonObject { ["AWS"] = OneOrMany(principals) },
            ["Action"] = OneOrMany(actions),
            ["Resource"] = "*",
        };

    private static JsonNode OneOrMany(IReadOnlyList<string> texts) =>
        texts.Count == 1 ? texts[0] : new JsonArray([.. texts.Select(t => (JsonNode)t)]);

    private static bool HasEffect(JsonObject statement, string effect) => (string?)statement["Effect"] == effect;

    /// <summary>The AWS principals of a statement, as written.</summary>
    private static List<string> PrincipalsOf(JsonObject statement) =>
        Texts(statement["Principal"] is JsonObject map ? map["AWS"] : statement["Principal"]);

    private static List<string> ActionsOf(JsonObject statement) => Texts(statement["Action"]);

    private static List<string> Texts(JsonNode? node) =>
        node switch
        {
            JsonArray many =>
            [
                .. many.OfType<JsonValue>().Select(v => v.TryGetValue<string>(out var text) ? text : ""),
            ],
            JsonValue one when one.TryGetValue<string>(out var text) => [text],
            _ => [],
        };

    private static bool AreSame(JsonObject one, JsonObject other) =>
        JsonNode.DeepEquals(Normalize(one), Normalize(other));

    /// <summary>
    /// One form for everything that means the same to IAM, and that AWS rewrites: fields, statements and lists of texts
    /// sorted and without repetitions, lists of one unwrapped, the id of an account for its root ARN, actions in lower
    /// case.
    /// </summary>
    private static JsonNode? Normalize(JsonNode? node, string field = "") =>
        node switch
        {
            JsonObject map => new JsonObject(
                map.OrderBy(f => f.Key, StringComparer.Ordinal)
                    .Select(f => new KeyValuePair<string, JsonNode?>(f.Key, Normalize(f.Value, f.Key)))
            ),
            JsonArray many => OneOrMany([
                .. many.Select(i => Normalize(i, field))
                    .GroupBy(i => i?.ToJsonString(), StringComparer.Ordinal)
                    .OrderBy(g => g.Key, StringComparer.Ordinal)
                    .Select(g => g.First()),
            ]),
            JsonValue text when field is "Principal" or "NotPrincipal" => new JsonObject
            {
                ["AWS"] = Rewritten(text, "AWS"),
            },
            JsonValue text => Rewritten(text, field),
            _ => null,
        };

    private static JsonNode? OneOrMany(IReadOnlyList<JsonNode?> items) =>
        items.Count == 1 ? items[0] : new JsonArray([.. items]);

    private static JsonNode Rewritten(JsonValue value, string field)
    {
        if (!value.TryGetValue<string>(out var text))
            return value.DeepClone();
        return field switch
        {
            "AWS" => Regex.Replace(text, @"^arn:aws[a-z-]*:iam::([0-9]{12}):root\z", "$1"),
            "Action" or "NotAction" => text.ToLowerInvariant(),
            _ => text,
        };
    }
}
