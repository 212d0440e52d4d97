using System.Text.Json.Nodes;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>A row of tests/Facts/gcp-policies.json with the sandbox's names in place of its parameters.</summary>
internal sealed class GcpFact(JsonObject row)
{
    public const string Account = "cmek-user@sandbox-customer.iam.gserviceaccount.com";

    /// <summary>Every row, by id.</summary>
    public static IReadOnlyDictionary<string, GcpFact> All { get; } = Read();

    public string Kind => (string)row["kind"]!;

    public string Verdict => (string)row["expected"]!["verdict"]!;

    public JsonObject Wider => row["expected"]!["wider"] as JsonObject ?? [];

    public IReadOnlyList<string> Missing => Texts(row["expected"]!["missing"]);

    /// <summary>What the row cannot read, for example project.</summary>
    public IReadOnlyList<string> Unreadable =>
        [.. row.Where(p => p.Value is JsonValue v && v.ToString() == "unreadable").Select(p => p.Key)];

    public JsonObject CustomRoles => row["customRoles"] as JsonObject ?? [];

    /// <summary>The bindings at a level: key, keyRing, project, folder, organization, policy.</summary>
    public JsonArray? Bindings(string level) => row[level] as JsonArray;

    public static string[] Texts(JsonNode? list) => [.. (list as JsonArray ?? []).Select(t => (string)t!)];

    private static Dictionary<string, GcpFact> Read()
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "tests", "Facts", "gcp-policies.json"))
            .Replace("{{SA}}", Account, StringComparison.Ordinal)
            .Replace("{{KMSUSER}}", GcpTestBed.ClusterAccount, StringComparison.Ordinal)
            .Replace("{{PROJECT}}", "sandbox-customer", StringComparison.Ordinal)
            .Replace("{{CRDBPROJECT}}", "crl-sandbox", StringComparison.Ordinal);
        return JsonNode.Parse(text)!["cases"]!
            .AsArray()
            .ToDictionary(c => (string)c!["id"]!, c => new GcpFact(c!.AsObject()));
    }
}
