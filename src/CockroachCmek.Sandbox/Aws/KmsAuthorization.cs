namespace CockroachCmek.Sandbox.Aws;

/// <summary>
/// Decides from the key policy and the caller's identity policies whether a caller is allowed to use KMS.
/// </summary>
internal sealed class KmsAuthorization(string accountId)
{
    /// <summary>What key policy and identity policies say together: Allow, Deny or None.</summary>
    public Verdict Judge(Caller caller, string action, KmsKey key)
    {
        var byKey = key.Policy.Evaluate(caller, action, key.Arn, new Dictionary<string, string>(), principal =>
            key.PolicyPrincipals.TryGetValue(principal, out var id) ? id : null
        );
        var byIdentity = caller.EvaluateIdentity(action, key.Arn);
        if (byKey == Verdict.Deny || byIdentity == Verdict.Deny)
            return Verdict.Deny;
        // In the key's own account a direct grant is enough. A grant to a whole account, or to another account, also
        // needs the caller's own policies.
        var isDirect = byKey == Verdict.Allow && caller.AccountId == accountId;
        return isDirect || (byKey != Verdict.None && byIdentity == Verdict.Allow) ? Verdict.Allow : Verdict.None;
    }

    /// <exception cref="AwsException">AccessDeniedException.</exception>
    public void Require(Caller caller, string operation, KmsKey key)
    {
        if (Judge(caller, "kms:" + operation, key) != Verdict.Allow)
            throw new AwsException(
                "AccessDeniedException",
                $"User: {caller.Arn} is not authorized to perform: kms:{operation} on resource: {key.Arn} "
                    + $"because no resource-based policy allows the kms:{operation} action"
            );
    }

    /// <summary>For operations that concern no existing key, identity policies decide alone.</summary>
    /// <exception cref="AwsException">AccessDeniedException.</exception>
    public static void RequireInAccount(Caller caller, string operation, string region)
    {
        if (caller.EvaluateIdentity("kms:" + operation, "*") != Verdict.Allow)
            throw new AwsException(
                "AccessDeniedException",
                $"User: {caller.Arn} is not authorized to perform: kms:{operation} in {region} "
                    + $"because no identity-based policy allows the kms:{operation} action"
            );
    }
}
