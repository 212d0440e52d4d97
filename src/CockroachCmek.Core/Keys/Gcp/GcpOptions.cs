namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>Options of a service account, from parameters of New-CrdbCmekRole.</summary>
internal sealed record GcpRoleOptions
{
    /// <summary>Names of the parameters.</summary>
    public static IReadOnlyCollection<string> Names { get; } = ["Name", "Project"];

    /// <summary>Project of the service account. Default: the session's.</summary>
    public string? Project { get; private init; }

    public static GcpRoleOptions From(CloudOptions options) => new() { Project = options.Get<string>("Project") };
}

/// <summary>Options of keys, from parameters of New-CrdbCmekKey.</summary>
internal sealed record GcpKeyOptions
{
    /// <summary>Names of the parameters.</summary>
    public static IReadOnlyCollection<string> Names { get; } =
    ["Project", "Location", "KeyRing", "ProtectionLevel", "DestroyScheduledDuration"];

    /// <summary>Project of the keys. Default: the session's, or else the service account's.</summary>
    public string? Project { get; private init; }

    /// <summary>
    /// Location of one key for all regions: a multi-region such as europe, global, or a region. Default: a key in each
    /// region's own location.
    /// </summary>
    public string? Location { get; private init; }

    /// <summary>
    /// Key ring, by its id or resource name. Default: crdb-cmek. Created if missing; cannot be deleted.
    /// </summary>
    public string? KeyRing { get; private init; }

    /// <summary>Where the material of new keys is kept. Default: software.</summary>
    public CmekProtectionLevel? ProtectionLevel { get; private init; }

    /// <summary>
    /// How long a version of a new key can be restored after its destruction was scheduled. Default: Google Cloud's 30
    /// days. Cannot be changed later.
    /// </summary>
    public TimeSpan? DestroyScheduledDuration { get; private init; }

    public static GcpKeyOptions From(CloudOptions options) =>
        new()
        {
            Project = options.Get<string>("Project"),
            Location = options.Get<string>("Location"),
            KeyRing = options.Get<string>("KeyRing"),
            ProtectionLevel = options.Get<CmekProtectionLevel?>("ProtectionLevel"),
            DestroyScheduledDuration = options.Get<TimeSpan?>("DestroyScheduledDuration"),
        };
}
