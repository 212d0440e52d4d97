using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Aws;

/// <content>Revoking a role's access, and restoring exactly what was removed.</content>
internal sealed partial class KeyPolicyDocument
{
    /// <summary>Sid of the statement that denies a cluster's role the key. A revocation is found by it.</summary>
    private const string DenySidPrefix = "CockroachCmek revocation of cluster ";

    /// <summary>The statement that denies a role every use of the key, whatever else allows it.</summary>
    public static JsonObject DenyStatement(string clusterId, string roleArn)
    {
        var statement = Allow(DenySidPrefix + clusterId, [roleArn], ["kms:*"]);
        statement["Effect"] = "Deny";
        return statement;
    }

    /// <summary>
    /// The id of the cluster whose <see cref="DenyStatement"/> for a role a statement is; null for any other statement.
    /// </summary>
    public static string? ClusterOfDeny(JsonObject statement, string roleArn)
    {
        if (
            statement["Sid"]?.ToString() is not { } sid
            || !sid.StartsWith(DenySidPrefix, StringComparison.Ordinal)
            || sid.Substring(DenySidPrefix.Length) is not { } cluster
        )
            return null;
        return AreSame(statement, DenyStatement(cluster, roleArn)) ? cluster : null;
    }

    /// <summary>The statements with which this module denies a role the key, for whichever cluster.</summary>
    public IReadOnlyList<JsonObject> DenialsOf(string roleArn) =>
        [.. Statements.Where(s => ClusterOfDeny(s, roleArn) is not null).Select(s => (JsonObject)s.DeepClone())];

    /// <summary>
    /// The id, without its dashes put back, of the cluster whose account this module denied the role; null for none.
    /// </summary>
    public string? ClusterOfTrustDeny(string account) =>
        Statements
            .Where(s => HasEffect(s, "Deny") && RoleDenial.AccountOf(s) == account)
            .Select(s => (string?)s["Sid"] ?? "")
            .Where(sid => sid.StartsWith(RoleDenial.SidPrefix, StringComparison.Ordinal))
            .Select(sid => Guid.TryParse(sid.Substring(RoleDenial.SidPrefix.Length), out var id) ? id.ToString() : null)
            .FirstOrDefault(id => id is not null);

    /// <summary>The roles that this module's own statements name: they use the key, or are denied it.</summary>
    public IReadOnlyList<string> RolesOfModule =>
        [
            .. Statements
                .Where(s =>
                    (string?)s["Sid"] is { } sid
                    && (
                        sid.StartsWith(UseSid, StringComparison.Ordinal)
                        || sid.StartsWith(DenySidPrefix, StringComparison.Ordinal)
                    )
                )
                .SelectMany(PrincipalsOf)
                .Where(p => RoleArn.TryParse(p) is not null)
                .Distinct(),
        ];

    /// <summary>True when the policy contains a statement.</summary>
    public bool Has(JsonObject statement) => Statements.Any(s => AreSame(s, statement));

    /// <summary>The policy with one more statement.</summary>
    public KeyPolicyDocument With(JsonObject statement) =>
        Has(statement) ? this : Changed(statements => statements.Add((JsonNode)statement.DeepClone()));

    /// <summary>The policy without a statement.</summary>
    public KeyPolicyDocument Without(JsonObject statement) =>
        Changed(statements =>
        {
            foreach (var same in statements.OfType<JsonObject>().Where(s => AreSame(s, statement)).ToList())
                statements.Remove(same);
        });

    /// <summary>The statements that allow the role something by name, each with its position.</summary>
    public JsonArray GrantsOf(string roleArn) =>
        new([
            .. Statements
                .Select((s, i) => (Statement: s, Index: i))
                .Where(p => AllowsByName(p.Statement, roleArn))
                .Select(p => (JsonNode)new JsonObject { ["index"] = p.Index, ["statement"] = p.Statement.DeepClone() }),
        ]);

    /// <summary>
    /// The policy with the role taken out of the statements that <see cref="GrantsOf"/> finds. A statement that names
    /// nobody else is removed.
    /// </summary>
    public KeyPolicyDocument WithoutGrantsTo(string roleArn) =>
        Changed(statements =>
        {
            foreach (var statement in statements.OfType<JsonObject>().Where(s => AllowsByName(s, roleArn)).ToList())
            {
                if (WithoutPrincipal(statement, roleArn) is { } rest)
                    statements[statements.IndexOf(statement)] = rest;
                else
                    statements.Remove(statement);
            }
        });

    /// <summary>
    /// Puts back what <see cref="GrantsOf"/> found, each at its position. A statement that is there already stays. Only
    /// the role gets access: others that a statement named are named again only where the policy still allows them
    /// exactly that.
    /// </summary>
    public KeyPolicyDocument WithGrants(JsonArray grants, string roleArn) =>
        Changed(statements =>
        {
            foreach (var grant in grants.OfType<JsonObject>())
            {
                if (grant["statement"] is not JsonObject statement || Find(statements, statement) is not null)
                    continue;
                var rest = WithoutPrincipal(statement, roleArn);
                if (rest is not null && Find(statements, rest) is { } reduced)
                    statements[statements.IndexOf(reduced)] = statement.DeepClone();
                else
                {
                    var index = grant["index"]?.GetValue<int>() ?? statements.Count;
                    statements.Insert(Math.Min(index, statements.Count), OnlyFor(roleArn, statement));
                }
            }
        });

    private static JsonObject OnlyFor(string roleArn, JsonObject statement)
    {
        var own = (JsonObject)statement.DeepClone();
        own["Principal"] = new JsonObject { ["AWS"] = roleArn };
        return own;
    }

    private static bool AllowsByName(JsonObject statement, string roleArn) =>
        HasEffect(statement, "Allow") && PrincipalsOf(statement).Contains(roleArn);

    private static JsonObject? Find(JsonArray statements, JsonObject statement) =>
        statements.OfType<JsonObject>().FirstOrDefault(s => AreSame(s, statement));

    /// <summary>A statement without one of its principals; null when it names nobody else.</summary>
    private static JsonObject? WithoutPrincipal(JsonObject statement, string roleArn)
    {
        var others = PrincipalsOf(statement).Where(p => p != roleArn).ToList();
        if (statement["Principal"] is not JsonObject map || (others.Count == 0 && map.Count == 1))
            return null;
        var reduced = (JsonObject)statement.DeepClone();
        var principal = (JsonObject)reduced["Principal"]!;
        if (others.Count == 0)
            principal.Remove("AWS");
        else
            principal["AWS"] = OneOrMany(others);
        return reduced;
    }
}
