namespace CockroachCmek.Sandbox.Aws;

/// <summary>The data of the customer's AWS account.</summary>
internal sealed class AwsData
{
    /// <summary>Access keys by id, temporary ones included.</summary>
    public Dictionary<string, AwsCredential> Credentials { get; } = [];

    /// <summary>The administrator's access key.</summary>
    public string AdminAccessKeyId { get; set; } = "";

    public Dictionary<string, IamRole> Roles { get; } = new(StringComparer.OrdinalIgnoreCase);

    public Dictionary<string, IamUser> Users { get; } = [];

    /// <summary>Managed policies by ARN.</summary>
    public Dictionary<string, IamPolicy> Policies { get; } = [];

    /// <summary>Service control policies above the account.</summary>
    public List<NamedPolicy> ServiceControlPolicies { get; } = [];

    /// <summary>Resource control policies above the account.</summary>
    public List<NamedPolicy> ResourceControlPolicies { get; } = [];

    /// <summary>The organization that the account belongs to; null for none.</summary>
    public string? OrganizationId { get; set; }

    /// <summary>Condition keys of the requests that CockroachDB's nodes send.</summary>
    public Dictionary<string, string> NodeRequestKeys { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>How long other operations than DescribeKey do not know a new key.</summary>
    public TimeSpan NewKeyDelay { get; set; }

    public AwsRotationDelays RotationDelays { get; set; } = AwsRotationDelays.Default;

    public AwsRefusalText RefusalText { get; set; }

    /// <summary>Number in the last unique id.</summary>
    public int LastPrincipalNumber { get; set; }

    /// <summary>The event history, oldest first.</summary>
    public List<TrailEvent> Trail { get; } = [];

    /// <summary>How long an entry takes to show in the event history.</summary>
    public TimeSpan TrailDelay { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>When LookupEvents was called in a region within the last second.</summary>
    public Dictionary<string, List<DateTimeOffset>> Lookups { get; } = [];

    /// <summary>Since when KMS has tracked the last use of keys.</summary>
    public DateTimeOffset UsageTrackedFrom { get; set; }

    /// <summary>Regions that the account enabled.</summary>
    public HashSet<string> EnabledRegions { get; } = [];

    /// <summary>Key policies come back as KMS writes them; false: as they were sent.</summary>
    public bool RewritesKeyPolicies { get; set; } = true;

    /// <summary>How often a key policy was read.</summary>
    public int PolicyReads { get; set; }

    public List<KmsKey> Keys { get; } = [];

    /// <summary>What GetParametersForImport handed out, by token.</summary>
    public Dictionary<string, KmsImportToken> ImportTokens { get; } = [];

    /// <summary>Key stores of the customer's, by id.</summary>
    public Dictionary<string, KmsKeyStore> KeyStores { get; } = [];

    public List<KmsGrant> Grants { get; } = [];

    public Dictionary<(string Region, string Alias), (KmsKey Key, DateTimeOffset Created)> Aliases { get; } = [];
}

/// <summary>
/// An access key of a user, or of a role session. A user's policies are read at each use, so that a change counts at
/// once.
/// </summary>
internal sealed record AwsCredential(
    string AccessKeyId,
    string Secret,
    string? SessionToken,
    string? UserName,
    Caller? Session
);
