using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>Decides whether a caller is allowed to use KMS.</summary>
internal sealed class KmsAuthorization(SandboxClock clock, string accountId, AwsData data, AccessEvaluator access)
{
    /// <summary>What all policies and grants say together.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="operation">For example Decrypt.</param>
    /// <param name="key">The key.</param>
    /// <param name="body">The request, if there is one.</param>
    public AccessDecision Judge(Caller caller, string operation, KmsKey key, JsonObject? body = null) =>
        access.Decide(
            new AccessRequest(caller, "kms:" + operation, key.Arn, Context(caller, key, body))
            {
                ResourcePolicy = key.Policy,
                UniqueIds = key.PolicyPrincipals,
                IsGranted = data.Grants.Any(g => g.Key == key && g.Allows(caller, operation, body, clock.UtcNow)),
            }
        );

    /// <exception cref="AwsException">AccessDeniedException.</exception>
    public void Require(Caller caller, string operation, KmsKey key, JsonObject? body = null)
    {
        var decision = Judge(caller, operation, key, body);
        if (!decision.IsAllowed)
            throw new AwsException(
                "AccessDeniedException",
                access.Sentence(caller, "kms:" + operation, key.Arn, decision)
            );
    }

    /// <summary>For operations that concern no existing key, identity policies decide alone.</summary>
    /// <exception cref="AwsException">AccessDeniedException.</exception>
    public void RequireInAccount(Caller caller, string operation, string region, JsonObject? body = null)
    {
        var context = WithRequest(access.Context(caller, region).With("kms:CallerAccount", caller.AccountId), body);
        var decision = access.Decide(new AccessRequest(caller, "kms:" + operation, "*", context));
        if (!decision.IsAllowed)
            throw new AwsException("AccessDeniedException", access.Sentence(caller, "kms:" + operation, "*", decision));
    }

    /// <summary>
    /// Whether a caller could change a policy that is not in force yet: the policy must allow it, and the caller's own
    /// policies must not stand against it.
    /// </summary>
    public bool CouldPutPolicy(Caller caller, PolicyDocument policy, IReadOnlyDictionary<string, string> ids) =>
        access
            .Decide(
                new AccessRequest(
                    caller,
                    "kms:PutKeyPolicy",
                    $"arn:aws:kms:us-east-1:{accountId}:key/new",
                    access.Context(caller, "us-east-1").With("kms:CallerAccount", caller.AccountId)
                )
                {
                    ResourcePolicy = policy,
                    UniqueIds = ids,
                }
            )
            .IsAllowed;

    private RequestContext Context(Caller caller, KmsKey key, JsonObject? body)
    {
        var aliases = data.Aliases.Where(a => a.Value.Key == key).Select(a => a.Key.Alias).ToArray();
        var context = access
            .Context(caller, key.Region)
            .With("kms:CallerAccount", caller.AccountId)
            .With("kms:KeySpec", key.KeySpec)
            .With("kms:KeyUsage", key.KeyUsage)
            .With("kms:KeyOrigin", key.Origin)
            .With("kms:MultiRegion", key.MultiRegion ? "true" : "false")
            .With("kms:MultiRegionKeyType", key.MultiRegion ? [key.IsPrimary ? "PRIMARY" : "REPLICA"] : null)
            .With("kms:ResourceAliases", aliases.Length > 0 ? aliases : null)
            .With(key.Tags.Select(t => new KeyValuePair<string, string>("aws:ResourceTag/" + t.Key, t.Value)));
        return WithRequest(context, body);
    }

    private static RequestContext WithRequest(RequestContext context, JsonObject? body)
    {
        if (body is null)
            return context;
        if (body["EncryptionContext"] is JsonObject { Count: > 0 } encryption)
            context = context
                .With(
                    encryption.Select(p => new KeyValuePair<string, string>(
                        "kms:EncryptionContext:" + p.Key,
                        (string)p.Value!
                    ))
                )
                .With("kms:EncryptionContextKeys", [.. encryption.Select(p => p.Key)]);
        if (body["BypassPolicyLockoutSafetyCheck"] is { } bypass)
            context = context.With("kms:BypassPolicyLockoutSafetyCheck", (bool)bypass ? "true" : "false");
        if ((string?)body["GranteePrincipal"] is { } grantee)
            context = context.With("kms:GranteePrincipal", grantee).With("kms:GrantIsForAWSResource", "false");
        if ((string?)body["KeyId"] is { } id && id.Contains("alias/"))
            context = context.With("kms:RequestAlias", id.Substring(id.IndexOf("alias/", StringComparison.Ordinal)));
        return body["Tags"] is JsonArray tags
            ? context.With(
                tags.Select(t => new KeyValuePair<string, string>(
                    "aws:RequestTag/" + (string?)t!["TagKey"],
                    (string?)t["TagValue"] ?? ""
                ))
            )
            : context;
    }
}
