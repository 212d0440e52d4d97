using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Tests.Aws.Access;

/// <summary>Policies made up from the grammar of IAM, the same ones for the same seed.</summary>
internal sealed class PolicyGenerator(int seed)
{
    public const string Account = "200000000001";
    public const string OtherAccount = "333333333333";
    public const string Key = $"arn:aws:kms:us-east-1:{Account}:key/11111111-1111-4111-8111-111111111111";

    private const string OtherKey = $"arn:aws:kms:us-east-1:{Account}:key/22222222-2222-4222-8222-222222222222";
    private const string Root = $"arn:aws:iam::{Account}:root";
    private const string RoleName = "crdb-cmek-truth";

    private static readonly string[][] Actions =
    [
        ["kms:*"],
        ["*"],
        ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey*", "kms:DescribeKey", "kms:ReEncrypt*"],
        ["kms:encrypt", "kms:DECRYPT"],
        ["kms:De*"],
        ["kms:?ecrypt", "kms:GenerateDataKey"],
        ["kms:Generate*", "kms:ReEncryptFrom"],
        ["kms:ScheduleKeyDeletion", "kms:DisableKey"],
        ["s3:*"],
    ];

    private static readonly string[] Conditions =
    [
        """{"Bool":{"aws:SecureTransport":"false"}}""",
        """{"Bool":{"aws:SecureTransport":"true"}}""",
        """{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}""",
        """{"StringEquals":{"aws:PrincipalOrgID":"o-abc1234567"}}""",
        """{"StringNotEquals":{"aws:PrincipalOrgID":"o-abc1234567"}}""",
        """{"StringNotEqualsIfExists":{"aws:principalorgid":["o-abc1234567","o-def1234567"]}}""",
        """{"Null":{"aws:PrincipalOrgID":"true"}}""",
        """{"StringEquals":{"kms:CallerAccount":"200000000001"}}""",
        """{"StringNotEquals":{"kms:CallerAccount":["200000000001","333333333333"]}}""",
        """{"StringEquals":{"kms:ViaService":"ec2.us-east-1.amazonaws.com"}}""",
        """{"StringNotEquals":{"kms:ViaService":"ec2.us-east-1.amazonaws.com"}}""",
        """{"Null":{"kms:ViaService":"false"}}""",
        """{"StringEquals":{"aws:PrincipalArn":"ROLE"}}""",
        """{"StringNotEquals":{"aws:PrincipalArn":["ROLE","arn:aws:iam::200000000001:root"]}}""",
        """{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/crdb-*"}}""",
        """{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/other-*"}}""",
        """{"StringLike":{"aws:PrincipalArn":"arn:aws:iam::2000000000??:role/*"}}""",
        """{"StringEqualsIgnoreCase":{"aws:PrincipalType":"ASSUMEDROLE"}}""",
        """{"DateLessThan":{"aws:CurrentTime":"2021-06-30T23:59:59Z"}}""",
        """{"DateGreaterThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}}""",
        """{"NumericGreaterThanEquals":{"aws:EpochTime":"1577836800"}}""",
        """{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}""",
        """{"NotIpAddress":{"aws:SourceIp":["203.0.113.0/24","192.0.2.0/24"]}}""",
        """{"StringLike":{"aws:PrincipalTag/team":"d?"}}""",
        """{"StringNotLikeIfExists":{"aws:PrincipalTag/team":"d*"}}""",
        """{"ForAnyValue:StringEquals":{"aws:CalledVia":"athena.amazonaws.com"}}""",
        """{"ForAllValues:StringEquals":{"aws:CalledVia":"athena.amazonaws.com"}}""",
        """{"StringEquals":{"aws:PrincipalOrgID":"o-abc1234567"},"Bool":{"aws:SecureTransport":"true"}}""",
        """{"StringEquals":{"aws:ResourceAccount":"${aws:PrincipalAccount}"}}""",
    ];

    private readonly Random _random = new(seed);

    /// <summary>A key policy with everything that plays with it.</summary>
    public JsonObject Next()
    {
        var isAcross = Chance(15);
        var role = $"arn:aws:iam::{(isAcross ? OtherAccount : Account)}:role/{(Chance(20) ? "teams/" : "")}{RoleName}";
        var result = new JsonObject
        {
            ["role"] = role,
            ["roleAccount"] = isAcross ? OtherAccount : Account,
            ["roleName"] = RoleName,
            ["key"] = Policy(1 + _random.Next(4), () => Statement(role, isOfKey: true)),
            ["identity"] = new JsonArray([
                .. Enumerable.Range(0, _random.Next(3)).Select(_ => Policy(1, () => Statement(role, isOfKey: false))),
            ]),
        };
        if (Chance(25))
            result["boundary"] = Policy(1 + _random.Next(2), () => Statement(role, isOfKey: false));
        return result;
    }

    private JsonObject Policy(int count, Func<JsonObject> statement) =>
        new()
        {
            ["Version"] = "2012-10-17",
            ["Statement"] =
                count == 1 && Chance(50)
                    ? statement()
                    : new JsonArray([.. Enumerable.Range(0, count).Select(_ => (JsonNode)statement())]),
        };

    private JsonObject Statement(string role, bool isOfKey)
    {
        var isDeny = Chance(30);
        var statement = new JsonObject { ["Effect"] = isDeny ? "Deny" : "Allow" };
        if (isOfKey && isDeny && Chance(20))
            statement["NotPrincipal"] = NotPrincipal(role);
        else if (isOfKey)
            statement["Principal"] = Principal(role);
        statement[Chance(10) ? "NotAction" : "Action"] = OneOrMany(Actions[_random.Next(Actions.Length)]);
        statement["Resource"] = OneOrMany(
            _random.Next(8) switch
            {
                0 => [Key],
                1 => [OtherKey],
                2 => [OtherKey, Key],
                3 => [$"arn:aws:kms:*:{Account}:key/*"],
                _ => ["*"],
            }
        );
        if (Chance(40))
            statement["Condition"] = JsonNode.Parse(
                Conditions[_random.Next(Conditions.Length)].Replace("ROLE", role, StringComparison.Ordinal)
            );
        return statement;
    }

    private JsonNode Principal(string role) =>
        _random.Next(10) switch
        {
            0 => "*",
            1 => Aws("*"),
            2 => Aws(Root),
            3 => Aws(Account),
            4 => Aws($"arn:aws:iam::{Account}:role/other-app", role),
            5 => Aws($"arn:aws:iam::{Account}:role/other-app"),
            6 => Aws($"arn:aws:iam::{OtherAccount}:root"),
            7 => new JsonObject { ["AWS"] = Root, ["Service"] = "ec2.amazonaws.com" },
            8 when role.Contains($"::{Account}:", StringComparison.Ordinal) => Aws(
                $"arn:aws:sts::{Account}:assumed-role/{RoleName}/crdb"
            ),
            _ => Aws(role),
        };

    private JsonObject NotPrincipal(string role) =>
        _random.Next(4) switch
        {
            0 => Aws(role, role.Contains(OtherAccount, StringComparison.Ordinal) ? OtherAccount : Root),
            1 => Aws(role),
            2 => Aws(Root),
            _ => Aws($"arn:aws:iam::{Account}:role/other-app"),
        };

    private static JsonObject Aws(params string[] principals) => new() { ["AWS"] = OneOrMany(principals) };

    private static JsonNode OneOrMany(string[] texts) =>
        texts.Length == 1 ? texts[0] : new JsonArray([.. texts.Select(t => (JsonNode)t)]);

    private bool Chance(int percent) => _random.Next(100) < percent;
}
