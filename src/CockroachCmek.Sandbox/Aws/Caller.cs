namespace CockroachCmek.Sandbox.Aws;

/// <summary>Who sends a request: the names that a policy may use for them, and what conditions look at.</summary>
internal sealed record Caller(string AccountId, string Arn, string? UniqueId)
{
    private static readonly Dictionary<string, string> NoContext = [];

    /// <summary>The role of a role session; the same as <see cref="Arn"/> for anybody else.</summary>
    public string PrincipalArn { get; init; } = Arn;

    /// <summary>What the caller's own account allows.</summary>
    public IReadOnlyList<PolicyDocument> IdentityPolicies { get; init; } = [];

    /// <summary>What all identity policies say together: Deny wins, then Allow; otherwise None.</summary>
    public Verdict EvaluateIdentity(string action, string resource, IReadOnlyDictionary<string, string>? context = null)
    {
        var verdicts = IdentityPolicies
            .Select(p => p.Evaluate(this, action, resource, context ?? NoContext, _ => null))
            .ToList();
        return verdicts.Contains(Verdict.Deny) ? Verdict.Deny
            : verdicts.Contains(Verdict.Allow) ? Verdict.Allow
            : Verdict.None;
    }
}
