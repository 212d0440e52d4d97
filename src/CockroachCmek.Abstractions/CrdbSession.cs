namespace CockroachCmek;

/// <summary>A connection to CockroachDB Cloud. It holds no secret: the API key stays inside the module.</summary>
public sealed class CrdbSession
{
    /// <summary>Number that tells sessions of one process apart.</summary>
    public int Id { get; internal init; }

    /// <summary>Base address of the API.</summary>
    public Uri Endpoint { get; internal init; } = new("https://cockroachlabs.cloud/");

    /// <summary>The Cc-Version that every request carries.</summary>
    public string ApiVersion { get; internal init; } = "";

    /// <summary>UUID of the organization; null when the API key may not read it.</summary>
    public string? OrganizationId { get; internal init; }

    /// <summary>Name of the organization; null when the API key may not read it.</summary>
    public string? OrganizationName { get; internal init; }

    /// <summary>True when the session talks to a sandbox on this machine.</summary>
    public bool IsSandbox { get; internal init; }

    /// <summary>When the session was made, UTC.</summary>
    public DateTimeOffset ConnectedAt { get; internal init; }

    /// <inheritdoc/>
    public override string ToString() => $"{OrganizationName ?? "CockroachDB Cloud"} at {Endpoint.Authority}";
}
