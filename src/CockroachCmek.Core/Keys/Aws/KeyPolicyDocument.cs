using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// The policy of a KMS key, as a value: asked and changed as JSON, so that what others wrote into it, known here or not, stays as it is.
/// </summary>
internal sealed partial class KeyPolicyDocument
{
    /// <summary>Sid of the statement that grants the use of the key.</summary>
    public const string UseSid = "Allow use of the key for CMEK";

    /// <summary>What CMEK needs, and no more. Source: the key policy on the page "Managing CMEK".</summary>
    public static IReadOnlyList<string> UseActions { get; } =
    ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey*", "kms:DescribeKey", "kms:ReEncrypt*"];

    private static readonly string[] AdministerActions =
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

    private static readonly JsonSerializerOptions Written = new()
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly JsonObject _root;

    private KeyPolicyDocument(JsonObject root) => _root = root;

    /// <summary>Reads a policy as KMS gives it.</summary>
    /// <exception cref="FormatException">It is no policy.</exception>
    public static KeyPolicyDocument Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text) is JsonObject root && root.ContainsKey("Statement")
                ? new KeyPolicyDocument(root)
                : throw new FormatException("The key policy has no Statement.");
        }
        catch (JsonException fault)
        {
            throw new FormatException("The key policy is no JSON.", fault);
        }
    }

    /// <summary>The policy of a new key: its account administers it, the role uses it.</summary>
    internal static KeyPolicyDocument Create(
        AwsPartition partition,
        string accountId,
        string roleArn,
        IReadOnlyList<string> administrators
    )
    {
        // The account as a whole must stay able to change the policy, or a mistake in IAM makes the key unmanageable (key-policy-default).
        var statements = new JsonArray(Statement("Enable IAM User Permissions", partition.Root(accountId), ["kms:*"]));
        if (administrators.Count > 0)
            statements.Add((JsonNode)Statement("Allow administration of the key", administrators, AdministerActions));
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
    internal static JsonObject UseStatement(string roleArn) => Statement(UseSid, roleArn, UseActions);

    /// <summary>Actions that CMEK needs and that no statement allows the role without conditions.</summary>
    public IReadOnlyList<string> MissingFor(string roleArn) =>
        [
            .. UseActions.Where(needed =>
                !Statements.Any(s =>
                    IsEffect(s, "Allow")
                    && s["Condition"] is null
                    && Names(s, roleArn)
                    && Texts(s["Action"]).Any(a => Covers(a, needed))
                )
            ),
        ];

    /// <summary>Sids (or positions) of statements that deny the role something that CMEK needs.</summary>
    public IReadOnlyList<string> DenialsOf(string roleArn) =>
        [
            .. Statements
                .Select((s, i) => (Statement: s, Name: (string?)s["Sid"] ?? $"statement {i + 1}"))
                .Where(p =>
                    IsEffect(p.Statement, "Deny")
                    && Names(p.Statement, roleArn)
                    && Texts(p.Statement["Action"]).Any(a => UseActions.Any(u => Covers(a, u) || Covers(u, a)))
                )
                .Select(p => p.Name),
        ];

    /// <summary>Actions beyond what CMEK needs that the policy allows the role by name.</summary>
    public IReadOnlyList<string> WiderThanNeeded(string roleArn) =>
        [
            .. Statements
                .Where(s => IsEffect(s, "Allow") && Texts(Principals(s)).Contains(roleArn))
                .SelectMany(s => Texts(s["Action"]))
                .Where(a => !UseActions.Any(u => Covers(u, a)))
                .Distinct(),
        ];

    /// <summary>Unique ids where once ARNs stood: their owners were deleted, and whoever has their names now is somebody else.</summary>
    public IReadOnlyList<string> StaleIds =>
        [
            .. Statements
                .SelectMany(s => Texts(Principals(s)))
                .Where(p => Regex.IsMatch(p, "^A(ROA|IDA)[A-Z0-9]+$"))
                .Distinct(),
        ];

    /// <summary>True when the account as a whole, or this caller, may still change the policy. A session of a role is the role.</summary>
    public bool LetsChange(string accountId, string callerArn)
    {
        var session = Regex.Match(
            callerArn,
            "^arn:(?<partition>aws[a-z-]*):sts::(?<account>[0-9]{12}):assumed-role/(?<role>[^/]+)/"
        );
        // The ARN of a session leaves the role's path out.
        var role = session.Success
            ? $"^arn:{session.Groups["partition"].Value}:iam::{session.Groups["account"].Value}:role/(.*/)?{Regex.Escape(session.Groups["role"].Value)}$"
            : "^$";
        return Statements.Any(s =>
            IsEffect(s, "Allow")
            && Texts(s["Action"]).Any(a => Covers(a, "kms:PutKeyPolicy"))
            && Texts(Principals(s))
                .Any(p =>
                    p == "*"
                    || p == accountId
                    || p == callerArn
                    || Regex.IsMatch(p, role)
                    || Regex.IsMatch(p, $"^arn:aws[a-z-]*:iam::{accountId}:root$")
                )
        );
    }

    /// <summary>The same policy with the use of the key granted; the module's own statement, where one is there, is replaced, all others stay.</summary>
    public KeyPolicyDocument WithGrant(string roleArn)
    {
        var root = (JsonObject)_root.DeepClone();
        var statements = root["Statement"] as JsonArray ?? new JsonArray(root["Statement"]!.DeepClone());
        if (root["Statement"] is not JsonArray)
            root["Statement"] = statements;
        // Our statement is replaced only where its principals are this role or nobody any more: another cluster's grant may have the same Sid.
        var own = statements
            .OfType<JsonObject>()
            .FirstOrDefault(s =>
                (string?)s["Sid"] == UseSid
                && Texts(Principals(s)).All(p => p == roleArn || Regex.IsMatch(p, "^A(ROA|IDA)"))
            );
        if (own is not null)
            statements.Remove(own);
        statements.Add((JsonNode)UseStatement(roleArn));
        return new KeyPolicyDocument(root);
    }

    /// <summary>Equal as JSON, whatever the order of fields and whether single values stand in lists.</summary>
    public bool IsEquivalentTo(KeyPolicyDocument other) =>
        other is not null && JsonNode.DeepEquals(Normal(_root), Normal(other._root));

    /// <summary>The document, indented.</summary>
    public override string ToString() => _root.ToJsonString(Written);

    /// <summary>The document on one line: what is sent.</summary>
    public string ToCompactString() => _root.ToJsonString(new JsonSerializerOptions { Encoder = Written.Encoder });

    private IEnumerable<JsonObject> Statements =>
        _root["Statement"] switch
        {
            JsonArray many => many.OfType<JsonObject>(),
            JsonObject one => [one],
            _ => [],
        };

    private static JsonObject Statement(string sid, string principal, IEnumerable<string> actions) =>
        Statement(sid, [principal], actions);

    private static JsonObject Statement(string sid, IReadOnlyList<string> principals, IEnumerable<string> actions)
    {
        var list = actions.ToList();
        return new JsonObject
        {
            ["Sid"] = sid,
            ["Effect"] = "Allow",
            ["Principal"] = new JsonObject
            {
                ["AWS"] =
                    principals.Count == 1 ? principals[0] : new JsonArray([.. principals.Select(p => (JsonNode)p)]),
            },
            ["Action"] = list.Count == 1 ? list[0] : new JsonArray([.. list.Select(a => (JsonNode)a)]),
            ["Resource"] = "*",
        };
    }

    private static bool IsEffect(JsonObject statement, string effect) => (string?)statement["Effect"] == effect;

    private static JsonNode? Principals(JsonObject statement) =>
        statement["Principal"] is JsonObject map ? map["AWS"] : statement["Principal"];

    private static bool Names(JsonObject statement, string roleArn) =>
        Texts(Principals(statement)).Any(p => p == roleArn || p == "*");

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

    /// <summary>True when a pattern of a policy takes in all that another takes in; actions are compared without case.</summary>
    private static bool Covers(string pattern, string action) =>
        Regex.IsMatch(
            action,
            "^" + Regex.Escape(pattern).Replace("\\*", ".*").Replace("\\?", ".") + "$",
            RegexOptions.IgnoreCase
        );

    /// <summary>Fields sorted, lists of texts sorted, lists of one taken out: what IAM holds for the same.</summary>
    internal static JsonNode? Normal(JsonNode? node) =>
        node switch
        {
            JsonObject map => new JsonObject(
                map.OrderBy(f => f.Key, StringComparer.Ordinal)
                    .Select(f => new KeyValuePair<string, JsonNode?>(
                        f.Key,
                        f.Key == "Statement" && f.Value is JsonObject ? new JsonArray(Normal(f.Value)) : Normal(f.Value)
                    ))
            ),
            JsonArray { Count: 1 } one when one[0] is JsonValue => one[0]!.DeepClone(),
            JsonArray many when many.All(i => i is JsonValue) => new JsonArray([
                .. many.Select(i => i!.DeepClone()).OrderBy(i => i.ToJsonString(), StringComparer.Ordinal),
            ]),
            JsonArray many => new JsonArray([.. many.Select(Normal)]),
            _ => node?.DeepClone(),
        };
}
