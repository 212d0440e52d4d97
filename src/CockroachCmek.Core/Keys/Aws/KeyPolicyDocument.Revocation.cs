using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Aws;

/// <content>Taking a role's access away, and putting back exactly what was taken.</content>
internal sealed partial class KeyPolicyDocument
{
    /// <summary>Sid of the statement that denies a cluster's role the key: by it a revocation is found again.</summary>
    internal static string DenySid(CrdbCluster cluster) => $"CockroachCmek revocation of cluster {cluster.Id}";

    /// <summary>The statement that denies a role every use of the key, whatever else allows it.</summary>
    internal static JsonObject DenyStatement(CrdbCluster cluster, string roleArn)
    {
        var statement = Statement(DenySid(cluster), roleArn, ["kms:*"]);
        statement["Effect"] = "Deny";
        return statement;
    }

    /// <summary>Whether a statement stands in the policy.</summary>
    internal bool Has(JsonObject statement) => Statements.Any(s => Same(s, statement));

    /// <summary>The same policy with one statement more.</summary>
    internal KeyPolicyDocument With(JsonObject statement) =>
        Has(statement) ? this : Changed(list => list.Add((JsonNode)statement.DeepClone()));

    /// <summary>The same policy without a statement.</summary>
    internal KeyPolicyDocument Without(JsonObject statement) =>
        Changed(list =>
        {
            foreach (var same in list.OfType<JsonObject>().Where(s => Same(s, statement)).ToList())
                list.Remove(same);
        });

    /// <summary>The statements that allow the role something by name, each with its place.</summary>
    internal JsonArray GrantsOf(string roleArn) =>
        new([
            .. Statements
                .Select((s, i) => (Statement: s, Index: i))
                .Where(p => IsEffect(p.Statement, "Allow") && Texts(Principals(p.Statement)).Contains(roleArn))
                .Select(p => (JsonNode)new JsonObject { ["index"] = p.Index, ["statement"] = p.Statement.DeepClone() }),
        ]);

    /// <summary>The same policy with the role taken out of what <see cref="GrantsOf"/> found; a statement that names nobody else goes as a whole.</summary>
    internal KeyPolicyDocument WithoutGrantsTo(string roleArn) =>
        Changed(list =>
        {
            foreach (
                var statement in list.OfType<JsonObject>()
                    .Where(s => IsEffect(s, "Allow") && Texts(Principals(s)).Contains(roleArn))
                    .ToList()
            )
            {
                if (Reduced(statement, roleArn) is { } rest)
                    list[list.IndexOf(statement)] = rest;
                else
                    list.Remove(statement);
            }
        });

    /// <summary>Puts back what <see cref="GrantsOf"/> found, each where it stood. What is there already stays.</summary>
    internal KeyPolicyDocument WithGrants(JsonArray grants, string roleArn) =>
        Changed(list =>
        {
            foreach (var grant in grants.OfType<JsonObject>())
            {
                if (
                    grant["statement"] is not JsonObject statement
                    || list.OfType<JsonObject>().Any(s => Same(s, statement))
                )
                    continue;
                var reduced = Reduced(statement, roleArn);
                var place = reduced is null ? null : list.OfType<JsonObject>().FirstOrDefault(s => Same(s, reduced));
                if (place is not null)
                    list[list.IndexOf(place)] = statement.DeepClone();
                else
                    list.Insert(
                        Math.Min(grant["index"]?.GetValue<int>() ?? list.Count, list.Count),
                        statement.DeepClone()
                    );
            }
        });

    private KeyPolicyDocument Changed(Action<JsonArray> change)
    {
        var root = (JsonObject)_root.DeepClone();
        var list = root["Statement"] as JsonArray ?? new JsonArray(root["Statement"]!.DeepClone());
        if (root["Statement"] is not JsonArray)
            root["Statement"] = list;
        change(list);
        return new KeyPolicyDocument(root);
    }

    /// <summary>A statement without one of its principals; null when it names nobody else.</summary>
    private static JsonObject? Reduced(JsonObject statement, string roleArn)
    {
        var rest = Texts(Principals(statement)).Where(p => p != roleArn).ToList();
        if (statement["Principal"] is not JsonObject map || (rest.Count == 0 && map.Count == 1))
            return null;
        var reduced = (JsonObject)statement.DeepClone();
        var principal = (JsonObject)reduced["Principal"]!;
        if (rest.Count == 0)
            principal.Remove("AWS");
        else
            principal["AWS"] = rest.Count == 1 ? rest[0] : new JsonArray([.. rest.Select(p => (JsonNode)p)]);
        return reduced;
    }

    private static bool Same(JsonObject one, JsonObject other) => JsonNode.DeepEquals(Normal(one), Normal(other));
}
