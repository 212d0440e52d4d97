namespace CockroachCmek;

/// <summary>A key in the customer's KMS, for one region of one cluster, together with the identity that may use it.</summary>
public sealed record CmekKey : IPlannable
{
    /// <summary>The cluster that the key is for.</summary>
    public CrdbCluster Cluster { get; internal init; } = new();

    /// <summary>UUID of the cluster.</summary>
    public string ClusterId => Cluster.Id;

    /// <summary>Name of the cluster.</summary>
    public string ClusterName => Cluster.Name;

    /// <summary>AWS, GCP or AZURE.</summary>
    public string CloudProvider => Cluster.CloudProvider;

    /// <summary>The cluster's region that uses the key.</summary>
    public string Region { get; internal init; } = "";

    /// <summary>AWS_KMS, GCP_CLOUD_KMS or AZURE_KEY_VAULT.</summary>
    public string KeyType { get; internal init; } = "";

    /// <summary>What a manifest carries as <c>uri</c>: on AWS the ARN of the key. Of a planned key, where it will be found (on AWS the ARN of its alias).</summary>
    public string KeyUri { get; internal init; } = "";

    /// <summary>What a manifest carries as <c>auth_principal</c>.</summary>
    public string AuthPrincipal { get; internal init; } = "";

    /// <summary>The name people know it by: on AWS the alias.</summary>
    public string Name { get; internal init; } = "";

    /// <summary>Where the key lives in the KMS: on AWS its region.</summary>
    public string Location { get; internal init; } = "";

    /// <summary>AWS: whether the key is a multi-region key.</summary>
    public bool IsMultiRegion { get; internal init; }

    /// <summary>AWS multi-region keys: true for the primary, false for a replica.</summary>
    public bool IsPrimary { get; internal init; }

    /// <summary>The KMS's own word for the key's state, for example Enabled.</summary>
    public string State { get; internal init; } = "";

    /// <summary>Days between automatic rotations by the KMS, as this run was asked for and found or set; null when it was not asked for.</summary>
    public int? RotationPeriodInDays { get; internal init; }

    /// <summary>What this run did.</summary>
    public CmekOutcome Outcome { get; internal init; }

    /// <summary>True when the key does not exist yet: cmdlets further down the pipe then plan too, and write nothing.</summary>
    public bool IsPlanned => Outcome == CmekOutcome.Planned;

    /// <inheritdoc/>
    public override string ToString() => KeyUri;
}

/// <summary>What must be granted on a key so that CockroachDB Cloud can use it, for people who hand it to the key's administrator.</summary>
public sealed record CmekKeyPolicy
{
    /// <summary>UUID of the cluster.</summary>
    public string ClusterId { get; internal init; } = "";

    /// <summary>Name of the cluster.</summary>
    public string ClusterName { get; internal init; } = "";

    /// <summary>AWS, GCP or AZURE.</summary>
    public string CloudProvider { get; internal init; } = "";

    /// <summary>The key that the policy is for; empty when it is for a key that is still to be made.</summary>
    public string KeyUri { get; internal init; } = "";

    /// <summary>The identity that is granted the use of the key.</summary>
    public string AuthPrincipal { get; internal init; } = "";

    /// <summary>The whole policy document, in the cloud's own JSON.</summary>
    public string Policy { get; internal init; } = "";

    /// <summary>The statement that matters to CockroachDB alone, in the cloud's own JSON.</summary>
    public string Statement { get; internal init; } = "";

    /// <summary>Lines for the cloud's own command-line tool that bring the policy about.</summary>
    public IReadOnlyList<string> Commands
    {
        get;
        internal init => field = value.AsArray();
    } = [];

    /// <inheritdoc/>
    public override string ToString() => Policy;
}
