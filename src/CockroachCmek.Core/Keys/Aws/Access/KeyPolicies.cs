using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Aws.Access;

/// <summary>A policy and what it is called.</summary>
/// <param name="Place">For people: "the identity policy 'x' of the role".</param>
internal sealed record NamedPolicy(string Place, PolicyText Policy);

/// <summary>A grant of KMS.</summary>
/// <param name="Operations">What it allows, without the prefix: Decrypt, CreateGrant, …</param>
/// <param name="IsConstrained">It allows this under an encryption context only.</param>
/// <param name="CreatedAt">Since when; null when KMS does not tell.</param>
internal sealed record KmsGrant(
    string Id,
    string Grantee,
    IReadOnlyList<string> Operations,
    bool IsConstrained = false,
    DateTimeOffset? CreatedAt = null
);

/// <summary>What the policies of the role are: of itself, not of the key.</summary>
internal sealed record RolePolicies
{
    /// <summary>A role without policies.</summary>
    public static RolePolicies None { get; } = new();

    /// <summary>Its inline and managed policies.</summary>
    public IReadOnlyList<NamedPolicy> Identity { get; init; } = [];

    /// <summary>Policies that could not be read: they may allow or deny anything.</summary>
    public IReadOnlyList<UnreadPlace> Unread { get; init; } = [];

    /// <summary>Its permissions boundary; null when it has none.</summary>
    public NamedPolicy? Boundary { get; init; }

    /// <summary>It may have a boundary that could not be read.</summary>
    public UnreadPlace? UnreadBoundary { get; init; }
}

/// <summary>Everything that decides who may use a key, as far as it was read.</summary>
internal sealed record KeyPolicies
{
    /// <summary>The key policy.</summary>
    public required PolicyText Key { get; init; }

    /// <summary>The key policy could not be read: <see cref="Key"/> is empty. It may allow or deny anything.</summary>
    public UnreadPlace? UnreadKey { get; init; }

    /// <summary>The policies of the role.</summary>
    public RolePolicies Role { get; init; } = RolePolicies.None;

    /// <summary>Resource control policies above the key.</summary>
    public IReadOnlyList<NamedPolicy> ResourceControl { get; init; } = [];

    /// <summary>The key's grants.</summary>
    public IReadOnlyList<KmsGrant> Grants { get; init; } = [];

    /// <summary>The grants could not be read; a grant can only allow.</summary>
    public UnreadPlace? UnreadGrants { get; init; }
}
