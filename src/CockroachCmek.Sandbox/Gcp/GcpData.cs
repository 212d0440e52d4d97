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

    /// <summary>The organization allows only its own members in policies.</summary>
    public bool RestrictMembers { get; set; }
}
