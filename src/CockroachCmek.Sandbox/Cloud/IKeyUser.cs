namespace CockroachCmek.Sandbox.Cloud;

/// <summary>
/// How the sandbox's CockroachDB uses a customer's key: it assumes the customer's identity, then wraps or unwraps its
/// store key, as the real service does. There is one implementation for each cloud.
/// </summary>
public interface IKeyUser
{
    /// <summary>Wraps a store key. A refusal carries the sentence that the user reads.</summary>
    KeyUse Wrap(KeyUseRequest request, byte[] storeKey);

    /// <summary>Unwraps what <see cref="Wrap"/> returned.</summary>
    KeyUse Unwrap(KeyUseRequest request, byte[] wrapped);
}

/// <summary>Which key is used by whom: the region spec that the Cloud API received, and the cluster.</summary>
public sealed record KeyUseRequest(
    string Uri,
    string AuthPrincipal,
    string OrganizationId,
    string ClusterId,
    string AccountId,
    string Region
)
{
    /// <summary>
    /// When the key is used, for the customer's logs: an operation may have been due a while ago. Null: now.
    /// </summary>
    public DateTimeOffset? At { get; init; }
}

/// <summary>The bytes, or the reason why the key could not be used.</summary>
public sealed record KeyUse(byte[]? Bytes, string? Refusal)
{
    /// <summary>True when the key could be used.</summary>
    public bool Succeeded => Refusal is null;
}
