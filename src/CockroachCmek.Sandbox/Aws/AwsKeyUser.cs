using CockroachCmek.Sandbox.Cloud;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>
/// The sandbox's CockroachDB on AWS: assumes the customer's role with the external id and uses the key as that role.
/// </summary>
internal sealed class AwsKeyUser(AwsSandbox aws) : IKeyUser
{
    /// <summary>
    /// The identity policy of Cockroach Labs' own role: it is allowed to assume any role that trusts it.
    /// </summary>
    private static readonly PolicyDocument AllowsAssume = PolicyDocument.ParseIdentity(
        """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}]}"""
    );

    private static readonly string[] NeededToWrap =
    [
        "Encrypt",
        "Decrypt",
        "GenerateDataKey",
        "GenerateDataKeyWithoutPlaintext",
        "DescribeKey",
        "ReEncryptFrom",
        "ReEncryptTo",
    ];

    private static readonly string[] NeededToUnwrap = ["Decrypt"];

    public KeyUse Wrap(KeyUseRequest request, byte[] storeKey) =>
        aws.Locked(
            (principals, kms) =>
                Refusal(request, principals, kms, NeededToWrap, out var key) is { } refusal
                    ? new KeyUse(null, refusal)
                    : new KeyUse(key!.Material.Encrypt(storeKey, [], key.MaterialTime(kms.Now)), null)
        );

    public KeyUse Unwrap(KeyUseRequest request, byte[] wrapped) =>
        aws.Locked(
            (principals, kms) =>
            {
                if (Refusal(request, principals, kms, NeededToUnwrap, out var key) is { } refusal)
                    return new KeyUse(null, refusal);
                return key!.Material.Decrypt(wrapped, []) is { } storeKey
                    ? new KeyUse(storeKey, null)
                    : new KeyUse(
                        null,
                        $"The key {request.Uri} cannot decrypt the store key: another key encrypted it."
                    );
            }
        );

    /// <summary>Why the key cannot be used, or null with the key.</summary>
    private static string? Refusal(
        KeyUseRequest request,
        IamPrincipals principals,
        KmsService kms,
        string[] actions,
        out KmsKey? key
    )
    {
        key = null;
        if (Assume(request, principals, out var trust) is not { } session)
            return trust;
        if (kms.Find(request.Uri) is not { } found)
            return $"The key {request.Uri} does not exist.";
        foreach (var action in actions)
        {
            var decision = kms.Judge(session, action, found);
            if (decision.IsDenied)
                return $"A policy explicitly denies kms:{action} on {request.Uri} to {request.AuthPrincipal}.";
            if (!decision.IsAllowed)
                return $"The policy of {request.Uri} does not grant kms:{action} to {request.AuthPrincipal}.";
        }

        if (kms.State(found) != "Enabled")
            return $"The key {request.Uri} is {kms.State(found)}.";
        if (found.KeySpec != "SYMMETRIC_DEFAULT")
            return $"The key {request.Uri} is not symmetric.";
        key = found;
        return null;
    }

    /// <summary>A session of the customer's role, or null with the reason.</summary>
    internal static Caller? Assume(KeyUseRequest request, IamPrincipals principals, out string? refusal)
    {
        refusal = null;
        try
        {
            return principals.AssumeFromNode(
                NodeRole(request),
                request.AuthPrincipal,
                session: "crdb",
                request.OrganizationId
            );
        }
        catch (AwsException)
        {
            refusal = principals.CurrentId(request.AuthPrincipal) is null
                ? $"The role {request.AuthPrincipal} does not exist."
                : $"The trust policy of {request.AuthPrincipal} does not let account {request.AccountId} assume it "
                    + $"with the external id {request.OrganizationId}.";
            return null;
        }
    }

    /// <summary>The role of the cluster's nodes, as Cockroach Labs names it.</summary>
    private static Caller NodeRole(KeyUseRequest request)
    {
        var suffix = request.ClusterId.Substring(request.ClusterId.Length - 12);
        var arn = $"arn:aws:iam::{request.AccountId}:role/crl-kms-user-{suffix}";
        return new Caller(request.AccountId, arn, null) { IdentityPolicies = [new NamedPolicy(AllowsAssume, null)] };
    }
}
