namespace CockroachCmek.Core.Access;

/// <summary>
/// Who may use a key: the one reading from which import, checks, grants, revocation, restoration and the access review
/// take their answers.
/// </summary>
internal sealed record KeyAccess
{
    /// <summary>The key.</summary>
    public required string Key { get; init; }

    /// <summary>The identity that was asked about: the one through which CockroachDB Cloud uses the key.</summary>
    public required string Principal { get; init; }

    /// <summary>Whether the identity may use the key.</summary>
    public required CmekAccessVerdict Verdict { get; init; }

    /// <summary>The actions or permissions that are missing or denied.</summary>
    public IReadOnlyList<string> Missing { get; init; } = [];

    /// <summary>What allows the identity to use the key, wherever it stands.</summary>
    public IReadOnlyList<AccessGrant> Grants { get; init; } = [];

    /// <summary>What denies it, for example "statement 'x' of the key policy denies kms:Decrypt".</summary>
    public IReadOnlyList<string> Denials { get; init; } = [];

    /// <summary>
    /// What the verdict depends on and only the cloud can see: condition keys, conditions, or "Principal".
    /// </summary>
    public IReadOnlyList<string> Conditions { get; init; } = [];

    /// <summary>Access beyond what CMEK needs, of the identity and of others.</summary>
    public IReadOnlyList<WiderAccess> Wider { get; init; } = [];

    /// <summary>What lets everybody use the key. Taking the identity's access away does not end it.</summary>
    public IReadOnlyList<WiderAccess> OpenUse => IsUnusable ? [] : [.. Wider.Where(w => w.IsOpen && w.IsUse)];

    /// <summary>True when nobody can use the key, whatever is allowed: it is deleted, or about to be.</summary>
    public bool IsUnusable { get; init; }

    /// <summary>
    /// What stands in the way of a change or of the use: locks, boundaries, organization policies.
    /// </summary>
    public IReadOnlyList<string> Obstacles { get; init; } = [];

    /// <summary>Identities in the policy that were deleted. Some clouds refuse to write a policy with them.</summary>
    public IReadOnlyList<string> Stale { get; init; } = [];

    /// <summary>The key's own policy, when it could not be read; null when it was.</summary>
    public UnreadPlace? UnreadPolicy { get; init; }

    /// <summary>What could not be read, and what that needs.</summary>
    public IReadOnlyList<UnreadPlace> Unread { get; init; } = [];

    /// <summary>True when nothing is left through which the identity could use the key, as far as was read.</summary>
    public bool IsGone => Verdict is CmekAccessVerdict.NotGranted or CmekAccessVerdict.Denied;
}

/// <summary>One place that allows the identity to use the key.</summary>
internal sealed record AccessGrant
{
    /// <summary>Where it stands, for people: "the key policy", "project crdb-prod", "Key Vault kv-1".</summary>
    public required string Place { get; init; }

    /// <summary>Through what: the Sid of a statement, the name of a role, the id of a grant.</summary>
    public required string Through { get; init; }

    /// <summary>Whom it names: the identity itself, a group, an account, everybody.</summary>
    public required string Principal { get; init; }

    /// <summary>Its condition, for people; null when it has none.</summary>
    public string? Condition { get; init; }

    /// <summary>True when it applies to this key alone; false when it also applies to others.</summary>
    public bool IsOnKey { get; init; }

    /// <summary>True when it names the identity, so that it can be removed without harm to others.</summary>
    public bool IsRemovable { get; init; }

    /// <summary>The command that removes it, for people; empty when the module does it.</summary>
    public string RemoveCommand { get; init; } = "";
}

/// <summary>Access that is wider than CMEK needs.</summary>
/// <param name="Who">Whose: the identity, another account, "anybody".</param>
/// <param name="What">What is allowed, for people.</param>
/// <param name="Place">Where it is allowed, for people.</param>
/// <param name="IsConditional">It is allowed under a condition only.</param>
internal sealed record WiderAccess(string Who, string What, string Place, bool IsConditional = false)
{
    /// <summary>True when the use of the key is surely among what is allowed.</summary>
    public bool IsUse { get; init; }

    /// <summary>What <see cref="Who"/> starts with when it is everybody, inside the account or out.</summary>
    public const string Anybody = "anybody";

    /// <summary>True when everybody has the access, whatever else is in the request.</summary>
    public bool IsOpen => !IsConditional && Who.StartsWith(Anybody, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => $"{Who}: {What} ({Place}{(IsConditional ? ", under a condition" : "")})";
}

/// <summary>Something that could not be read, so that what stands there is unknown.</summary>
/// <param name="Place">What: "the identity policies of the role x".</param>
/// <param name="Permission">The permission that reading it needs.</param>
/// <param name="Command">A command that shows it to somebody who has the permission.</param>
internal sealed record UnreadPlace(string Place, string Permission, string Command)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Place} (needs {Permission})";
}
