namespace CockroachCmek;

/// <summary>A session with CockroachDB Cloud. It contains no secret: the API key stays inside the module.</summary>
public sealed class CrdbSession
{
    /// <summary>Number of the session in this process.</summary>
    public int Id { get; internal init; }

    /// <summary>Base address of the API.</summary>
    public Uri Endpoint { get; internal init; } = new("https://cockroachlabs.cloud/");

    /// <summary>The version of the API (Cc-Version) that every request asks for.</summary>
    public string ApiVersion { get; internal init; } = "";

    /// <summary>UUID of the organization; null when the API key is not allowed to read it.</summary>
    public string? OrganizationId { get; internal init; }

    /// <summary>Name of the organization; null when the API key is not allowed to read it.</summary>
    public string? OrganizationName { get; internal init; }

    /// <summary>True when the session is connected to a sandbox on this machine.</summary>
    public bool IsSandbox { get; internal init; }

    /// <summary>
    /// True when the session reaches the customer's own clouds only: nothing is sent to CockroachDB Cloud.
    /// </summary>
    public bool IsKmsOnly { get; internal init; }

    /// <summary>When the session was opened, UTC.</summary>
    public DateTimeOffset ConnectedAt { get; internal init; }

    /// <inheritdoc/>
    public override string ToString() =>
        IsKmsOnly ? "the customer's clouds only" : $"{OrganizationName ?? "CockroachDB Cloud"} at {Endpoint.Authority}";
}
