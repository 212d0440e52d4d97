namespace CockroachCmek.Sandbox.Cloud;

/// <summary>
/// What the sandbox's CockroachDB does with a customer's key: it takes on the customer's identity and wraps or unwraps its store key,
/// as the real service would. One implementation for each cloud.
/// </summary>
public interface IKeyUser
{
    /// <summary>Wraps a store key. A refusal carries the sentence that the user gets to read.</summary>
    KeyUse Wrap(KeyUseRequest request, byte[] storeKey);

    /// <summary>Unwraps what <see cref="Wrap"/> gave.</summary>
    KeyUse Unwrap(KeyUseRequest request, byte[] wrapped);
}

/// <summary>Who uses which key: as the Cloud API was told, plus what CockroachDB Cloud knows of itself.</summary>
public sealed record KeyUseRequest(
    string Uri,
    string AuthPrincipal,
    string OrganizationId,
    string ClusterId,
    string AccountId,
    string Region
);

/// <summary>The outcome: the bytes, or the reason why not.</summary>
public sealed record KeyUse(byte[]? Bytes, string? Refusal)
{
    /// <summary>True when the key could be used.</summary>
    public bool Succeeded => Refusal is null;
}
