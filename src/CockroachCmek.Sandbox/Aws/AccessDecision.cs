namespace CockroachCmek.Sandbox.Aws;

/// <summary>A question: may the caller do this?</summary>
internal sealed record AccessRequest(Caller Caller, string Action, string Resource, RequestContext Context)
{
    /// <summary>The key policy or trust policy; null where identity policies decide alone.</summary>
    public PolicyDocument? ResourcePolicy { get; init; }

    /// <summary>
    /// The ARNs in <see cref="ResourcePolicy"/>, with the unique ids that they stood for when it was written.
    /// </summary>
    public IReadOnlyDictionary<string, string> UniqueIds { get; init; } = new Dictionary<string, string>();

    /// <summary>A grant on the key allows it.</summary>
    public bool IsGranted { get; init; }

    /// <summary>What refusals call <see cref="ResourcePolicy"/>.</summary>
    public string ResourcePolicyType { get; init; } = "resource-based policy";
}

/// <summary>The response to an <see cref="AccessRequest"/>.</summary>
/// <param name="Refusal">Why not, in AWS's words; null when it is allowed.</param>
/// <param name="IsDenied">A policy denies it explicitly.</param>
internal sealed record AccessDecision(string? Refusal, bool IsDenied)
{
    public static AccessDecision Allowed { get; } = new(null, false);

    public bool IsAllowed => Refusal is null;
}
