namespace CockroachCmek.Sandbox.Aws;

/// <summary>A role of the customer's account.</summary>
internal sealed class IamRole(string name, string path, string arn, string uniqueId, DateTimeOffset created)
{
    public string Name { get; } = name;
    public string Path { get; } = path;
    public string Arn { get; } = arn;
    public string UniqueId { get; } = uniqueId;
    public DateTimeOffset Created { get; } = created;
    public string Description { get; set; } = "";

    /// <summary>When somebody last acted as the role; null for never.</summary>
    public DateTimeOffset? LastUsed { get; set; }
    public int MaxSessionDuration { get; set; } = 3600;
    public required PolicyDocument Trust { get; set; }

    /// <summary>The ARNs in the trust policy, with the unique ids that they stood for when it was written.</summary>
    public IReadOnlyDictionary<string, string> TrustPrincipals { get; set; } = new Dictionary<string, string>();

    /// <summary>ARN of the policy that limits the role; null for none.</summary>
    public string? Boundary { get; set; }
    public SortedDictionary<string, string> Tags { get; } = new(StringComparer.Ordinal);
    public SortedDictionary<string, PolicyDocument> Inline { get; } = new(StringComparer.Ordinal);
    public SortedSet<string> Attached { get; } = new(StringComparer.Ordinal);
}

/// <summary>A user of the customer's account.</summary>
internal sealed class IamUser(string uniqueId)
{
    public string UniqueId { get; } = uniqueId;

    public SortedDictionary<string, PolicyDocument> Policies { get; } = new(StringComparer.Ordinal);
}
