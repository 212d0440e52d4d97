namespace CockroachCmek.Sandbox.Aws;

/// <summary>A key store of the customer's.</summary>
internal sealed class KmsKeyStore(string id, string origin)
{
    public string Id { get; } = id;

    /// <summary>The origin of its keys: AWS_CLOUDHSM or EXTERNAL_KEY_STORE.</summary>
    public string Origin { get; } = origin;

    public bool IsConnected { get; set; } = true;
}

/// <summary>
/// A key in one region. Each replica of a multi-Region key has its own policy, tags, aliases and state; they share the
/// material.
/// </summary>
internal sealed class KmsKey(string region, string accountId, string id, KmsMaterial material, DateTimeOffset created)
{
    public string Region { get; } = region;
    public string Id { get; } = id;
    public string Arn { get; } = $"arn:{Partition(region)}:kms:{region}:{accountId}:key/{id}";
    public KmsMaterial Material { get; } = material;
    public DateTimeOffset Created { get; } = created;
    public string Description { get; set; } = "";
    public string KeySpec { get; init; } = "SYMMETRIC_DEFAULT";
    public string KeyUsage { get; init; } = "ENCRYPT_DECRYPT";
    public bool MultiRegion { get; init; }

    /// <summary>AWS_KMS, EXTERNAL for imported material, AWS_CLOUDHSM or EXTERNAL_KEY_STORE.</summary>
    public string Origin { get; init; } = "AWS_KMS";

    /// <summary>The key store that the key is in; null for none.</summary>
    public KmsKeyStore? Store { get; init; }

    /// <summary>The key's id in an external key store.</summary>
    public string? XksKeyId { get; init; }
    public string PrimaryRegion { get; set; } = region;
    public bool Enabled { get; set; } = true;
    public DateTimeOffset? CreatingUntil { get; init; }

    /// <summary>False for a key of origin EXTERNAL that waits for its material.</summary>
    public bool HasMaterial { get; set; } = true;

    /// <summary>Until when another region becomes the primary's; null for never.</summary>
    public DateTimeOffset? UpdatingUntil { get; set; }

    /// <summary>When the key would be deleted if it had no replicas.</summary>
    public DateTimeOffset? DeletionDate { get; set; }

    /// <summary>Days between the request to delete the key and its deletion.</summary>
    public int DeletionWindow { get; set; }

    /// <summary>The last use that succeeded; null before the first.</summary>
    public KmsLastUse? LastUse { get; set; }
    public int? RotationPeriod { get; set; }
    public DateTimeOffset RotationStart { get; set; }
    public required PolicyDocument Policy { get; set; }

    /// <summary>The ARNs in the policy, with the unique ids that they stood for when it was written.</summary>
    public IReadOnlyDictionary<string, string> PolicyPrincipals { get; set; } = new Dictionary<string, string>();
    public SortedDictionary<string, string> Tags { get; } = new(StringComparer.Ordinal);

    /// <summary>The moment whose material the key uses: a replica may be late.</summary>
    public DateTimeOffset MaterialTime(DateTimeOffset now) => IsPrimary ? now : now - Material.ReplicaDelay;

    public bool IsPrimary => Region == PrimaryRegion;

    public string State(DateTimeOffset now) =>
        DeletionDate is not null ? "PendingDeletion"
        : CreatingUntil > now ? "Creating"
        : UpdatingUntil > now ? "Updating"
        : !HasMaterial || Material.IsExpired(now) ? "PendingImport"
        : Store is { IsConnected: false } ? "Unavailable"
        : Enabled ? "Enabled"
        : "Disabled";

    public static string Partition(string region) =>
        region.StartsWith("cn-", StringComparison.Ordinal) ? "aws-cn"
        : region.StartsWith("us-gov-", StringComparison.Ordinal) ? "aws-us-gov"
        : "aws";
}
