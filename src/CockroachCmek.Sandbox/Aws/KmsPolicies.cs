using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>Key policies: what KMS checks before it accepts one, and how it shows one.</summary>
internal sealed class KmsPolicies(string accountId, IamPrincipals principals)
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
        var policy = PolicyDocument.ParseKeyPolicy(text);
        var ids = new Dictionary<string, string>();
        foreach (var principal in policy.Principals.Where(IsLookedUp))
            ids[principal] = principals.PropagatedId(principal)
                ?? throw new AwsException(
                    "MalformedPolicyDocumentException",
                    "Policy contains a statement with one or more invalid principals."
                );
        var after = policy.Evaluate(caller, "kms:PutKeyPolicy", "*", new Dictionary<string, string>(), principal =>
            ids.TryGetValue(principal, out var id) ? id : null
        );
        if (!bypass && after is not (Verdict.Allow or Verdict.Delegate))
            throw new AwsException(
                "MalformedPolicyDocumentException",
                "The new key policy will not allow you to update the key policy in the future."
            );
        return (policy, ids);
    }

    /// <summary>
    /// The text of a key's policy. Where the owner of an ARN is gone or was created again, it shows the unique id that
    /// the policy really holds.
    /// </summary>
    public string Text(KmsKey key)
    {
        var text = key.Policy.Text;
        foreach (var principal in key.PolicyPrincipals.Where(p => principals.CurrentId(p.Key) != p.Value))
            text = text.Replace($"\"{principal.Key}\"", $"\"{principal.Value}\"");
        return text;
    }

    /// <summary>
    /// False for accounts, services and everybody. A principal of another account cannot be looked up here; AWS accepts
    /// it if it exists there.
    /// </summary>
    private bool IsLookedUp(string principal)
    {
        if (
            principal == "*"
            || Regex.IsMatch(principal, @"^\d{12}$")
            || Regex.IsMatch(principal, @"^arn:aws[a-z-]*:iam::\d{12}:root$")
            || Regex.IsMatch(principal, "^(Service|Federated):")
        )
            return false;
        var arn = Regex.Match(principal, @"^arn:aws[a-z-]*:(iam|sts)::(\d{12}):");
        return !arn.Success || arn.Groups[2].Value == accountId;
    }
}
