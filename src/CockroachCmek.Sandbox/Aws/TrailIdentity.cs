using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>Who sent a request, as CloudTrail's userIdentity shows it.</summary>
internal sealed record TrailIdentity(string AccountId, string Arn, string? UniqueId, string PrincipalArn) : IConstant
{
    public string? AccessKeyId { get; init; }

    /// <summary>True for an account that is not the customer's: nothing but the account is shown of it.</summary>
    public bool IsForeign { get; init; }

    public static TrailIdentity Of(Caller caller, string? accessKeyId) =>
        new(caller.AccountId, caller.Arn, caller.UniqueId, caller.PrincipalArn) { AccessKeyId = accessKeyId };

    /// <summary>The user's name, or that of the role's session.</summary>
    public string UserName => Arn.Split('/').Last();

    public JsonObject ToJson()
    {
        if (IsForeign)
            return new JsonObject
            {
                ["type"] = "AWSAccount",
                ["principalId"] = UniqueId,
                ["accountId"] = AccountId,
            };
        var isSession = PrincipalArn != Arn;
        var json = new JsonObject
        {
            ["type"] = isSession ? "AssumedRole" : "IAMUser",
            ["principalId"] = isSession ? $"{UniqueId}:{UserName}" : UniqueId,
            ["arn"] = Arn,
            ["accountId"] = AccountId,
            ["accessKeyId"] = AccessKeyId,
        };
        if (!isSession)
            json["userName"] = UserName;
        else
            json["sessionContext"] = new JsonObject
            {
                ["sessionIssuer"] = new JsonObject
                {
                    ["type"] = "Role",
                    ["principalId"] = UniqueId,
                    ["arn"] = PrincipalArn,
                    ["accountId"] = AccountId,
                    ["userName"] = PrincipalArn.Split('/').Last(),
                },
                ["attributes"] = new JsonObject { ["mfaAuthenticated"] = "false" },
            };
        return json;
    }
}
