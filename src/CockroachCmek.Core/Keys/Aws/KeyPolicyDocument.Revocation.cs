using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Aws;

/// <content>Revoking a role's access, and restoring exactly what was removed.</content>
internal sealed partial class KeyPolicyDocument
{
    /// <summary>Sid of the statement that denies a cluster's role the key. A revocation is found by it.</summary>
    public static string DenySid(CrdbCluster cluster) => $"CockroachCmek revocation of cluster {cluster.Id}";

    /// <summary>The statement that denies a role every use of the key, whatever else allows it.</summary>
    public static JsonObject DenyStatement(CrdbCluster cluster, string roleArn)
    {
        var statement = Allow(DenySid(cluster), [roleArn], ["kms:*"]);
        statement["Effect"] = "Deny";
        return statement;
    }

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
    /// Puts back what <see cref="GrantsOf"/> found, each at its position. A statement that is there already stays.
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
                    statements.Insert(Math.Min(index, statements.Count), statement.DeepClone());
                }
            }
        });

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
