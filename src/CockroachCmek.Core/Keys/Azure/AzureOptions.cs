namespace CockroachCmek.Core.Keys.Azure;

/// <summary>What only Azure has of a role.</summary>
public sealed record AzureRoleOptions
{
    /// <summary>The tenant that holds the vaults; null for the session's, or the one that the credentials belong to.</summary>
    public string? TenantId { get; init; }

    /// <summary>What the application is called; null for "CockroachDB Cloud - " and the cluster's id. Another name is not taken for it.</summary>
    public string? ApplicationName { get; init; }

    /// <summary>Grant too what the page of consent would: "Sign in and read user profile" for all users. Key Vault does not need it.</summary>
    public bool GrantConsent { get; init; }

    /// <summary>Where the caller may not add the application: opens the page of consent, and says whether it could. Null opens nothing.</summary>
    public Func<Uri, bool>? Open { get; init; }

    /// <summary>How long to wait for somebody to consent; null does not wait.</summary>
    public TimeSpan? Wait { get; init; }
}

/// <summary>What only Azure has of keys.</summary>
public sealed record AzureKeyOptions
{
    /// <summary>Names or URIs of vaults: one for all regions, or one in each region's location.</summary>
    public IReadOnlyList<string> Vaults { get; init; } = [];

    /// <summary>The subscription that holds the vaults; null for the session's, or all that the credentials see.</summary>
    public string? SubscriptionId { get; init; }

    /// <summary>Bits of a new key: 2048, 3072 or 4096; null for 3072.</summary>
    public int? KeySize { get; init; }

    /// <summary>Software or hardware; null for software.</summary>
    public CmekProtectionLevel? ProtectionLevel { get; init; }

    /// <summary>When a new key expires; null for never. An expired key cannot be used to encrypt.</summary>
    public DateTimeOffset? ExpiresOn { get; init; }

    /// <summary>The role that the application gets on the vault; null for the page's, Key Vault Crypto Officer.</summary>
    public string? RoleName { get; init; }

    /// <summary>Object id of the application's service principal, for callers who may not read Microsoft Graph; null to ask there.</summary>
    public string? PrincipalId { get; init; }

    /// <summary>Recover a deleted key of the name, instead of reporting it.</summary>
    public bool Recover { get; init; }

    /// <summary>The identity is only planned: that it is not there is no fault.</summary>
    public bool IsPlanned { get; init; }
}
