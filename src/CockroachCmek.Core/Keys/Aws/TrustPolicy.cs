using System.Text.Json;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>The trust policy of the cross-account role: who can assume it, and with which external id.</summary>
internal static class TrustPolicy
{
    /// <summary>
    /// The policy that the cluster needs. It trusts the account that hosts the cluster as a whole: the account is
    /// documented (Managing CMEK, step 1), but not which of its principals checks the key.
    /// </summary>
    public static string Create(AwsPartition partition, string accountId, string externalId) =>
        new JsonObject
        {
            ["Version"] = "2012-10-17",
            ["Statement"] = new JsonArray(
                new JsonObject
                {
                    ["Effect"] = "Allow",
                    ["Principal"] = new JsonObject { ["AWS"] = partition.Root(accountId) },
                    ["Action"] = "sts:AssumeRole",
                    ["Condition"] = new JsonObject
                    {
                        ["StringEquals"] = new JsonObject { ["sts:ExternalId"] = externalId },
                    },
                }
            ),
        }.ToJsonString();

    /// <summary>
    /// How a policy differs from what the cluster needs, each as the end of a sentence; empty when it fits.
    /// </summary>
    public static IReadOnlyList<string> Differences(
        string policy,
        AwsPartition partition,
        string accountId,
        string externalId
    )
    {
        if (StatementsOf(policy) is not { } statements)
            return ["its trust policy is not JSON"];
        var trusting = statements.Where(s => Trusts(s, partition, accountId)).ToList();
        var differences = new List<string>();
        if (trusting.Count == 0)
            differences.Add($"it does not trust account {accountId}, which hosts the cluster");
        else if (!trusting.Any(s => Serves(s, externalId)))
            differences.Add($"it requires an external id other than the organization's, {externalId}");
        foreach (var statement in statements.Where(s => (string?)s["Effect"] == "Allow"))
        {
            if (Trusts(statement, partition, accountId) && ExternalIdsOf(statement) is null)
                differences.Add("it requires no external id, so any customer of Cockroach Labs could use it");
            differences.AddRange(
                PrincipalsOf(statement)
                    .Where(p => !IsAccount(p, partition, accountId))
                    .Select(p => $"it also trusts {p}")
            );
        }

        return differences;
    }

    /// <summary>Null when the text is not JSON.</summary>
    private static List<JsonObject>? StatementsOf(string policy)
    {
        try
        {
            return JsonNode.Parse(policy)?["Statement"] switch
            {
                JsonArray many => [.. many.OfType<JsonObject>()],
                JsonObject one => [one],
                _ => [],
            };
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>True when a statement that trusts the account lets it assume the role with the external id.</summary>
    private static bool Serves(JsonObject statement, string externalId) =>
        (string?)statement["Effect"] == "Allow"
        && Texts(statement["Action"]).Contains("sts:AssumeRole")
        && ExternalIdsOf(statement) is var ids
        && (ids is null || ids.Contains(externalId));

    private static bool Trusts(JsonObject statement, AwsPartition partition, string accountId) =>
        PrincipalsOf(statement).Any(p => IsAccount(p, partition, accountId));

    private static bool IsAccount(string principal, AwsPartition partition, string accountId) =>
        principal == accountId || principal == partition.Root(accountId);

    private static List<string> PrincipalsOf(JsonObject statement) =>
        Texts((statement["Principal"] as JsonObject)?["AWS"] ?? statement["Principal"]);

    /// <summary>Null when the statement requires none.</summary>
    private static List<string>? ExternalIdsOf(JsonObject statement) =>
        (statement["Condition"] as JsonObject)?["StringEquals"] is JsonObject equals
        && equals["sts:ExternalId"] is { } ids
            ? Texts(ids)
            : null;

    private static List<string> Texts(JsonNode? node) =>
        node switch
        {
            JsonArray many => [.. many.Select(i => i?.ToString() ?? "")],
            JsonValue one => [one.ToString()],
            _ => [],
        };
}
