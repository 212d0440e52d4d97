using System.Text.Json.Nodes;
using CockroachCmek.Core.Keys.Aws.Access;

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

    /// <summary>What a role's trust policy means for the account that hosts the cluster.</summary>
    public static TrustReading Read(IamRole role, string accountId, string externalId, DateTimeOffset now)
    {
        var roleAccount = RoleArn.Parse(role.Arn).AccountId;
        try
        {
            return new(PolicyText.Parse(role.TrustPolicy), accountId, externalId, roleAccount, now);
        }
        catch (FormatException)
        {
            return new(new PolicyText([]), accountId, externalId, roleAccount, now) { IsUnreadable = true };
        }
    }
}
