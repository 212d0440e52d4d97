using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>A row of tests/Facts/aws-policies.json, with the sandbox's own values for its parameters.</summary>
internal sealed class AwsPolicyFact
{
    private static readonly JsonObject File = JsonNode
        .Parse(System.IO.File.ReadAllText(Path.Combine(Repository.Root, "tests", "Facts", "aws-policies.json")))!
        .AsObject();

    private readonly JsonNode _row;
    private readonly Func<string, string> _valueOf;

    private AwsPolicyFact(JsonNode row, Func<string, string> valueOf) => (_row, _valueOf) = (row, valueOf);

    public static IEnumerable<string> Ids => File["cases"]!.AsArray().Select(c => (string)c!["id"]!);

    /// <summary>The row of an id.</summary>
    /// <param name="id">The id.</param>
    /// <param name="valueOf">The value of a parameter that neither row nor file gives.</param>
    public static AwsPolicyFact Load(string id, Func<string, string> valueOf)
    {
        var row = File["cases"]!.AsArray().Single(c => (string)c!["id"]! == id)!;
        return new AwsPolicyFact(row, name => (string?)row["parameters"]?[name] ?? valueOf(name));
    }

    public bool IsTrust => (string)_row["kind"]! == "trust";

    /// <summary>Key policy or trust policy.</summary>
    public string Policy => Fill(_row["policy"]!);

    /// <summary>Null where the row says that they cannot be read.</summary>
    public IReadOnlyList<string>? IdentityPolicies =>
        _row["identityPolicies"] is JsonValue ? null
        : _row["identityPolicies"] is JsonArray policies ? [.. policies.Select(p => Fill(p!))]
        : [];

    public string? Boundary => _row["boundary"] is { } boundary ? Fill(boundary) : null;

    public string Verdict => (string)_row["expected"]!["verdict"]!;

    /// <summary>What the simulator says about an action: yes, no, denied, sometimes or unknown.</summary>
    public IEnumerable<(string Action, string Outcome)> Actions =>
        _row["oracle"]!["actions"]!.AsObject().Select(a => (a.Key, (string)a.Value!));

    /// <summary>
    /// Whether the role can decrypt after it was taken out of every Allow: yes, sometimes, unknown or no.
    /// </summary>
    public string DecryptsAfterRemoval => (string?)_row["expected"]!["afterRemoveGrant"]?["decrypt"] ?? "no";

    /// <summary>The policy names a principal that is gone.</summary>
    public bool UsesStaleId => _row.ToJsonString().Contains("{{STALEID}}");

    public string Role => _valueOf("ROLE");

    /// <summary>The policy without the role's ARN in any Allow. An Allow of nobody else is gone.</summary>
    public string PolicyAfterRemoval
    {
        get
        {
            var policy = JsonNode.Parse(Policy)!;
            var statements = policy["Statement"] is JsonArray several ? several : [policy["Statement"]!.DeepClone()];
            foreach (var statement in statements.Where(s => (string)s!["Effect"]! == "Allow").ToList())
            {
                var principals = statement!["Principal"] is JsonObject given ? given : [];
                if (principals["AWS"] is JsonArray list)
                    principals["AWS"] = new JsonArray([
                        .. list.Select(p => (string)p!).Where(p => p != Role).Select(p => (JsonNode)p),
                    ]);
                else if (principals["AWS"] is JsonValue one && (string?)one == Role)
                    statements.Remove(statement);
            }

            return new JsonObject { ["Version"] = "2012-10-17", ["Statement"] = statements.DeepClone() }.ToJsonString();
        }
    }

    private string Fill(JsonNode node) =>
        Regex.Replace(node.ToJsonString(), @"\{\{(\w+)\}\}", match => _valueOf(match.Groups[1].Value));
}
