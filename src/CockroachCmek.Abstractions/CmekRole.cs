namespace CockroachCmek;

/// <summary>The identity in the customer's own cloud through which CockroachDB Cloud uses the key: on AWS a cross-account IAM role, on Azure an enterprise application.</summary>
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

    /// <summary>What a manifest carries as <c>auth_principal</c>: on AWS the ARN of the role, on Azure the tenant id.</summary>
    public string AuthPrincipal { get; internal init; } = "";

    /// <summary>AWS: the external id that the trust policy asks for, which is the organization's id.</summary>
    public string ExternalId { get; internal init; } = "";

    /// <summary>The principal of Cockroach Labs that may use the identity; on Azure the application id of the cluster's identity.</summary>
    public string TrustedPrincipal { get; internal init; } = "";

    /// <summary>Azure: object id of the service principal, to which access to keys is granted; empty while there is none.</summary>
    public string PrincipalId { get; internal init; } = "";

    /// <summary>Azure: the page on which an administrator of the tenant lets the cluster's application in; null elsewhere.</summary>
    public Uri? ConsentUrl { get; internal init; }

    /// <summary>What this run did.</summary>
    public CmekOutcome Outcome { get; internal init; }

    /// <summary>True when the identity does not exist yet: cmdlets further down the pipe then plan too, and write nothing.</summary>
    public bool IsPlanned => Outcome == CmekOutcome.Planned;

    /// <inheritdoc/>
    public override string ToString() => AuthPrincipal;
}
