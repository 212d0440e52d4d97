namespace CockroachCmek.Core.Cmek;

/// <summary>How a write is sent.</summary>
internal sealed record WriteOptions
{
    /// <summary>How long to wait for a cluster that is busy with another operation.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromHours(2);

    /// <summary>
    /// False for a write that no key is needed for, such as a revocation: then no refusal can be about a grant.
    /// </summary>
    public bool NeedsKey { get; init; } = true;

    /// <summary>
    /// True when the role or a grant was created moments ago: a refusal of the key is then retried for <see
    /// cref="Propagation"/>. Otherwise it is final.
    /// </summary>
    public bool PrincipalsAreFresh { get; init; }

    /// <summary>
    /// How long a new grant may take to take effect: seconds on AWS, seven minutes or more on Google Cloud, up to ten
    /// on Azure (key-vault rbac-guide, "Known limits and performance").
    /// </summary>
    public TimeSpan Propagation { get; init; } = TimeSpan.FromMinutes(15);
}
