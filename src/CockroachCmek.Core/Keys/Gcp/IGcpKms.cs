using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>Reads and writes the IAM policies of a service's resources.</summary>
internal interface IGcpPolicies
{
    Task<IamPolicy> GetIamPolicyAsync(string resource, CancellationToken cancellationToken);

    Task<IamPolicy> SetIamPolicyAsync(string resource, IamPolicy policy, CancellationToken cancellationToken);

    /// <summary>Those of the permissions that the caller has on a resource. Needs no permission.</summary>
    Task<IReadOnlyList<string>> TestIamPermissionsAsync(
        string resource,
        IReadOnlyList<string> permissions,
        CancellationToken cancellationToken
    );
}

/// <summary>
/// The operations of Cloud KMS that CMEK needs, named as in the vendor's SDK, which can replace this once its package
/// can be restored.
/// </summary>
internal interface IGcpKms : IGcpPolicies
{
    Task<KmsLocation> GetLocationAsync(string name, CancellationToken cancellationToken);

    Task<IReadOnlyList<KmsLocation>> ListLocationsAsync(string project, CancellationToken cancellationToken);

    Task<IReadOnlyList<KmsKeyRing>> ListKeyRingsAsync(string location, CancellationToken cancellationToken);

    Task<KmsKeyRing> GetKeyRingAsync(string name, CancellationToken cancellationToken);

    Task<KmsKeyRing> CreateKeyRingAsync(string location, string keyRingId, CancellationToken cancellationToken);

    Task<CryptoKey> GetCryptoKeyAsync(string name, CancellationToken cancellationToken);

    Task<IReadOnlyList<CryptoKey>> ListCryptoKeysAsync(string keyRing, CancellationToken cancellationToken);

    Task<CryptoKey> CreateCryptoKeyAsync(
        string keyRing,
        string cryptoKeyId,
        CryptoKey key,
        CancellationToken cancellationToken
    );

    Task<CryptoKey> UpdateCryptoKeyAsync(CryptoKey key, string updateMask, CancellationToken cancellationToken);

    Task<CryptoKey> UpdateCryptoKeyPrimaryVersionAsync(
        string name,
        string versionId,
        CancellationToken cancellationToken
    );

    Task<IReadOnlyList<CryptoKeyVersion>> ListCryptoKeyVersionsAsync(string key, CancellationToken cancellationToken);

    Task<CryptoKeyVersion> CreateCryptoKeyVersionAsync(string key, CancellationToken cancellationToken);

    /// <summary>Stops a scheduled destruction. The version is disabled afterwards.</summary>
    Task<CryptoKeyVersion> RestoreCryptoKeyVersionAsync(string name, CancellationToken cancellationToken);

    Task<CryptoKeyVersion> UpdateCryptoKeyVersionStateAsync(
        string name,
        string state,
        CancellationToken cancellationToken
    );
}

/// <summary>A location of Cloud KMS.</summary>
internal sealed record KmsLocation(string? Name, string? LocationId, JsonObject? Metadata)
{
    /// <summary>Whether the location has hardware for keys; null when it does not tell.</summary>
    public bool? HasHsm => (bool?)Metadata?["hsmAvailable"];
}

/// <summary>A key ring. It cannot be deleted.</summary>
internal sealed record KmsKeyRing(string? Name);

/// <summary>What new versions of a key look like.</summary>
internal sealed record CryptoKeyVersionTemplate(string? ProtectionLevel, string? Algorithm);

/// <summary>A key, with the API's own names.</summary>
internal sealed record CryptoKey
{
    public string? Name { get; init; }

    public CryptoKeyVersion? Primary { get; init; }

    public string? Purpose { get; init; }

    public DateTimeOffset? CreateTime { get; init; }

    public CryptoKeyVersionTemplate? VersionTemplate { get; init; }

    public string? RotationPeriod { get; init; }

    public string? NextRotationTime { get; init; }

    public string? DestroyScheduledDuration { get; init; }

    public bool? ImportOnly { get; init; }

    public string? CryptoKeyBackend { get; init; }

    public Dictionary<string, string>? Labels { get; init; }
}

/// <summary>A version of a key.</summary>
internal sealed record CryptoKeyVersion
{
    public string? Name { get; init; }

    public string? State { get; init; }

    public string? Algorithm { get; init; }

    public string? ProtectionLevel { get; init; }

    public DateTimeOffset? CreateTime { get; init; }

    public DateTimeOffset? DestroyTime { get; init; }

    /// <summary>The job that imported the version; null when Google Cloud generated it.</summary>
    public string? ImportJob { get; init; }

    /// <summary>The version's number.</summary>
    public string Id => Name?.Split('/').Last() ?? "";
}
