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
        aws.Logged(
            (principals, kms, log) =>
            {
                if (Refusal(request, principals, kms, log, NeededToWrap, out var use) is { } refusal)
                    return new KeyUse(null, refusal);
                var (session, key) = use;
                var time = key.MaterialTime(kms.Now);
                Log(log, request, session, "Encrypt", key.Material.Current(time).Id);
                return new KeyUse(key.Material.Encrypt(storeKey, [], time), null);
            }
        );

    public KeyUse Unwrap(KeyUseRequest request, byte[] wrapped) =>
        aws.Logged(
            (principals, kms, log) =>
            {
                if (Refusal(request, principals, kms, log, NeededToUnwrap, out var use) is { } refusal)
                    return new KeyUse(null, refusal);
                var (session, key) = use;
                var storeKey = key.Material.Decrypt(wrapped, []);
                Log(
                    log,
                    request,
                    session,
                    "Decrypt",
                    key.Material.VersionOf(wrapped)?.Id,
                    storeKey is null ? ("InvalidCiphertextException", "") : null
                );
                return storeKey is not null
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
        TrailRecorder log,
        string[] actions,
        out (Caller Session, KmsKey Key) use
    )
    {
        use = default;
        if (Assume(request, principals, out var trust) is not { } session)
            return trust;
        log.AssumedByCockroachDb(NodeRole(request), session, RegionOf(request), request.At);
        if (kms.Find(request.Uri) is not { } found)
            return Refused(actions[0], "NotFoundException", $"The key {request.Uri} does not exist.");
        foreach (var action in actions)
        {
            var decision = kms.Judge(session, action, found);
            if (decision.IsDenied)
                return Refused(
                    action,
                    "AccessDeniedException",
                    $"A policy explicitly denies kms:{action} on {request.Uri} to {request.AuthPrincipal}."
                );
            if (!decision.IsAllowed)
                return Refused(
                    action,
                    "AccessDeniedException",
                    $"The policy of {request.Uri} does not grant kms:{action} to {request.AuthPrincipal}."
                );
        }

        if (kms.State(found) is var state and not "Enabled")
            return Refused(
                actions[0],
                state == "Disabled" ? "DisabledException" : "KMSInvalidStateException",
                $"The key {request.Uri} is {state}."
            );
        if (found.KeySpec != "SYMMETRIC_DEFAULT")
            return Refused(actions[0], "InvalidKeyUsageException", $"The key {request.Uri} is not symmetric.");
        use = (session, found);
        return null;

        string Refused(string action, string code, string sentence)
        {
            var operation = action.StartsWith("ReEncrypt", StringComparison.Ordinal) ? "ReEncrypt" : action;
            var message =
                code == "AccessDeniedException"
                    ? $"User: {session.Arn} is not authorized to perform: kms:{action} on resource: {request.Uri}"
                    : sentence;
            Log(log, request, session, operation, null, (code, message));
            return sentence;
        }
    }

    private static void Log(
        TrailRecorder log,
        KeyUseRequest request,
        Caller session,
        string operation,
        string? material,
        (string Code, string Message)? refusal = null
    ) =>
        log.UsedByCockroachDb(
            session,
            new KmsUse(request.Uri, operation)
            {
                MaterialId = refusal is null ? material : null,
                ErrorCode = refusal?.Code,
                ErrorMessage = refusal?.Message,
            },
            RegionOf(request),
            request.At
        );

    /// <summary>The region of the key: its endpoint is used, and STS of the same region.</summary>
    private static string RegionOf(KeyUseRequest request) =>
        request.Uri.Split(':').ElementAtOrDefault(3) ?? request.Region;

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
