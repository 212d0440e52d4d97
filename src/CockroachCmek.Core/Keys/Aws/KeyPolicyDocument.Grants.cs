using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CockroachCmek.Core.Keys.Aws.Access;

namespace CockroachCmek.Core.Keys.Aws;

/// <content>What a policy grants to a role, and adding that.</content>
internal sealed partial class KeyPolicyDocument
{
    /// <summary>True when the policy by itself grants a role everything that CMEK needs, for sure.</summary>
    /// <param name="keyArn">The key; null when the policy is to serve another key too.</param>
    public bool Grants(string roleArn, string? keyArn = null) => ReadFor(roleArn, keyArn).IsGrantedByKey;

    /// <summary>A policy that allows a role the use of a key of another account.</summary>
    public static string RolePolicy(string keyArn)
    {
        var statement = Allow("CockroachCmek", [keyArn], UseActions);
        statement.Remove("Principal");
        statement["Resource"] = keyArn;
        return new JsonObject { ["Version"] = "2012-10-17", ["Statement"] = new JsonArray(statement) }.ToJsonString(
            Compact
        );
    }

    /// <summary>
    /// Unique ids of deleted principals. AWS shows the id in place of the ARN once a role or user is deleted; a new one
    /// with the same name is another principal.
    /// </summary>
    public IReadOnlyList<string> StaleIds => [.. StalePrincipals.Select(p => p.Id).Distinct()];

    /// <summary>True when the account as a whole, or this caller, is allowed to change the policy.</summary>
    /// <param name="callerArn">The caller; for a session of a role, the role counts.</param>
    public bool LetsChange(string accountId, string callerArn)
    {
        var root = $"^arn:aws[a-z-]*:iam::{accountId}:root$";
        var role = RolePatternOf(callerArn);
        return Statements.Any(s =>
            HasEffect(s, "Allow")
            && ActionsOf(s).Any(a => Covers(a, "kms:PutKeyPolicy"))
            && PrincipalsOf(s)
                .Any(p =>
                    p == "*"
                    || p == accountId
                    || p == callerArn
                    || Regex.IsMatch(p, root)
                    || (role is not null && Regex.IsMatch(p, role))
                )
        );
    }

    /// <summary>
    /// The same policy when it grants the role what CMEK needs, or grants it under a condition, which somebody put
    /// there
    /// on purpose; else the policy with the grant.
    /// </summary>
    /// <param name="keyArn">The key; null when the policy is to serve another key too.</param>
    public KeyPolicyDocument EnsureGrant(string roleArn, string? keyArn = null) =>
        ReadFor(roleArn, keyArn) is { IsGrantedByKey: false, Narrowed.Count: 0 } ? WithGrant(roleArn) : this;

    /// <summary>
    /// The policy with the use of the key granted. Replaces the module's own statement for the role; all others stay.
    /// </summary>
    public KeyPolicyDocument WithGrant(string roleArn) =>
        Changed(statements =>
        {
            // The Sid alone does not tell whose it is: another cluster's grant has the same.
            var own = statements
                .OfType<JsonObject>()
                .FirstOrDefault(s =>
                    ((string?)s["Sid"])?.StartsWith(UseSid, StringComparison.Ordinal) == true
                    && PrincipalsOf(s).All(p => p == roleArn || Regex.IsMatch(p, "^A(ROA|IDA)"))
                );
            if (own is not null)
                statements.Remove(own);
            statements.Add((JsonNode)WithFreeSid(UseStatement(roleArn), statements));
        });

    /// <summary>
    /// A statement with a Sid that the others do not have: KMS refuses a policy with the same one twice.
    /// </summary>
    private static JsonObject WithFreeSid(JsonObject statement, JsonArray others)
    {
        var taken = others.OfType<JsonObject>().Select(s => (string?)s["Sid"]).ToList();
        for (var number = 2; taken.Contains((string?)statement["Sid"]); number++)
            statement["Sid"] = $"{UseSid} {number}";
        return statement;
    }

    /// <summary>A pattern for the ARN of the role whose session the caller is; null for any other caller.</summary>
    private static string? RolePatternOf(string callerArn)
    {
        var session = Regex.Match(
            callerArn,
            "^arn:(?<partition>aws[a-z-]*):sts::(?<account>[0-9]{12}):assumed-role/(?<role>[^/]+)/"
        );
        if (!session.Success)
            return null;
        // The ARN of a session leaves out the role's path.
        var name = Regex.Escape(session.Groups["role"].Value);
        return $"^arn:{session.Groups["partition"].Value}:iam::{session.Groups["account"].Value}:role/(.*/)?{name}$";
    }

    /// <summary>What the policy means by itself, at any time.</summary>
    private KeyAccessReading ReadFor(string roleArn, string? keyArn)
    {
        var role = RoleArn.Parse(roleArn);
        // Without a key, only patterns of any key match: a literal * matches no other.
        var (region, account) = AwsKeyArn.TryParse(keyArn) is { } key
            ? (key.Region, key.AccountId)
            : ("*", role.AccountId);
        return new KeyAccessReading(
            new KeyPolicies { Key = ToPolicy() },
            new JudgedKey(keyArn ?? $"arn:{role.Partition}:kms:*:{account}:key/*", account, region, Now: null),
            PolicySubject.Role(roleArn, role.AccountId)
        );
    }

    /// <summary>
    /// True when a pattern of a policy includes all that another includes. Actions are not case-sensitive.
    /// </summary>
    private static bool Covers(string pattern, string action) =>
        Regex.IsMatch(
            action,
            "^" + Regex.Escape(pattern).Replace("\\*", ".*").Replace("\\?", ".") + "$",
            RegexOptions.IgnoreCase
        );
}
