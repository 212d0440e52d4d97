using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// Azure: keys in Key Vault, and an enterprise application as the identity. The principal in a manifest is the tenant
/// of both.
/// </summary>
internal sealed class AzureCustomerCloud : ICustomerCloud
{
    public const string ProviderName = "AZURE";
    public const string Name = "Azure";
    public const string KeyTypeName = "AZURE_KEY_VAULT";

    private static readonly Regex Key = new(
        @"^https://[a-zA-Z0-9-]+\.(vault|managedhsm)\.(azure\.net|azure\.cn|usgovcloudapi\.net)"
            + "/keys/[0-9a-zA-Z-]+/[0-9a-f]{32}$",
        RegexOptions.CultureInvariant
    );

    public string Provider => ProviderName;

    public string DisplayName => Name;

    public string KeyType => KeyTypeName;

    public bool NeedsOrganizationId => false;

    public IReadOnlyCollection<string> RoleOptions => AzureRoleOptions.Names;

    public IReadOnlyCollection<string> KeyOptions => AzureKeyOptions.Names;

    public IReadOnlyCollection<string> PolicyOptions { get; } = ["RoleName"];

    public static IReadOnlyList<CmekRevocationMethod> SupportedRevocations { get; } =
    [CmekRevocationMethod.RemoveGrant, CmekRevocationMethod.DisableKey, CmekRevocationMethod.DisableIdentity];

    public IReadOnlyList<CmekRevocationMethod> RevocationMethods => SupportedRevocations;

    /// <summary>
    /// Without DisableIdentity: issued tokens stay valid until they expire, so that it is never enough alone.
    /// </summary>
    public static IReadOnlyList<CmekRevocationMethod> DefaultRevocations { get; } =
    [CmekRevocationMethod.RemoveGrant, CmekRevocationMethod.DisableKey];

    public IReadOnlyList<CmekRevocationMethod> DefaultRevocation => DefaultRevocations;

    public IVaultTarget VaultTarget { get; } = new AzureVaultTarget();

    public string KeyLocationRemedy => "New-CrdbCmekKey";

    public string? WhatOutlasts(CmekRevocationMethod method) =>
        method == CmekRevocationMethod.DisableIdentity
            ? "Tokens that were issued before stay valid until they expire, after 60 to 90 minutes by default."
            : null;

    public KeyUri? ParseKeyUri(string text)
    {
        if (Key.IsMatch(text))
            return KeyUri.Of(text, KeyType, resource: text[..text.LastIndexOf('/')]);
        return AzureKeyIdProblem.Of(text, needsVersion: true) is { } problem ? KeyUri.Malformed(text, problem) : null;
    }

    public string? PrincipalProblem(string authPrincipal, CrdbCluster cluster) =>
        Guid.TryParseExact(authPrincipal, "D", out _) ? null : "it is not a tenant id (a UUID)";

    /// <summary>Every cluster has its own application; the tenant is the same for all.</summary>
    public string IdentityOf(CrdbCluster cluster, string authPrincipal) =>
        cluster.AzureClusterIdentityClientId is { Length: > 0 } application ? application : authPrincipal;

    public string? SeparationProblem(KeyUri key, string authPrincipal, CrdbCluster cluster) => null;

    public string? KeyAccountProblem(KeyUri key, string authPrincipal) => null;

    /// <summary>A Key Identifier does not contain its location; the check that reads the Key Vault does.</summary>
    public bool Serves(string location, string region) => location == region;

    /// <summary>The network visibility of a cluster on Azure says nothing about advanced security features.</summary>
    public bool LacksAdvancedSecurity(CrdbCluster cluster) => false;

    public CmekAccessChange VerifyChange(
        CmekAccessChange change,
        CrdbCluster cluster,
        IReadOnlyList<CmekRegionSpec> keys
    ) => new AzureRecordedChange(change, cluster, keys).Verify();

    public IEnumerable<Suggestion> Suggest(string parameter, SeenNames seen) => AzureSuggestions.Of(parameter, seen);

    public ICmekKeyProvider Connect(CloudOptions options, SandboxClouds? sandbox) =>
        new AzureKeyProvider(this, AzureConnection.Create(options, sandbox));
}
