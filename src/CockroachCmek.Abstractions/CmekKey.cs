namespace CockroachCmek;

/// <summary>A key in the customer's KMS, for one region of a cluster, with the identity that may use it.</summary>
public sealed record CmekKey : IPlannable
{
    /// <summary>The cluster that the key belongs to.</summary>
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

    /// <summary>
    /// The key's <c>uri</c> in a manifest: on AWS the key ARN. For a planned key, the name that it will have (on AWS
    /// the ARN of its alias).
    /// </summary>
    public string KeyUri { get; internal init; } = "";

    /// <summary>A short name of the key, for tables: what tells it apart from others.</summary>
    public string KeyName => KeyNames.Short(KeyUri);

    /// <summary>The identity's <c>auth_principal</c> in a manifest.</summary>
    public string AuthPrincipal { get; internal init; } = "";

    /// <summary>The key's name for people: on AWS the alias.</summary>
    public string Name { get; internal init; } = "";

    /// <summary>Location of the key in the KMS: on AWS its region.</summary>
    public string Location { get; internal init; } = "";

    /// <summary>AWS: whether the key is a multi-region key.</summary>
    public bool IsMultiRegion { get; internal init; }

    /// <summary>AWS multi-region keys: true for the primary, false for a replica.</summary>
    public bool IsPrimary { get; internal init; }

    /// <summary>
    /// The key's state in the KMS, written alike for every cloud: Enabled, Disabled, PendingDeletion, DestroyScheduled,
    /// Deleted (soft deleted), … NotFound when the KMS has no such key. Empty when it was not read.
    /// </summary>
    public string State { get; internal init; } = "";

    /// <summary>Where the material comes from. Unknown for a planned key of which nothing is known yet.</summary>
    public CmekKeyOrigin Origin { get; internal init; }

    /// <summary>When the key stops working: the material expires, or the key does. Null for never.</summary>
    public DateTimeOffset? ExpiresAt { get; internal init; }

    /// <summary>
    /// Days between automatic rotations by the KMS, when this run was asked to set them; otherwise null.
    /// </summary>
    public int? RotationPeriodInDays { get; internal init; }

    /// <summary>Whether the cluster uses the key. Get-CrdbCmekKey reads it; elsewhere Unknown.</summary>
    public CmekKeyUse Use { get; internal init; }

    /// <summary>
    /// Whether the identity may use the key. Get-CrdbCmekKey reads it; elsewhere null. Get-CrdbCmekAccess names every
    /// grant.
    /// </summary>
    public CmekAccessVerdict? Access { get; internal init; }

    /// <summary>
    /// When the key was created, UTC; on Azure, its version. Get-CrdbCmekKey reads it; elsewhere null.
    /// </summary>
    public DateTimeOffset? CreatedAt { get; internal init; }

    /// <summary>When the region first used the key, UTC. Get-CrdbCmekKey reads it; elsewhere null.</summary>
    public DateTimeOffset? UsedSince { get; internal init; }

    /// <summary>What this run did.</summary>
    public CmekOutcome Outcome { get; internal init; }

    /// <summary>
    /// True when the key does not exist yet. Cmdlets further down the pipeline then plan too, and write nothing.
    /// </summary>
    public bool IsPlanned => Outcome == CmekOutcome.Planned;

    /// <inheritdoc/>
    public override string ToString() => KeyUri;
}

/// <summary>
/// The grant that CockroachDB Cloud needs to use a key, for a person who administers the key.
/// </summary>
public sealed record CmekKeyPolicy
{
    /// <summary>UUID of the cluster.</summary>
    public string ClusterId { get; internal init; } = "";

    /// <summary>Name of the cluster.</summary>
    public string ClusterName { get; internal init; } = "";

    /// <summary>AWS, GCP or AZURE.</summary>
    public string CloudProvider { get; internal init; } = "";

    /// <summary>The key that the policy is for; empty for a key that does not exist yet.</summary>
    public string KeyUri { get; internal init; } = "";

    /// <summary>The identity that is granted the use of the key.</summary>
    public string AuthPrincipal { get; internal init; } = "";

    /// <summary>The whole policy document, in the cloud's JSON.</summary>
    public string Policy { get; internal init; } = "";

    /// <summary>The part that CockroachDB Cloud needs, in the cloud's JSON.</summary>
    public string Statement { get; internal init; } = "";

    /// <summary>
    /// AWS: the trust policy of the role, for a team that creates roles; empty when the organization's id is not known.
    /// </summary>
    public string TrustPolicy { get; internal init; } = "";

    /// <summary>
    /// AWS: the role's own policy, which it needs when the key is in another account; empty when it is not.
    /// </summary>
    public string RolePolicy { get; internal init; } = "";

    /// <summary>AWS: commands that create the role and its policy.</summary>
    public IReadOnlyList<string> RoleCommands
    {
        get;
        internal init => field = value.AsCmekList();
    } = CmekList<string>.None;

    /// <summary>AWS: role and key as Terraform resources.</summary>
    public string Terraform { get; internal init; } = "";

    /// <summary>Commands of the cloud's own tool that set the policy.</summary>
    public IReadOnlyList<string> Commands
    {
        get;
        internal init => field = value.AsCmekList();
    } = CmekList<string>.None;

    /// <inheritdoc/>
    public override string ToString() => Policy;
}
