namespace CockroachCmek;

/// <summary>The state of CMEK on a cluster, as <c>GET /api/v1/clusters/{id}/cmek</c> returns it.</summary>
public sealed record CmekInfo : IPlannable
{
    /// <summary>The cluster.</summary>
    public CrdbCluster Cluster { get; internal init; } = new();

    /// <summary>UUID of the cluster.</summary>
    public string ClusterId => Cluster.Id;

    /// <summary>Name of the cluster.</summary>
    public string ClusterName => Cluster.Name;

    /// <summary>
    /// One of the eleven statuses in <see cref="CmekStatus"/>, or a newer one as the API returns it. DISABLED when CMEK
    /// was never enabled.
    /// </summary>
    public string Status { get; internal init; } = CmekStatus.Disabled;

    /// <summary>The regions, sorted by name.</summary>
    public IReadOnlyList<CmekRegionInfo> Regions
    {
        get;
        internal init => field = value.AsCmekList();
    } = CmekList<CmekRegionInfo>.None;

    /// <summary>Past keys and versions, newest first, each with the reason why it must stay in the KMS.</summary>
    public IReadOnlyList<CmekPastKey> PastKeys =>
        Regions
            .SelectMany(r =>
                r.Keys.Skip(1)
                    .Select(k => new CmekPastKey
                    {
                        Region = r.Region,
                        KeyUri = k.KeyUri,
                        UsedFrom = k.CreatedAt,
                        UsedUntil = k.UpdatedAt,
                        IsSameKey = k.KeyUri == r.Keys[0].KeyUri,
                    })
            )
            .ToArray()
            .AsCmekList();

    /// <summary>What this run did. Existing for a read.</summary>
    public CmekOutcome Outcome { get; internal init; }

    /// <summary>True when nothing was sent, because of -WhatIf or because the manifest is only planned.</summary>
    public bool IsPlanned => Outcome == CmekOutcome.Planned;

    /// <inheritdoc/>
    public override string ToString() => $"{ClusterName}: {Status}";
}

/// <summary>The state of CMEK in one region.</summary>
public sealed record CmekRegionInfo
{
    /// <summary>Name of the region.</summary>
    public string Region { get; internal init; } = "";

    /// <summary>Status of the region.</summary>
    public string Status { get; internal init; } = "";

    /// <summary>The region's key in force and its past keys, newest first.</summary>
    public IReadOnlyList<CmekKeyInfo> Keys
    {
        get;
        internal init => field = value.AsCmekList();
    } = CmekList<CmekKeyInfo>.None;

    /// <inheritdoc/>
    public override string ToString() => $"{Region}: {Status}";
}

/// <summary>One key of a region: the one in force, or a past one.</summary>
public sealed record CmekKeyInfo
{
    /// <summary>AWS_KMS, GCP_CLOUD_KMS or AZURE_KEY_VAULT.</summary>
    public string KeyType { get; internal init; } = "";

    /// <summary>URI of the key.</summary>
    public string KeyUri { get; internal init; } = "";

    /// <summary>A short name of the key, for tables: what tells it apart from others.</summary>
    public string KeyName => KeyNames.Short(KeyUri);

    /// <summary>The identity that uses the key.</summary>
    public string AuthPrincipal { get; internal init; } = "";

    /// <summary>Status of the key.</summary>
    public string Status { get; internal init; } = "";

    /// <summary>CockroachDB Cloud's explanation of the status, and how to fix what failed.</summary>
    public string UserMessage { get; internal init; } = "";

    /// <summary>When the region first used the key, UTC.</summary>
    public DateTimeOffset? CreatedAt { get; internal init; }

    /// <summary>When the status last changed, UTC.</summary>
    public DateTimeOffset? UpdatedAt { get; internal init; }

    /// <inheritdoc/>
    public override string ToString() => $"{KeyUri}: {Status}";
}

/// <summary>
/// A key, or a version of a key, that a region used before. It looks unused, but data and backups need it.
/// </summary>
public sealed record CmekPastKey
{
    /// <summary>The region.</summary>
    public string Region { get; internal init; } = "";

    /// <summary>URI of the key.</summary>
    public string KeyUri { get; internal init; } = "";

    /// <summary>A short name of the key, for tables: what tells it apart from others.</summary>
    public string KeyName => KeyNames.Short(KeyUri);

    /// <summary>When the region began to use it, UTC.</summary>
    public DateTimeOffset? UsedFrom { get; internal init; }

    /// <summary>When another key or version replaced it, UTC.</summary>
    public DateTimeOffset? UsedUntil { get; internal init; }

    /// <summary>True for an older version of the key in force: the KMS keeps it as long as the key.</summary>
    public bool IsSameKey { get; internal init; }

    /// <summary>Why it is still needed. Source: CockroachDB Cloud docs, managing-cmek, "Rotate a CMEK key".</summary>
    public string Reason =>
        $"data that was written with it{Period}, and backups of that time, can be read only with it";

    private string Period =>
        UsedFrom is { } from && UsedUntil is { } until ? $" from {from:yyyy-MM-dd} to {until:yyyy-MM-dd}" : "";

    /// <inheritdoc/>
    public override string ToString() => $"{Region}: {KeyUri}";
}

/// <summary>The statuses of CMEK on a cluster, a region or a key (CMEKStatus in the API's specification).</summary>
public static class CmekStatus
{
    /// <summary>CMEK is not in use. The state of every new cluster.</summary>
    public const string Disabled = "DISABLED";

    /// <summary>Being disabled: an old key while another replaces it.</summary>
    public const string Disabling = "DISABLING";

    /// <summary>Could not be disabled.</summary>
    public const string DisableFailed = "DISABLE_FAILED";

    /// <summary>In use.</summary>
    public const string Enabled = "ENABLED";

    /// <summary>Being enabled.</summary>
    public const string Enabling = "ENABLING";

    /// <summary>Could not be enabled.</summary>
    public const string EnableFailed = "ENABLE_FAILED";

    /// <summary>A new key is being enabled while the old one is being disabled.</summary>
    public const string Rotating = "ROTATING";

    /// <summary>Could not switch from one key to another.</summary>
    public const string RotateFailed = "ROTATE_FAILED";

    /// <summary>The customer has revoked the permission to use the key.</summary>
    public const string Revoked = "REVOKED";

    /// <summary>Being revoked.</summary>
    public const string Revoking = "REVOKING";

    /// <summary>Could not be revoked.</summary>
    public const string RevokeFailed = "REVOKE_FAILED";

    /// <summary>True while an operation is running: ENABLING, DISABLING, ROTATING, REVOKING.</summary>
    public static bool IsRunning(string status) => status is Enabling or Disabling or Rotating or Revoking;

    /// <summary>True for every status that ends in _FAILED, including those that are newer than this module.</summary>
    public static bool IsFailed(string status) =>
        status is not null && status.EndsWith("_FAILED", StringComparison.Ordinal);
}
