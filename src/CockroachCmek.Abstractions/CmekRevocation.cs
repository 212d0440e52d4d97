namespace CockroachCmek;

/// <summary>What a revocation changed, so that Restore-CrdbCmekAccess can undo exactly that.</summary>
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

    /// <summary>
    /// How access was taken away. Default when the changes are of several methods: each change names its own.
    /// </summary>
    public CmekRevocationMethod Method { get; internal init; }

    /// <summary>
    /// The keys in force when the changes were planned; empty in a record that an earlier version wrote.
    /// </summary>
    public IReadOnlyList<CmekRegionSpec> Keys
    {
        get;
        internal init => field = value.AsCmekList();
    } = CmekList<CmekRegionSpec>.None;

    /// <summary>The keys that the cluster used before.</summary>
    public IReadOnlyList<CmekRegionSpec> PastKeys
    {
        get;
        internal init => field = value.AsCmekList();
    } = CmekList<CmekRegionSpec>.None;

    /// <summary>The runs that made or undid the changes, the first one first: who ran them, when, as whom.</summary>
    public IReadOnlyList<CmekRevocationRun> Runs
    {
        get;
        internal init => field = value.AsCmekList();
    } = CmekList<CmekRevocationRun>.None;

    /// <summary>Every change in the customer's cloud, in the order of the plan. Failed changes say why.</summary>
    public IReadOnlyList<CmekAccessChange> Changes
    {
        get;
        internal init => field = value.AsCmekList();
    } = CmekList<CmekAccessChange>.None;

    /// <summary>
    /// Status of CMEK on the cluster at the end of the run (see <see cref="CmekStatus"/>): REVOKED after a complete
    /// revocation.
    /// </summary>
    public string Status { get; internal init; } = "";

    /// <summary>When the changes were made, UTC; null for a plan.</summary>
    public DateTimeOffset? RevokedAt { get; internal init; }

    /// <summary>The file with the record of the revocation; null when none was asked for.</summary>
    public string? Path { get; internal init; }

    /// <summary>What this run did.</summary>
    public CmekOutcome Outcome { get; internal init; }

    /// <summary>
    /// True when nothing was changed, because of -WhatIf or because the question was answered with No.
    /// </summary>
    public bool IsPlanned => Outcome == CmekOutcome.Planned;

    /// <inheritdoc/>
    public override string ToString() => $"{ClusterName}: {Status} ({Method})";
}

/// <summary>One run of a command on the changes of a revocation.</summary>
public sealed record CmekRevocationRun
{
    /// <summary>The command.</summary>
    public string Command { get; internal init; } = "";

    /// <summary>Who ran it, and on which machine: user@machine.</summary>
    public string Operator { get; internal init; } = "";

    /// <summary>Version of this module.</summary>
    public string ModuleVersion { get; internal init; } = "";

    /// <summary>When it was run, UTC.</summary>
    public DateTimeOffset? StartedAt { get; internal init; }

    /// <summary>
    /// The identities that the run had in your cloud. AWS: ARNs, with the account. Google Cloud: e-mail addresses.
    /// Azure: tenant and object id. Empty when the cloud did not tell.
    /// </summary>
    public IReadOnlyList<string> Callers
    {
        get;
        internal init => field = value.AsCmekList();
    } = CmekList<string>.None;

    /// <inheritdoc/>
    public override string ToString() => $"{Command} by {Operator}";
}

/// <summary>One change of who may use a key, or of whether the key can be used.</summary>
public sealed record CmekAccessChange
{
    /// <summary>The affected regions of the cluster; several when they share a key.</summary>
    public IReadOnlyList<string> Regions
    {
        get;
        internal init => field = value.AsCmekList();
    } = CmekList<string>.None;

    /// <summary>The key; empty for a change of an identity that uses several keys.</summary>
    public string KeyUri { get; internal init; } = "";

    /// <summary>A short name of the key, for tables: what tells it apart from others.</summary>
    public string KeyName => KeyNames.Short(KeyUri);

    /// <summary>The identity that loses access, or gets it back.</summary>
    public string AuthPrincipal { get; internal init; } = "";

