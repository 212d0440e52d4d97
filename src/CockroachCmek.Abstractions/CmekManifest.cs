namespace CockroachCmek;

/// <summary>Which key each region of a cluster uses: cmek_config.json of the CockroachDB Cloud documentation.</summary>
public sealed record CmekManifest : IPlannable
{
    /// <summary>
    /// The cluster that the manifest is for; null when it was read from a file, because a file does not name one.
    /// </summary>
    public CrdbCluster? Cluster { get; internal init; }

    /// <summary>UUID of the cluster; null when it was read from a file.</summary>
    public string? ClusterId => Cluster?.Id;

    /// <summary>Name of the cluster; null when it was read from a file.</summary>
    public string? ClusterName => Cluster?.Name;

    /// <summary>One entry for each region, in the document's order.</summary>
    public IReadOnlyList<CmekRegionSpec> RegionSpecs
    {
        get;
        internal init => field = value.AsCmekList();
    } = CmekList<CmekRegionSpec>.None;

    /// <summary>The file that it was read from; null when it was built from keys.</summary>
    public string? Path { get; internal init; }

    /// <summary>True when a key or the identity is only planned. Such a manifest is never sent.</summary>
    public bool IsPlanned { get; internal init; }

    /// <summary>
    /// True when one of its keys comes from the pipeline: an earlier command has created or checked its grant, which
    /// may
    /// not be effective yet.
    /// </summary>
    internal bool IsFresh { get; init; }

    /// <summary>
    /// The text that it was read from, so that it can be written without loss; null when it was built from keys.
    /// </summary>
    internal string? SourceText { get; init; }

    /// <summary>The line of each region spec in <see cref="SourceText"/>.</summary>
    internal IReadOnlyList<int> Lines { get; init; } = [];

    /// <summary>The format of <see cref="SourceText"/>.</summary>
    internal CmekManifestFormat SourceFormat { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{ClusterName ?? Path ?? "manifest"} ({RegionSpecs.Count} regions)";
}

/// <summary>The format of a manifest file.</summary>
public enum CmekManifestFormat
{
    /// <summary>cmek_config.json: the format of the API.</summary>
    Json,

    /// <summary>cmek_config.yml: easier to edit.</summary>
    Yaml,
}

/// <summary>The key of one region.</summary>
public sealed record CmekRegionSpec
{
    /// <summary>The region, by the cloud provider's code.</summary>
    public string Region { get; internal init; } = "";

    /// <summary>The key and the identity that uses it.</summary>
    public CmekKeySpec KeySpec { get; internal init; } = new();

    /// <summary>The key's type, from <see cref="KeySpec"/>.</summary>
    public string KeyType => KeySpec.Type;

    /// <summary>The key's URI, from <see cref="KeySpec"/>.</summary>
    public string KeyUri => KeySpec.Uri;

    /// <summary>A short name of the key, for tables: what tells it apart from others.</summary>
    public string KeyName => KeyNames.Short(KeyUri);

    /// <summary>The identity that uses the key, from <see cref="KeySpec"/>.</summary>
    public string AuthPrincipal => KeySpec.AuthPrincipal;

    internal static CmekRegionSpec Create(string region, string keyType, string keyUri, string authPrincipal) =>
        new()
        {
            Region = region,
            KeySpec = new CmekKeySpec
            {
                Type = keyType,
                Uri = keyUri,
                AuthPrincipal = authPrincipal,
            },
        };

    /// <inheritdoc/>
    public override string ToString() => $"{Region}: {KeySpec.Uri}";
}

/// <summary>A key and the identity that may use it.</summary>
public sealed record CmekKeySpec
{
    /// <summary>AWS_KMS, GCP_CLOUD_KMS or AZURE_KEY_VAULT.</summary>
    public string Type { get; internal init; } = "";

    /// <summary>
    /// AWS: key ARN. Google Cloud: resource name without version. Azure: key identifier with version.
    /// </summary>
    public string Uri { get; internal init; } = "";

    /// <summary>AWS: role ARN. Google Cloud: e-mail address of the service account. Azure: tenant id.</summary>
    public string AuthPrincipal { get; internal init; } = "";

    /// <inheritdoc/>
    public override string ToString() => Uri;
}
