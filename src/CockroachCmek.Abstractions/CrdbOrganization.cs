namespace CockroachCmek;

/// <summary>A CockroachDB Cloud organization, as <c>GET /api/v1/organization</c> returns it.</summary>
public sealed record CrdbOrganization
{
    /// <summary>UUID of the organization. On AWS, the external id of a cross-account role.</summary>
    public string Id { get; internal init; } = "";

    /// <summary>Display name.</summary>
    public string Name { get; internal init; } = "";

    /// <summary>The organization's label in console URLs.</summary>
    public string Label { get; internal init; } = "";

    /// <summary>When the organization was created, UTC.</summary>
    public DateTimeOffset? CreatedAt { get; internal init; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
