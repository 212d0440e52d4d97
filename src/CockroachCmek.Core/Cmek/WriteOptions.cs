namespace CockroachCmek.Core.Cmek;

/// <summary>How a write goes about it.</summary>
internal sealed record WriteOptions
{
    /// <summary>How long a cluster that is busy with something else is waited for.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromHours(2);

    /// <summary>True when the role or a grant was made moments ago: then a refusal of the key is tried again for <see cref="Propagation"/>. Otherwise a refusal is final at once.</summary>
    public bool PrincipalsAreFresh { get; init; }

    /// <summary>How long a fresh grant may take to arrive: seconds on AWS, seven minutes and more on Google Cloud, up to ten on Azure (key-vault rbac-guide, "Known limits and performance").</summary>
    public TimeSpan Propagation { get; init; } = TimeSpan.FromMinutes(15);
}
