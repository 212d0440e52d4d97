using CockroachCmek.Sandbox.Gcp.Logs;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>The data of Google Cloud: accounts, tokens, policies, key rings and keys.</summary>
internal sealed class GcpData
{
    /// <summary>Access token of an administrator of the customer's projects.</summary>
    public string AdminToken { get; set; } = "";

    public List<ServiceAccount> Accounts { get; } = [];

    /// <summary>Number in the unique id of the last account.</summary>
    public long LastAccountNumber { get; set; }

    /// <summary>Access tokens with their holders.</summary>
    public Dictionary<string, (GcpPrincipal Principal, DateTimeOffset Expires)> Tokens { get; } = [];

    public Dictionary<string, GcpRole> CustomRoles { get; } = [];

    /// <summary>Every version of each resource's policy, oldest first.</summary>
    public Dictionary<string, List<GcpPolicy>> Policies { get; } = [];

    public int LastRoleEtag { get; set; }

    public int LastPolicyEtag { get; set; }

    /// <summary>Key rings with their creation times.</summary>
    public SortedDictionary<string, DateTimeOffset> Rings { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, CryptoKey> Keys { get; } = new(StringComparer.Ordinal);

    /// <summary>Names of deleted keys, which cannot be used again.</summary>
    public HashSet<string> RetiredKeys { get; } = [];

    public SortedDictionary<string, ImportJob> ImportJobs { get; } = new(StringComparer.Ordinal);

    /// <summary>
    /// Time from writing a policy to its effect, for grants and removals (IAM documentation: usually two minutes,
    /// sometimes seven and more).
    /// </summary>
    public TimeSpan PropagationDelay { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long a disabled version can still be used, and a former primary version still encrypts (Cloud KMS
    /// documentation: usually a minute).
    /// </summary>
    public TimeSpan KeyStateDelay { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Groups of the organization with their members. Nobody may read who is in them.</summary>
    public Dictionary<string, List<GcpMember>> Groups { get; } = [];

    /// <summary>Every version of each deny policy, oldest first, by the policy's name.</summary>
    public SortedDictionary<string, List<GcpDenyPolicy>> DenyPolicies { get; } = new(StringComparer.Ordinal);

    /// <summary>The access levels that every request has.</summary>
    public List<string> AccessLevels { get; } = [];

    /// <summary>The organization policies that are enforced, with the values that they allow.</summary>
    public SortedDictionary<string, string[]> Constraints { get; } = new(StringComparer.Ordinal);

    /// <summary>APIs that are not enabled. A new project has few of them.</summary>
    public HashSet<string> DisabledServices { get; } = ["policytroubleshooter.googleapis.com"];

    /// <summary>Services behind a perimeter of VPC Service Controls. Every caller is outside.</summary>
    public HashSet<string> PerimeterServices { get; } = [];

    /// <summary>Members that an ingress rule of the perimeter lets in.</summary>
    public HashSet<string> PerimeterAdmits { get; } = [];

    /// <summary>The Admin Activity log, in the order of writing.</summary>
    public List<GcpAuditEntry> ActivityLog { get; } = [];

    /// <summary>The Data Access log, in the order of writing.</summary>
    public List<GcpAuditEntry> DataAccessLog { get; } = [];

    /// <summary>Number of the entry that was written last.</summary>
    public int LastLogEntry { get; set; }

    /// <summary>Time from a call to when its entry can be read.</summary>
    public TimeSpan LogDelay { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long the bucket _Default keeps entries (discovery document: 30 days by default).</summary>
    public int LogRetentionDays { get; set; } = 30;

    /// <summary>Entries that are searched for one page.</summary>
    public int LogSearchLimit { get; set; } = 500;

    /// <summary>When entries were listed in the last minute.</summary>
    public List<DateTimeOffset> LogReads { get; } = [];

    /// <summary>
    /// True if a policy with conditions is refused to a reader of an older version, as at the end of 2019. Otherwise
    /// the conditions are left out.
    /// </summary>
    public bool RefusesOldPolicyVersions { get; set; }

    /// <summary>False if a policy that names a deleted member is refused.</summary>
    public bool TakesDeletedMembers { get; set; } = true;

    /// <summary>True if a policy can name a deleted account and a new one of the same name, as in 2020.</summary>
    public bool TakesDeletedBesideNew { get; set; }
}
