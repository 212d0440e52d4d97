namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>Google Cloud: keys in Cloud KMS, a service account as the identity.</summary>
internal sealed class GcpCustomerCloud : ICustomerCloud
{
    /// <summary>The cloud's name in CockroachDB Cloud's API.</summary>
    public const string ProviderName = "GCP";

    /// <summary>The type of its keys in a manifest.</summary>
    public const string KeyTypeName = "GCP_CLOUD_KMS";

    public string Provider => ProviderName;

    public string DisplayName => "Google Cloud";

    public string KeyType => KeyTypeName;

    public bool NeedsOrganizationId => false;

    public IReadOnlyCollection<string> RoleOptions => GcpRoleOptions.Names;

    public IReadOnlyCollection<string> KeyOptions => GcpKeyOptions.Names;

    public IReadOnlyCollection<string> PolicyOptions { get; } = [];

    public IReadOnlyList<CmekRevocationMethod> RevocationMethods { get; } =
    [
        CmekRevocationMethod.RemoveGrant,
        CmekRevocationMethod.DisableIdentity,
        CmekRevocationMethod.RemoveTrust,
        CmekRevocationMethod.DisableKey,
    ];

    public IReadOnlyList<CmekRevocationMethod> DefaultRevocation { get; } =
    [CmekRevocationMethod.RemoveGrant, CmekRevocationMethod.DisableIdentity, CmekRevocationMethod.DisableKey];

    public IVaultTarget VaultTarget { get; } = new GcpVaultTarget();

    public string KeyLocationRemedy => "New-CrdbCmekKey";

    public string? WhatOutlasts(CmekRevocationMethod method) =>
        method == CmekRevocationMethod.RemoveTrust
            ? "Tokens that were issued before stay valid until they expire, after an hour by default."
            : null;

    public KeyUri? ParseKeyUri(string text)
    {
        if (GcpKeyName.TryParse(text) is { } key && key.ToString() == text)
            return KeyUri.Of(text, KeyType, key.Location, key.Project);
        if (text.Contains("/cryptoKeyVersions/"))
            return KeyUri.Malformed(text, "it names a version; leave /cryptoKeyVersions/... off");
        if (GcpKeyName.TryParse(text) is not null)
            return KeyUri.Malformed(text, "it is an address; leave off everything before projects/");
        return text.StartsWith("projects/", StringComparison.Ordinal)
            ? KeyUri.Malformed(
                text,
                "it is not the resource name of a key, "
                    + "projects/<project>/locations/<location>/keyRings/<ring>/cryptoKeys/<key>"
            )
            : null;
    }

    public string? PrincipalProblem(string authPrincipal, CrdbCluster cluster) =>
        !ServiceAccountEmail.IsWellFormed(authPrincipal)
            ? "it is not the e-mail address of a service account, <name>@<project>.iam.gserviceaccount.com"
        : ServiceAccountEmail.IsOfCockroachLabs(authPrincipal, cluster)
            ? "it is the service account of Cockroach Labs, which acts through a service account of yours: name yours, "
                + "which New-CrdbCmekRole creates"
        : null;

    public string IdentityOf(CrdbCluster cluster, string authPrincipal) => authPrincipal;

    public string? SeparationProblem(KeyUri key, string authPrincipal, CrdbCluster cluster) => null;

    public string? KeyAccountProblem(KeyUri key, string authPrincipal) => null;

    public bool Serves(string location, string region) => GcpLocations.Serves(location, region);

    /// <summary>
    /// False: clusters on Google Cloud are always private, so their network visibility says nothing about it.
    /// </summary>
    public bool LacksAdvancedSecurity(CrdbCluster cluster) => false;

    public CmekAccessChange VerifyChange(
        CmekAccessChange change,
        CrdbCluster cluster,
        IReadOnlyList<CmekRegionSpec> keys
    ) => GcpAccessChangeReader.Verify(change, cluster, keys);

    public IEnumerable<Suggestion> Suggest(string parameter, SeenNames seen) => GcpSuggestions.Of(parameter, seen);

    public ICmekKeyProvider Connect(CloudOptions options, SandboxClouds? sandbox) =>
        new GcpKeyProvider(this, GcpConnection.Create(options, sandbox));
}
