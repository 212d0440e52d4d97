namespace CockroachCmek;

/// <summary>
/// The identity in the customer's cloud through which CockroachDB Cloud uses the key: on AWS a cross-account IAM role,
/// on Google Cloud a service account, on Azure an enterprise application.
/// </summary>
public sealed record CmekRole : IPlannable
{
    /// <summary>The cluster that the identity serves.</summary>
    public CrdbCluster Cluster { get; internal init; } = new();

    /// <summary>UUID of the cluster.</summary>
    public string ClusterId => Cluster.Id;

    /// <summary>Name of the cluster.</summary>
    public string ClusterName => Cluster.Name;

    /// <summary>AWS, GCP or AZURE.</summary>
    public string CloudProvider => Cluster.CloudProvider;

    /// <summary>Name of the identity in the customer's cloud.</summary>
    public string Name { get; internal init; } = "";

    /// <summary>
    /// The identity's <c>auth_principal</c> in a manifest: on AWS the role ARN, on Google Cloud the e-mail address of
    /// the service account, on Azure the tenant id.
    /// </summary>
    public string AuthPrincipal { get; internal init; } = "";

    /// <summary>AWS: the external id that the trust policy requires, which is the organization's id.</summary>
    public string ExternalId { get; internal init; } = "";

    /// <summary>
    /// The principal of Cockroach Labs that may use the identity. On Azure the cluster's application id.
    /// </summary>
    public string TrustedPrincipal { get; internal init; } = "";

    /// <summary>
    /// Azure: object id of the service principal that is granted access to keys; empty while there is none.
    /// </summary>
    public string PrincipalId { get; internal init; } = "";

    /// <summary>
    /// Azure: the page on which an administrator consents to the cluster's application. Null on other clouds.
    /// </summary>
    public Uri? ConsentUrl { get; internal init; }

    /// <summary>
    /// Who may act as the identity, for people. Get-CrdbCmekRole reads it; elsewhere empty.
    /// </summary>
    public string Trust { get; internal init; } = "";

    /// <summary>
    /// True when CockroachDB Cloud may act as the identity for this cluster, and nobody else may. False when Trust
    /// names
    /// a difference, null when it is not known. Get-CrdbCmekRole reads it.
    /// </summary>
    public bool? IsTrustExact { get; internal init; }

    /// <summary>
    /// Google Cloud, Azure: Enabled or Disabled. Empty on AWS, where a role has no state, and where it was not read.
    /// </summary>
    public string State { get; internal init; } = "";

    /// <summary>
    /// The cluster's keys whose use the identity is granted, as far as could be read. Get-CrdbCmekRole reads it.
    /// </summary>
    public IReadOnlyList<string> GrantedKeys
    {
        get;
        internal init => field = value.AsCmekList();
    } = CmekList<string>.None;

    /// <summary>AWS: when the role was created, UTC. Get-CrdbCmekRole reads it.</summary>
    public DateTimeOffset? CreatedAt { get; internal init; }

    /// <summary>
    /// AWS: when IAM last saw the role used, UTC. IAM reports it late, and forgets it after 400 days. Null when IAM
    /// reports none.
    /// </summary>
    public DateTimeOffset? LastUsedAt { get; internal init; }

    /// <summary>What this run did.</summary>
    public CmekOutcome Outcome { get; internal init; }

    /// <summary>
    /// True when the identity does not exist yet. Cmdlets further down the pipeline then plan too, and write nothing.
    /// </summary>
    public bool IsPlanned => Outcome == CmekOutcome.Planned;

    /// <inheritdoc/>
    public override string ToString() => AuthPrincipal;
}