    /// <summary>
    /// The kind of the change, for example KeyPolicyDeny, KeyPolicyGrant, KeyState, IamBinding, RoleAssignment. A
    /// restore needs it.
    /// </summary>
    public string Kind { get; internal init; } = "";

    /// <summary>The method that this change belongs to. Default in records of 0.2.0.</summary>
    public CmekRevocationMethod Method { get; internal init; }

    /// <summary>The resource that was changed: an ARN, a resource name, the id of an assignment.</summary>
    public string Target { get; internal init; } = "";

    /// <summary>The change, in words.</summary>
    public string Action { get; internal init; } = "";

    /// <summary>
    /// What a restore does about the change, in words. Made from the change, so that a record holds none.
    /// </summary>
    internal string UndoAction { get; init; } = "";

    /// <summary>Exactly what was added or removed, in the cloud's JSON.</summary>
    public string Document { get; internal init; } = "";

    /// <summary>
    /// What is added and removed, as lines that begin with + or -. Made from the change, so that a record holds none.
    /// </summary>
    public IReadOnlyList<string> Difference
    {
        get;
        internal init => field = value.AsCmekList();
    } = CmekList<string>.None;

    /// <summary>
    /// The cloud's ids of the requests that wrote the change, to find them in its audit log. Google Cloud returns none.
    /// </summary>
    public IReadOnlyList<string> RequestIds
    {
        get;
        internal init => field = value.AsCmekList();
    } = CmekList<string>.None;

    /// <summary>The state of the change.</summary>
    public CmekAccessChangeState State { get; internal init; }

    /// <summary>True when this run wrote something for the change. What was so already is not written.</summary>
    internal bool IsWritten { get; init; }

    /// <summary>Why the change failed; empty when it did not fail.</summary>
    public string Fault { get; internal init; } = "";

    /// <summary>The kind of the error of a failed change; null when it did not fail in this run.</summary>
    internal CmekErrorKind? FaultKind { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Action}: {State}";
}

/// <summary>How access to the keys is taken away.</summary>
public enum CmekRevocationMethod : long
{
    /// <summary>
    /// The methods that can be undone without loss, in order: on a key in force on which one is refused for good, the
    /// next is tried. AWS: Deny, DenyRole, DisableKey. Google Cloud: RemoveGrant, DisableIdentity, DisableKey. Azure:
    /// RemoveGrant, DisableKey.
    /// </summary>
    Default,

    /// <summary>AWS: adds an explicit Deny for the role to the policy of every key. Nothing is removed.</summary>
    Deny,

    /// <summary>
    /// Removes the grant on the key: the statement of the key policy, the IAM binding, the role assignment or the
    /// access policy.
    /// </summary>
    RemoveGrant,

    /// <summary>
    /// Removes the right of Cockroach Labs' identity to act as yours. Google Cloud: the binding of Service Account
    /// Token
    /// Creator. AWS: a Deny in the role's trust policy; sessions that were issued before are denied too.
    /// </summary>
    RemoveTrust,

    /// <summary>
    /// Disables the key, on Google Cloud and Azure its versions. Everybody else who uses the key loses it too.
    /// </summary>
    DisableKey,

    /// <summary>
    /// AWS: an inline policy on the role denies it every use of every key. One write cuts all keys, regions, replicas
    /// and
    /// past keys, and nothing in a key policy can stop it.
    /// </summary>
    DenyRole,

    /// <summary>
    /// Google Cloud: disables the service account, and with it the tokens that were issued. Azure: disables the
    /// enterprise
    /// application; tokens that were issued stay valid until they expire.
    /// </summary>
    DisableIdentity,
}

/// <summary>The state of a change of access.</summary>
public enum CmekAccessChangeState : long
{
    /// <summary>Not made yet.</summary>
    Planned,

    /// <summary>Made and read back.</summary>
    Done,

    /// <summary>
    /// Failed; <see cref="CmekAccessChange.Fault"/> says why.
    /// </summary>
    Failed,

    /// <summary>Undone and read back.</summary>
    Restored,
}
