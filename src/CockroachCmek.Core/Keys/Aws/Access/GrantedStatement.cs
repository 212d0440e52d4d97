using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Aws.Access;

/// <summary>
/// Which statements of a key policy this module removes and puts back: those that let the role use the key, and no
/// more. Whoever can write a record cannot gain anything else with it.
/// </summary>
internal static class GrantedStatement
{
    private static readonly string[] Fields = ["Sid", "Effect", "Principal", "Action", "Resource", "Condition"];

    /// <summary>
    /// What the AWS console grants to a key's users beside the use, under the condition that a service of AWS asks.
    /// </summary>
    private static readonly string[] ForServices = ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"];

    /// <summary>Why a statement is not one that is put back, as the end of a sentence; null when it is.</summary>
    public static string? ProblemOf(JsonObject statement, AwsKeyArn key, RoleArn role)
    {
        if (statement.FirstOrDefault(f => !Fields.Contains(f.Key)).Key is { } field)
            return $"its grant has {field}";
        if ((statement["Effect"] as JsonValue)?.ToString() != "Allow")
            return "its grant does not allow anything";
        if (statement["Principal"] is not JsonObject principals || !Texts(principals["AWS"]).Contains(role.Text))
            return $"its grant does not name {role}";
        if (Texts(statement["Resource"]) is not [var resource] || (resource != "*" && resource != key.ToString()))
            return "its grant is for something else than the key";
        if (statement["Condition"] is not (null or JsonObject))
            return "its grant has a condition that is not one";
        var isForServices = IsForServices(statement["Condition"] as JsonObject);
        var actions = Texts(statement["Action"]);
        if (actions.Count == 0)
            return "its grant has no actions";
        return actions.FirstOrDefault(a => !IsOfUse(a) && !(isForServices && ForServices.Contains(a))) is { } wider
            ? $"its grant allows {wider}, which is more than the use of the key"
            : null;
    }

    private static bool IsOfUse(string pattern)
    {
        if (!pattern.StartsWith("kms:", StringComparison.OrdinalIgnoreCase))
            return false;
        var actions = KmsActions.All.Where(a => Wildcard.Matches(pattern, a, ignoreCase: true)).ToList();
        return actions.Count > 0 && (KmsActions.RightsOf(actions) & ~CmekAccessRights.Use) == CmekAccessRights.None;
    }

    private static bool IsForServices(JsonObject? condition) =>
        condition?["Bool"] is JsonObject test
        && test.Any(t =>
            string.Equals(t.Key, "kms:GrantIsForAWSResource", StringComparison.OrdinalIgnoreCase)
            && Texts(t.Value) is [var value]
            && string.Equals(value, "true", StringComparison.OrdinalIgnoreCase)
        );

    private static List<string> Texts(JsonNode? node) =>
        node switch
        {
            JsonArray many => [.. many.Select(i => i is JsonValue ? i.ToString() : "")],
            JsonValue one => [one.ToString()],
            _ => [],
        };
}
