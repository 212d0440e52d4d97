using System.Globalization;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>
/// Decides a request from every policy that has a say: of the organization, the resource, the caller and its
/// permissions boundary, and KMS grants. Source: the IAM user guide, "Policy evaluation logic".
/// </summary>
internal sealed class AccessEvaluator(SandboxClock clock, string accountId, AwsData data)
{
    /// <summary>The condition keys that every request has.</summary>
    public RequestContext Context(Caller caller, string region) =>
        new RequestContext()
            .With("aws:SecureTransport", "true")
            .With("aws:CurrentTime", clock.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture))
            .With("aws:EpochTime", clock.UtcNow.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture))
            .With("aws:SourceIp", "127.0.0.1")
            .With("aws:RequestedRegion", region)
            .With("aws:ViaAWSService", "false")
            .With("aws:PrincipalIsAWSService", "false")
            .With("aws:PrincipalArn", caller.PrincipalArn)
            .With("aws:PrincipalAccount", caller.AccountId)
            .With("aws:PrincipalType", caller.IsSession ? "AssumedRole" : "User")
            .With("aws:userid", caller.UniqueId is { } id ? [caller.IsSession ? $"{id}:{Name(caller.Arn)}" : id] : null)
            .With("aws:username", caller.IsSession ? null : [Name(caller.Arn)])
            .With("aws:MultiFactorAuthPresent", caller.IsSession ? ["false"] : null)
            .With("aws:PrincipalOrgID", caller.AccountId == accountId && data.OrganizationId is { } own ? [own] : null)
            .With("aws:ResourceAccount", accountId)
            .With("aws:ResourceOrgID", data.OrganizationId is { } organization ? [organization] : null)
            .With(caller.Keys);

    public AccessDecision Decide(AccessRequest request)
    {
        var byResource = request.ResourcePolicy?.Evaluate(
            request.Caller,
            request.Action,
            request.Resource,
            request.Context,
            principal => request.UniqueIds.TryGetValue(principal, out var id) ? id : null
        )
            ?? Verdict.None;
        if (Denial(request, byResource) is { } denial)
            return new AccessDecision("with an explicit deny in " + denial, IsDenied: true);

        var byIdentity = request.Caller.IdentityPolicies.Any(p => Evaluate(p, request) == Verdict.Allow);
        var isOwn = request.Caller.AccountId == accountId;
        if (byResource == Verdict.AllowDirectly && isOwn)
            return AccessDecision.Allowed;
        // In the resource's own account a grant to the caller is enough. A grant to a whole account, or to another
        // account, also needs the caller's own policies.
        var isDirect = isOwn && (byResource == Verdict.Allow || request.IsGranted);
        var isByBoth = byIdentity && (request.ResourcePolicy is null || byResource != Verdict.None);
        if (!isDirect && !isByBoth)
            return Refused(request, byResource);
        return request.Caller.Boundary is not { } boundary || Evaluate(boundary, request) == Verdict.Allow
            ? AccessDecision.Allowed
            : Refused(request, "permissions boundary");
    }

    /// <summary>The error of IAM and STS for a refused request. Another account learns no reason.</summary>
    public AwsException Refuse(Caller caller, string action, string resource, AccessDecision decision, string owner) =>
        new("AccessDenied", Sentence(caller, action, resource, caller.AccountId == owner ? decision : null), 403);

    /// <summary>The sentence of a refusal.</summary>
    /// <param name="caller">Who is refused.</param>
    /// <param name="action">What is refused.</param>
    /// <param name="resource">On what.</param>
    /// <param name="decision">Null for no reason.</param>
    public string Sentence(Caller caller, string action, string resource, AccessDecision? decision)
    {
        var sentence = $"User: {caller.Arn} is not authorized to perform: {action} on resource: {resource}";
        return decision is null || data.RefusalText == AwsRefusalText.None || decision.Refusal is not { Length: > 0 }
            ? sentence
            : $"{sentence} {decision.Refusal}";
    }

    /// <summary>Which policy denies the request, or null.</summary>
    private string? Denial(AccessRequest request, Verdict byResource)
    {
        if (request.Caller.AccountId == accountId && Denies(data.ServiceControlPolicies, request) is { } service)
            return Named("a service control policy", service);
        if (Denies(data.ResourceControlPolicies, request) is { } resource)
            return Named("a resource control policy", resource);
        if (byResource == Verdict.Deny)
            return $"{(request.ResourcePolicyType == "role trust policy" ? "the" : "a")} {request.ResourcePolicyType}";
        if (Denies(request.Caller.IdentityPolicies, request) is { } identity)
            return Named("an identity-based policy", identity);
        return request.Caller.Boundary is { } boundary && Evaluate(boundary, request) == Verdict.Deny
            ? Named("a permissions boundary", boundary)
            : null;
    }

    private string Named(string type, NamedPolicy policy) =>
        data.RefusalText == AwsRefusalText.PolicyArn && policy.Arn is not null ? $"{type}: {policy.Arn}" : type;

    private static NamedPolicy? Denies(IEnumerable<NamedPolicy> policies, AccessRequest request) =>
        policies.FirstOrDefault(p => Evaluate(p, request) == Verdict.Deny);

    private static Verdict Evaluate(NamedPolicy policy, AccessRequest request) =>
        policy.Document.Evaluate(request.Caller, request.Action, request.Resource, request.Context, _ => null);

    private static AccessDecision Refused(AccessRequest request, Verdict byResource) =>
        Refused(
            request,
            request.ResourcePolicy is not null && byResource == Verdict.None
                ? request.ResourcePolicyType
                : "identity-based policy"
        );

    private static AccessDecision Refused(AccessRequest request, string type) =>
        new($"because no {type} allows the {request.Action} action", IsDenied: false);

    private static string Name(string arn) => arn.Split('/').Last();
}
