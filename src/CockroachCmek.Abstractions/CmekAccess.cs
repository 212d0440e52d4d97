namespace CockroachCmek;

/// <summary>Whether an identity can use a key.</summary>
public enum CmekAccessVerdict : long
{
    /// <summary>Everything that is needed is allowed, whatever else is in the request.</summary>
    Granted,

    /// <summary>It depends on something that only the cloud can see when the key is used.</summary>
    Conditional,

    /// <summary>Something that could not be read may allow or deny it.</summary>
    Unknown,

    /// <summary>Something that is needed is not allowed.</summary>
    NotGranted,

    /// <summary>Something that is needed is denied, whatever else allows it.</summary>
    Denied,
}

/// <summary>What an identity can do with a key.</summary>
[Flags]
public enum CmekAccessRights : long
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Encrypt or decrypt with the key.</summary>
    Use = 1,

    /// <summary>Change the key: enable, disable, rotate, tag, import.</summary>
    Administer = 2,

    /// <summary>Delete the key, or schedule its deletion.</summary>
    Delete = 4,

    /// <summary>Change who has access to the key.</summary>
    Grant = 8,
}

/// <summary>One line of an access review: what an identity can do with a key, and through what.</summary>
public sealed record CmekAccess
{
    /// <summary>UUID of the cluster.</summary>
    public string ClusterId { get; internal init; } = "";

    /// <summary>Name of the cluster.</summary>
    public string ClusterName { get; internal init; } = "";

    /// <summary>The region that uses the key.</summary>
    public string Region { get; internal init; } = "";

    /// <summary>The key: an ARN, a resource name or a URI.</summary>
    public string KeyUri { get; internal init; } = "";

    /// <summary>A short name of the key, for tables: what tells it apart from others.</summary>
    public string KeyName => KeyNames.Short(KeyUri);

    /// <summary>True for a key that the region used before, and that older data and backups still need.</summary>
    public bool IsPast { get; internal init; }

    /// <summary>
    /// Who: an ARN, a member or an object id, as the cloud writes it; empty when it could not be read.
    /// </summary>
    public string Principal { get; internal init; } = "";

    /// <summary>What the identity can do.</summary>
    public CmekAccessRights Rights { get; internal init; }

    /// <summary>How sure that is.</summary>
    public CmekAccessVerdict Verdict { get; internal init; }

    /// <summary>Where the access is granted, for example the key policy, a project or a Key Vault.</summary>
    public string Place { get; internal init; } = "";

    /// <summary>Through what: a statement, a role or a grant.</summary>
    public string Through { get; internal init; } = "";

    /// <summary>The condition under which it applies, or what could not be read; empty when there is none.</summary>
    public string Condition { get; internal init; } = "";

    /// <summary>When the access was granted; null when the cloud does not report it.</summary>
    public DateTimeOffset? Since { get; internal init; }

    /// <summary>
    /// True for the cluster's own identity, for the account or project that owns the key, and for the identities that
    /// were named as expected.
    /// </summary>
    public bool IsExpected { get; internal init; }

    /// <summary>What the identity can do beyond what it needs; empty when nothing.</summary>
    public IReadOnlyList<string> Excess
    {
        get;
        internal init => field = value.AsCmekList();
    } = CmekList<string>.None;

    /// <summary>True when the identity can do more than it needs.</summary>
    public bool IsMoreThanNeeded => Excess.Count > 0;

    /// <inheritdoc/>
    public override string ToString() => $"{Principal}: {Rights} ({Verdict})";
}
