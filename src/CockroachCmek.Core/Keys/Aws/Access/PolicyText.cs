using System.Text.Json;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Aws.Access;

/// <summary>A policy document, parsed once into statements.</summary>
internal sealed record PolicyText(IReadOnlyList<PolicyStatement> Statements)
{
    /// <summary>Parses a policy.</summary>
    /// <exception cref="FormatException">The text is not a policy.</exception>
    public static PolicyText Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text) is JsonObject root && root.ContainsKey("Statement")
                ? Parse(root)
                : throw new FormatException("The policy has no Statement.");
        }
        catch (JsonException error)
        {
            throw new FormatException("The policy is not JSON.", error);
        }
    }

    /// <summary>Parses a policy.</summary>
    public static PolicyText Parse(JsonObject root)
    {
        // Variables are a part of the newer version of the language only; before it, ${ is text.
        var hasVariables = (root["Version"] as JsonValue)?.ToString() == "2012-10-17";
        IEnumerable<JsonObject> statements = root["Statement"] switch
        {
            JsonArray many => many.OfType<JsonObject>(),
            JsonObject one => [one],
            _ => [],
        };
        return new PolicyText([.. statements.Select((s, i) => PolicyStatement.Parse(s, i, hasVariables))]);
    }
}

/// <summary>A statement of a policy.</summary>
internal sealed record PolicyStatement
{
    /// <summary>Its Sid, or its position.</summary>
    public required string Name { get; init; }

    /// <summary>Allow or Deny.</summary>
    public required bool IsAllow { get; init; }

    /// <summary>Whom it names; empty in a policy of an identity.</summary>
    public IReadOnlyList<PolicyPrincipal> Principals { get; init; } = [];

    /// <summary>It is about everybody but <see cref="Principals"/>.</summary>
    public bool IsNotPrincipal { get; init; }

    /// <summary>Patterns of actions.</summary>
    public IReadOnlyList<string> Actions { get; init; } = [];

    /// <summary>It is about every action but <see cref="Actions"/>.</summary>
    public bool IsNotAction { get; init; }

    /// <summary>Patterns of resources; null in a trust policy, which has none.</summary>
    public IReadOnlyList<PolicyValue>? Resources { get; init; }

    /// <summary>It is about every resource but <see cref="Resources"/>.</summary>
    public bool IsNotResource { get; init; }

    /// <summary>All of its conditions have to be true.</summary>
    public IReadOnlyList<PolicyCondition> Conditions { get; init; } = [];

    /// <summary>Its conditions for people; null when it has none.</summary>
    public string? ConditionText { get; init; }

    public static PolicyStatement Parse(JsonObject statement, int index, bool hasVariables)
    {
        var condition = statement["Condition"] as JsonObject;
        var resources = statement["Resource"] ?? statement["NotResource"];
        return new PolicyStatement
        {
            Name = statement["Sid"] is JsonValue sid && $"{sid}".Length > 0 ? $"{sid}" : $"statement {index + 1}",
            IsAllow = (statement["Effect"] as JsonValue)?.ToString() == "Allow",
            Principals = [.. PrincipalsOf(statement["Principal"] ?? statement["NotPrincipal"])],
            IsNotPrincipal = statement.ContainsKey("NotPrincipal"),
            Actions = Texts(statement["Action"] ?? statement["NotAction"]),
            IsNotAction = statement.ContainsKey("NotAction"),
            Resources = resources is null
                ? null
                : [.. Texts(resources).Select(r => PolicyValue.Parse(r, hasVariables))],
            IsNotResource = statement.ContainsKey("NotResource"),
            Conditions =
            [
                .. (condition ?? []).SelectMany(o =>
                    (o.Value as JsonObject ?? []).Select(k =>
                        PolicyCondition.Parse(o.Key, k.Key, Texts(k.Value), hasVariables)
                    )
                ),
            ],
            ConditionText = condition is { Count: > 0 } ? condition.ToJsonString(KeyPolicyDocument.Compact) : null,
        };
    }

    /// <summary>The texts of a list or of a single value. Numbers and booleans count as texts.</summary>
    private static IReadOnlyList<string> Texts(JsonNode? node) =>
        node switch
        {
            JsonArray many => [.. many.OfType<JsonValue>().Select(v => v.ToString())],
            JsonValue one => [one.ToString()],
            _ => [],
        };

    private static IEnumerable<PolicyPrincipal> PrincipalsOf(JsonNode? node) =>
        node is JsonObject map
            ? map.SelectMany(t => Texts(t.Value).Select(v => PolicyPrincipal.Parse(t.Key, v)))
            : Texts(node).Select(v => PolicyPrincipal.Parse("AWS", v));
}

/// <summary>A value of a policy, which may contain variables.</summary>
/// <param name="Text">The value, with * and ? as wildcards where the field has them.</param>
/// <param name="Variables">The keys of its variables: what it stands for is known to AWS only.</param>
internal sealed record PolicyValue(string Text, IReadOnlyList<string> Variables)
{
    /// <summary>Parses a value. ${*}, ${?} and ${$} are the characters themselves.</summary>
    public static PolicyValue Parse(string text, bool hasVariables)
    {
        if (!hasVariables || !text.Contains("${"))
            return new(text, []);
        var keys = new List<string>();
        for (var start = text.IndexOf("${", StringComparison.Ordinal); start >= 0; )
        {
            var end = text.IndexOf('}', start);
            if (end < 0)
                break;
            keys.Add(text.Substring(start + 2, end - start - 2).Split(',')[0].Trim());
            start = text.IndexOf("${", end, StringComparison.Ordinal);
        }

        // An escaped wildcard cannot be told from a wildcard in the text, so it counts as uncertain too.
        return new(text, keys.Count == 0 ? [] : keys);
    }
}
