using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Session;

/// <summary>The input for a new session.</summary>
/// <param name="Endpoint">Address of the API; null for CockroachDB Cloud.</param>
/// <param name="ApiKey">Secret key of the service account.</param>
internal sealed record SessionRequest(Uri? Endpoint, Secret ApiKey)
{
    /// <summary>Reach the customer's own clouds only: nothing is sent to CockroachDB Cloud.</summary>
    public bool KmsOnly { get; init; }

    /// <summary>Version of the API; null for the one that this module was written for.</summary>
    public string? ApiVersion { get; init; }

    /// <summary>UUID of the organization, for an API key that is not allowed to read it.</summary>
    public string? OrganizationId { get; init; }

    /// <summary>Parameters of Connect-CrdbCloud that belong to one cloud or to HashiCorp Vault.</summary>
    public CloudOptions Options { get; init; } = CloudOptions.None;
}
