using CockroachCmek.Sandbox.Cloud;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>The sandbox's CockroachDB on AWS: it takes on the customer's role with the external id, and as that role uses the key.</summary>
internal sealed class AwsKeyUser(AwsSandbox aws) : IKeyUser
{
    private static readonly PolicyDocument MayAssume = PolicyDocument.Parse(
        """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}]}""",
        needsPrincipal: false,
        "MalformedPolicyDocument"
    );

    private static readonly string[] Needed =
    [
        "kms:Encrypt",
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "kms:DescribeKey",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
    ];

    public KeyUse Wrap(KeyUseRequest request, byte[] storeKey) =>
        aws.Locked(
            (iam, kms) =>
                Check(request, iam, kms, Needed, out var key) is { } refusal
                    ? new KeyUse(null, refusal)
                    : new KeyUse(key!.Material.Encrypt(storeKey, []), null)
        );

    public KeyUse Unwrap(KeyUseRequest request, byte[] wrapped) =>
        aws.Locked(
            (iam, kms) =>
            {
                if (Check(request, iam, kms, ["kms:Decrypt"], out var key) is { } refusal)
                    return new KeyUse(null, refusal);
                return key!.Material.Decrypt(wrapped, []) is { } storeKey
                    ? new KeyUse(storeKey, null)
                    : new KeyUse(
                        null,
                        $"The key {request.Uri} cannot decrypt the store key: it is another key than the one that encrypted it."
                    );
            }
        );

    private static string? Check(
        KeyUseRequest request,
        IamService iam,
        KmsService kms,
        string[] actions,
        out KmsKey? key
    )
    {
        key = null;
        // The role of the cluster's nodes, as Cockroach Labs names it.
        var name =
            $"arn:aws:iam::{request.AccountId}:role/crl-kms-user-{request.ClusterId.Substring(request.ClusterId.Length - 12)}";
        var cockroach = new Caller(request.AccountId, name, null) { IdentityPolicies = [MayAssume] };
        Caller session;
        try
        {
            session = iam.Assume(cockroach, request.AuthPrincipal, "crdb", request.OrganizationId);
        }
        catch (AwsFault)
        {
            return iam.Current(request.AuthPrincipal) is null
                ? $"The role {request.AuthPrincipal} does not exist."
                : $"The trust policy of {request.AuthPrincipal} does not let account {request.AccountId} assume it with the external id {request.OrganizationId}.";
        }

        if (kms.Find(request.Uri) is not { } found)
            return $"The key {request.Uri} does not exist.";
        foreach (var action in actions)
        {
            switch (kms.Judge(session, action, found))
            {
                case Verdict.Deny:
                    return $"A policy explicitly denies {action} on {request.Uri} to {request.AuthPrincipal}.";
                case Verdict.None:
                    return $"The policy of {request.Uri} does not grant {action} to {request.AuthPrincipal}.";
            }
        }

        if (kms.State(found) != "Enabled")
            return $"The key {request.Uri} is {kms.State(found)}.";
        if (found.KeySpec != "SYMMETRIC_DEFAULT")
            return $"The key {request.Uri} is not symmetric.";
        key = found;
        return null;
    }
}
