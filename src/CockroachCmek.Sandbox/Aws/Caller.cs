namespace CockroachCmek.Sandbox.Aws;

/// <summary>Who sends a request: the names that a policy may use for them, and what conditions look at.</summary>
internal sealed record Caller(string AccountId, string Arn, string? UniqueId)
{
    /// <summary>The role of a role session; the same as <see cref="Arn"/> for anybody else.</summary>
    public string PrincipalArn { get; init; } = Arn;

    /// <summary>What the caller's own account allows.</summary>
    public IReadOnlyList<NamedPolicy> IdentityPolicies { get; init; } = [];

    /// <summary>The most that identity policies may allow; null for no limit.</summary>
    public NamedPolicy? Boundary { get; init; }

    /// <summary>Condition keys of the caller's requests that the sandbox was told.</summary>
    public IReadOnlyDictionary<string, string> Keys { get; init; } = new Dictionary<string, string>();

    public bool IsSession => PrincipalArn != Arn;
}

/// <summary>A policy and its ARN; an inline policy has none.</summary>
internal sealed record NamedPolicy(PolicyDocument Document, string? Arn);
