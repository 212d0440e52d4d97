using System.Text.Json;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>The trust policy of the cross-account role: who may take it on, and only with which external id.</summary>
internal static class TrustPolicy
{
    /// <summary>The account that hosts the cluster, as a whole: which of its principals checks the key is not documented, the account is (the page, step 1).</summary>
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

    /// <summary>What is different from what it should be, in words; empty when it is right.</summary>
    public static IReadOnlyList<string> Differences(
        string policy,
        AwsPartition partition,
        string accountId,
        string externalId
    )
    {
        JsonNode? root;
        try
        {
            root = JsonNode.Parse(policy);
        }
        catch (JsonException)
        {
            return ["its trust policy is no JSON"];
        }

        var statements = root?["Statement"] switch
        {
            JsonArray many => many.OfType<JsonObject>().ToList(),
            JsonObject one => [one],
            _ => [],
        };
        var differences = new List<string>();
        var serves = statements.Any(s =>
            (string?)s["Effect"] == "Allow"
            && Texts(s["Action"]).Contains("sts:AssumeRole")
            && Trusts(s, partition, accountId)
            && ExternalIds(s) is var ids
            && (ids is null || ids.Contains(externalId))
        );
        if (!serves && !statements.Any(s => Trusts(s, partition, accountId)))
            differences.Add($"it does not trust account {accountId}, which hosts the cluster");
        else if (!serves)
            differences.Add($"it asks for another external id than the organization's, {externalId}");
        foreach (var statement in statements.Where(s => (string?)s["Effect"] == "Allow"))
        {
            if (Trusts(statement, partition, accountId) && ExternalIds(statement) is null)
                differences.Add("it asks for no external id, so that any customer of Cockroach Labs could name it");
            foreach (
                var principal in Texts((statement["Principal"] as JsonObject)?["AWS"] ?? statement["Principal"])
                    .Where(p => !IsAccount(p, partition, accountId))
            )
                differences.Add($"it trusts {principal} too");
        }

        return differences;
    }

    private static bool Trusts(JsonObject statement, AwsPartition partition, string accountId) =>
        Texts((statement["Principal"] as JsonObject)?["AWS"] ?? statement["Principal"])
            .Any(p => IsAccount(p, partition, accountId));

    private static bool IsAccount(string principal, AwsPartition partition, string accountId) =>
        principal == accountId || principal == partition.Root(accountId);

    /// <summary>Null when the statement asks for none.</summary>
    private static List<string>? ExternalIds(JsonObject statement) =>
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
