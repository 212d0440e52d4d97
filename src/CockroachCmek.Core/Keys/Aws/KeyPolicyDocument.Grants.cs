using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Aws;

/// <content>What a policy grants to a role, and adding that.</content>
internal sealed partial class KeyPolicyDocument
{
    /// <summary>True when the policy grants a role everything that CMEK needs.</summary>
    public bool Grants(string roleArn) => MissingFor(roleArn).Count == 0;

    /// <summary>Actions that CMEK needs and that no statement allows the role without conditions.</summary>
    public IReadOnlyList<string> MissingFor(string roleArn) =>
        [
            .. UseActions.Where(needed =>
                !Statements.Any(s =>
                    HasEffect(s, "Allow")
                    && s["Condition"] is null
                    && Names(s, roleArn)
                    && ActionsOf(s).Any(a => Covers(a, needed))
                )
            ),
        ];

    /// <summary>Sids (or positions) of statements that deny the role something that CMEK needs.</summary>
    public IReadOnlyList<string> DenialsOf(string roleArn) =>
        [
            .. Statements
                .Select((s, i) => (Statement: s, Name: (string?)s["Sid"] ?? $"statement {i + 1}"))
                .Where(p =>
                    HasEffect(p.Statement, "Deny")
                    && Names(p.Statement, roleArn)
                    && ActionsOf(p.Statement).Any(a => UseActions.Any(u => Covers(a, u) || Covers(u, a)))
                )
                .Select(p => p.Name),
        ];

    /// <summary>Actions beyond what CMEK needs that the policy allows the role by name.</summary>
    public IReadOnlyList<string> WiderThanNeeded(string roleArn) =>
        [
            .. Statements
                .Where(s => HasEffect(s, "Allow") && PrincipalsOf(s).Contains(roleArn))
                .SelectMany(ActionsOf)
                .Where(a => !UseActions.Any(u => Covers(u, a)))
                .Distinct(),
        ];

    /// <summary>
    /// Unique ids of deleted principals. AWS shows the id in place of the ARN once a role or user is deleted; a new one
    /// with the same name is another principal.
    /// </summary>
    public IReadOnlyList<string> StaleIds =>
        [.. Statements.SelectMany(PrincipalsOf).Where(p => Regex.IsMatch(p, "^A(ROA|IDA)[A-Z0-9]+$")).Distinct()];

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

    /// <summary>The same policy when it grants the role what CMEK needs; else the policy with the grant.</summary>
    public KeyPolicyDocument EnsureGrant(string roleArn) => Grants(roleArn) ? this : WithGrant(roleArn);

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

    /// <summary>A statement with a Sid that the others do not have: KMS refuses a policy with the same one twice.</summary>
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

    private static bool Names(JsonObject statement, string roleArn) =>
        PrincipalsOf(statement).Any(p => p == roleArn || p == "*");

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
