namespace CockroachCmek;

/// <summary>
/// A CockroachDB Cloud cluster. Enumerations of the API are kept as the API returns them, so that values that are newer
/// than this module survive.
/// </summary>
public sealed record CrdbCluster : IPlannable
{
    /// <summary>UUID of the cluster.</summary>
    public string Id { get; internal init; } = "";

    /// <summary>True for an object that -WhatIf returned: the cluster exists, and a change of it is planned.</summary>
    public bool IsPlanned { get; internal init; }

    /// <summary>The same as <see cref="Id"/>, under the name that binds along a pipeline.</summary>
    public string ClusterId => Id;

    /// <summary>Name of the cluster, unique in an organization.</summary>
    public string Name { get; internal init; } = "";

    /// <summary>AWS, GCP or AZURE.</summary>
    public string CloudProvider { get; internal init; } = "";

    /// <summary>
    /// The provider's account that hosts the cluster: AWS account id or Google Cloud project id. It belongs to
    /// Cockroach Labs, not to you.
    /// </summary>
    public string AccountId { get; internal init; } = "";

    /// <summary>BASIC, STANDARD or ADVANCED; empty when the API does not report the plan.</summary>
    public string Plan { get; internal init; } = "";

    /// <summary>CREATING, CREATED, CREATION_FAILED, DELETED or LOCKED.</summary>
    public string State { get; internal init; } = "";

    /// <summary>
    /// The running operation, for example CRDB_CMEK_OPERATION_RUNNING; UNSPECIFIED when there is none.
    /// </summary>
    public string OperationStatus { get; internal init; } = "";

    /// <summary>Version of CockroachDB, for example v25.2.4.</summary>
    public string CockroachVersion { get; internal init; } = "";

    /// <summary>PUBLIC or PRIVATE; empty when the API does not report it. On AWS, CMEK needs PRIVATE.</summary>
    public string NetworkVisibility { get; internal init; } = "";

    /// <summary>Azure: the application (client) id of the cluster's identity.</summary>
    public string AzureClusterIdentityClientId { get; internal init; } = "";

    /// <summary>The cluster's regions, in the API's order.</summary>
    public IReadOnlyList<CrdbRegion> Regions
    {
        get;
        internal init => field = value.AsCmekList();
    } = CmekList<CrdbRegion>.None;

    /// <summary>When the cluster was created, UTC.</summary>
    public DateTimeOffset? CreatedAt { get; internal init; }

    /// <summary>When the cluster was last changed, UTC.</summary>
    public DateTimeOffset? UpdatedAt { get; internal init; }

    /// <summary>
    /// Fields that the API returned beyond the properties above, by the API's names: text, numbers, Booleans, lists,
    /// and
    /// objects with fields of their own.
    /// </summary>
    public CmekFields AdditionalFields { get; internal init; } = new(new Dictionary<string, object?>());

    /// <summary>
    /// True when the plan has CMEK, or is not known. DEDICATED is the name of ADVANCED before API version 2024-09-16.
    /// </summary>
    internal bool MayHaveCmek => Plan is "ADVANCED" or "DEDICATED" or "";

    /// <summary>
    /// True when only the id and the name are known, because the object was deserialized: it is read again before use.
    /// </summary>
    internal bool IsReference { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>A region of a cluster.</summary>
public sealed record CrdbRegion
{
    /// <summary>The cloud provider's code, for example us-east-1.</summary>
    public string Name { get; internal init; } = "";

    /// <summary>Number of nodes in the region.</summary>
    public int NodeCount { get; internal init; }

    /// <summary>
    /// Machine type of the region's nodes, for example m6i.xlarge; empty when the API does not report it.
    /// </summary>
    public string MachineType { get; internal init; } = "";

    /// <summary>True for the primary region of a multi-region cluster.</summary>
    public bool IsPrimary { get; internal init; }

    /// <summary>Host name of the SQL endpoint.</summary>
    public string SqlDns { get; internal init; } = "";

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>A node of a cluster.</summary>
public sealed record CrdbNode
{
    /// <summary>Name of the node.</summary>
    public string Name { get; internal init; } = "";

    /// <summary>Region the node runs in.</summary>
    public string Region { get; internal init; } = "";

    /// <summary>LIVE or NOT_READY.</summary>
    public string Status { get; internal init; } = "";
}
