namespace CockroachCmek;

/// <summary>What a revocation changed, so that Restore-CrdbCmekAccess can put back exactly that.</summary>
public sealed record CmekRevocation : IPlannable
{
    /// <summary>The cluster.</summary>
    public CrdbCluster Cluster { get; internal init; } = new();

    /// <summary>UUID of the cluster.</summary>
    public string ClusterId => Cluster.Id;

    /// <summary>Name of the cluster.</summary>
    public string ClusterName => Cluster.Name;

    /// <summary>AWS, GCP or AZURE.</summary>
    public string CloudProvider => Cluster.CloudProvider;

    /// <summary>How access was taken away.</summary>
    public CmekRevocationMethod Method { get; internal init; }

    /// <summary>Every change in the customer's cloud, in the order in which they were planned; those that failed say why.</summary>
    public IReadOnlyList<CmekAccessChange> Changes
    {
        get;
        internal init => field = value.AsArray();
    } = [];

    /// <summary>Status of CMEK on the cluster when the run ended (see <see cref="CmekStatus"/>): REVOKED at the end of a whole revocation.</summary>
    public string Status { get; internal init; } = "";

    /// <summary>When the changes were made, UTC; null while they are only planned.</summary>
    public DateTimeOffset? RevokedAt { get; internal init; }

    /// <summary>The file that the revocation was written to; null when none was asked for.</summary>
    public string? Path { get; internal init; }

    /// <summary>What this run did.</summary>
    public CmekOutcome Outcome { get; internal init; }

    /// <summary>True when nothing was changed because -WhatIf was given, or the question was answered with No.</summary>
    public bool IsPlanned => Outcome == CmekOutcome.Planned;

    /// <inheritdoc/>
    public override string ToString() => $"{ClusterName}: {Status} ({Method})";
}

/// <summary>One change of who may use a key, or of whether it can be used.</summary>
public sealed record CmekAccessChange
{
    /// <summary>The cluster's regions that are affected; several where they share a key.</summary>
    public IReadOnlyList<string> Regions
    {
        get;
        internal init => field = value.AsArray();
    } = [];

    /// <summary>The key; empty when the change is of an identity that uses several.</summary>
    public string KeyUri { get; internal init; } = "";

    /// <summary>The identity that loses, or gets back, its access.</summary>
    public string AuthPrincipal { get; internal init; } = "";

    /// <summary>What kind of thing was changed, for example KeyPolicyDeny, KeyPolicyGrant, KeyState, IamBinding, RoleAssignment. Restoring needs it.</summary>
    public string Kind { get; internal init; } = "";

    /// <summary>The resource that was changed, by its own name: an ARN, a resource name, the id of an assignment.</summary>
    public string Target { get; internal init; } = "";

    /// <summary>The change, in words.</summary>
    public string Action { get; internal init; } = "";

    /// <summary>Exactly what was added or removed, in the cloud's own JSON.</summary>
    public string Document { get; internal init; } = "";

    /// <summary>How far it came.</summary>
    public CmekAccessChangeState State { get; internal init; }

    /// <summary>Why it failed; empty unless it did.</summary>
    public string Fault { get; internal init; } = "";

    /// <inheritdoc/>
    public override string ToString() => $"{Action}: {State}";
}

/// <summary>How access to the keys is taken away.</summary>
public enum CmekRevocationMethod
{
    /// <summary>The way that can be undone without loss: Deny on AWS, RemoveGrant on Google Cloud and Azure.</summary>
    Default,

    /// <summary>AWS: an explicit Deny for the role is added to the policy of every key. Nothing is removed.</summary>
    Deny,

    /// <summary>The grant on the key is removed: the statement of the key policy, the IAM binding, the role assignment or access policy.</summary>
    RemoveGrant,

    /// <summary>The identity of Cockroach Labs loses the right to act as yours: on Google Cloud the binding of Service Account Token Creator.</summary>
    RemoveTrust,

    /// <summary>The key itself is disabled, on Google Cloud and Azure its versions. Whoever else uses the key loses it too.</summary>
    DisableKey,
}

/// <summary>How far a change of access came.</summary>
public enum CmekAccessChangeState
{
    /// <summary>Not made yet.</summary>
    Planned,

    /// <summary>Made, and read back.</summary>
    Done,

    /// <summary>Tried, and failed; nobody can say more than <see cref="CmekAccessChange.Fault"/>.</summary>
    Failed,

    /// <summary>Undone again, and read back.</summary>
    Restored,
}
