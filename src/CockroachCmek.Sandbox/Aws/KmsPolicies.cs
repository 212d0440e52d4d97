using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>Key policies: what KMS checks before it accepts one, and how it shows one.</summary>
internal sealed class KmsPolicies(
    string accountId,
    AwsData data,
    IamPrincipals principals,
    KmsAuthorization authorization
)
{
    /// <summary>
    /// A policy that starts with leaving the decision to the account's identity policies, as all default ones do.
    /// </summary>
    public string Write(string id, params JsonObject[] furtherStatements) =>
        new JsonObject
        {
            ["Version"] = "2012-10-17",
            ["Id"] = id,
            ["Statement"] = new JsonArray([
                new JsonObject
                {
                    ["Sid"] = "Enable IAM User Permissions",
                    ["Effect"] = "Allow",
                    ["Principal"] = new JsonObject { ["AWS"] = $"arn:aws:iam::{accountId}:root" },
                    ["Action"] = "kms:*",
                    ["Resource"] = "*",
                },
                .. furtherStatements,
            ]),
        }.ToJsonString();

    /// <summary>
    /// Checks a policy: its principals must exist and be known, and the caller must stay able to change it. Returns it
    /// with the unique ids of its principals.
    /// </summary>
    /// <param name="text">Null for the default policy.</param>
    /// <param name="bypass">Accepts a policy that the caller cannot change.</param>
    /// <exception cref="AwsException">MalformedPolicyDocumentException or LimitExceededException.</exception>
    public (PolicyDocument Policy, IReadOnlyDictionary<string, string> Principals) Check(
        Caller caller,
        string? text,
        bool bypass
    )
    {
        text ??= Write("key-default-1");
        if (text.Length > 32_768)
            throw new AwsException("LimitExceededException", "The policy is too long.");
        if (text.Any(c => c > 0xFF))
            throw KmsRequest.InvalidValue("policy");
        var policy = PolicyDocument.ParseKeyPolicy(text);
        var ids = principals.Identify(policy, out var unknown);
        if (unknown is not null)
            throw new AwsException(
                "MalformedPolicyDocumentException",
                "Policy contains a statement with one or more invalid principals."
            );
        if (!bypass && !authorization.CouldPutPolicy(caller, policy, ids))
            throw new AwsException(
                "MalformedPolicyDocumentException",
                "The new key policy will not allow you to update the key policy in the future."
            );
        return (policy, ids);
    }

    /// <summary>The text of a key's policy, as GetKeyPolicy shows it.</summary>
    public string Text(KmsKey key)
    {
        var text = principals.Show(key.Policy, key.PolicyPrincipals);
        return data.RewritesKeyPolicies ? PolicyText.AsKmsShowsIt(text, data.PolicyReads++) : text;
    }

    /// <summary>Every key has one policy, which is called default.</summary>
    /// <exception cref="AwsException">NotFoundException.</exception>
    public static void RequireName(JsonObject body)
    {
        if ((string?)body["PolicyName"] is { } name && name != "default")
            throw KmsRequest.NotFound("No such policy exists");
    }
}
