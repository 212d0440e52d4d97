namespace CockroachCmek.Core.Keys.Azure;

/// <summary>Options of an identity that only Azure has.</summary>
internal sealed record AzureRoleOptions
{
    /// <summary>Names of the parameters that these options come from.</summary>
    public static IReadOnlyCollection<string> Names { get; } =
    ["TenantId", "ApplicationName", "GrantConsent", "Open", "Wait", "Timeout"];

    /// <summary>
    /// The tenant that holds the Key Vaults. Default: the session's, or the one that the credentials belong to.
    /// </summary>
    public string? TenantId { get; private init; }

    /// <summary>
    /// Name of the application. Another name is refused. Default: "CockroachDB Cloud - " and the cluster's id.
    /// </summary>
    public string? ApplicationName { get; private init; }

    /// <summary>
    /// Also grants "Sign in and read user profile" for all users, as the consent page would. Key Vault does not need
    /// it.
    /// </summary>
    public bool GrantConsent { get; private init; }

    /// <summary>
    /// Opens the consent page when the caller is not allowed to add the application; false when it could not be opened.
    /// Null does not open it.
    /// </summary>
    public Func<Uri, bool>? Open { get; private init; }

    /// <summary>How long to wait for somebody to consent. Null does not wait.</summary>
    public TimeSpan? Wait { get; private init; }

    public static AzureRoleOptions From(CloudOptions options) =>
        new()
        {
            TenantId = options.Get<string>("TenantId"),
            ApplicationName = options.Get<string>("ApplicationName"),
            GrantConsent = options.Get<bool>("GrantConsent"),
            Open = options.Get<Func<Uri, bool>>("Open"),
            Wait = options.Get<bool>("Wait") ? options.Get<TimeSpan>("Timeout") : null,
        };
}

/// <summary>Options of keys that only Azure has.</summary>
internal sealed record AzureKeyOptions
{
    /// <summary>Names of the parameters that these options come from.</summary>
    public static IReadOnlyCollection<string> Names { get; } =
    [
        "KeyVaultName",
        "KeyVaultUri",
        "SubscriptionId",
        "KeySize",
        "ProtectionLevel",
        "ExpiresOn",
        "RoleName",
        "PrincipalId",
        "Recover",
    ];

    /// <summary>Names or URIs of Key Vaults: one for all regions, or one in each region's location.</summary>
    public IReadOnlyList<string> KeyVaults { get; private init; } = [];

    /// <summary>
    /// The subscription that holds the Key Vaults. Default: the session's, or all that the credentials can see.
    /// </summary>
    public string? SubscriptionId { get; private init; }

    /// <summary>Bits of a new key: 2048, 3072 or 4096. Default: 3072.</summary>
    public int? KeySize { get; private init; }

    /// <summary>Software or hardware. Default: software.</summary>
    public CmekProtectionLevel? ProtectionLevel { get; private init; }

    /// <summary>When a new key expires. Default: never. An expired key cannot be used to encrypt.</summary>
    public DateTimeOffset? ExpiresOn { get; private init; }

    /// <summary>
    /// The role that the application gets on the Key Vault. Default: Key Vault Crypto Officer, as documented.
    /// </summary>
    public string? RoleName { get; private init; }

    /// <summary>
    /// Object id of the application's service principal, for callers who are not allowed to read Microsoft Graph.
    /// Default: read from Graph.
    /// </summary>
    public string? PrincipalId { get; private init; }

    /// <summary>Recovers a deleted key of the name. Default: report it.</summary>
    public bool Recover { get; private init; }

    public static AzureKeyOptions From(CloudOptions options) =>
        new()
        {
            KeyVaults =
            [
                .. options.Get<string[]>("KeyVaultName") ?? [],
                .. (options.Get<Uri[]>("KeyVaultUri") ?? []).Select(u => u.OriginalString),
            ],
            SubscriptionId = options.Get<string>("SubscriptionId"),
            KeySize = options.Get<int?>("KeySize"),
            ProtectionLevel = options.Get<CmekProtectionLevel?>("ProtectionLevel"),
            ExpiresOn = options.Get<DateTimeOffset?>("ExpiresOn"),
            RoleName = options.Get<string>("RoleName"),
            PrincipalId = options.Get<string>("PrincipalId"),
            Recover = options.Get<bool>("Recover"),
        };
}
