using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>Google Cloud: keys in Cloud KMS, a service account as the identity.</summary>
internal sealed class GcpCustomerCloud : ICustomerCloud
{
    private static readonly Regex Key = new(
        @"^projects/(?<project>[^/\s]+)/locations/(?<location>[^/\s]+)"
            + "/keyRings/[a-zA-Z0-9_-]{1,63}/cryptoKeys/[a-zA-Z0-9_-]{1,63}$",
        RegexOptions.CultureInvariant
    );

    private static readonly Regex ServiceAccount = new(
        @"^[a-z][a-z0-9-]{4,28}[a-z0-9]@[a-z0-9.-]+\.iam\.gserviceaccount\.com$",
        RegexOptions.CultureInvariant
    );

    public string Provider => "GCP";

    public string DisplayName => "Google Cloud";

    public string KeyType => "GCP_CLOUD_KMS";

    public bool NeedsOrganizationId => false;

    public IReadOnlyCollection<string> RoleOptions => GcpRoleOptions.Names;

    public IReadOnlyCollection<string> KeyOptions => GcpKeyOptions.Names;

    public IReadOnlyCollection<string> PolicyOptions { get; } = [];

    public IReadOnlyList<CmekRevocationMethod> RevocationMethods { get; } =
    [CmekRevocationMethod.RemoveGrant, CmekRevocationMethod.RemoveTrust, CmekRevocationMethod.DisableKey];

    public IVaultTarget VaultTarget { get; } = new GcpVaultTarget();

    public string KeyLocationRemedy => "New-CrdbCmekKey";

    public KeyUri? ParseKeyUri(string text)
    {
        if (Key.Match(text) is { Success: true } key)
            return KeyUri.Of(text, KeyType, key.Groups["location"].Value, key.Groups["project"].Value);
        if (text.Contains("/cryptoKeyVersions/"))
            return KeyUri.Malformed(text, "it names a version; leave /cryptoKeyVersions/... off");
        return text.StartsWith("projects/", StringComparison.Ordinal)
            ? KeyUri.Malformed(
                text,
                "it is not the resource name of a key, "
                    + "projects/<project>/locations/<location>/keyRings/<ring>/cryptoKeys/<key>"
            )
            : null;
    }

    public string? PrincipalProblem(string authPrincipal) =>
        ServiceAccount.IsMatch(authPrincipal)
            ? null
            : "it is not the e-mail address of a service account, <name>@<project>.iam.gserviceaccount.com";

    public string? KeyAccountProblem(KeyUri key, string authPrincipal) => null;

    public bool Serves(string location, string region) => GcpLocations.Serves(location, region);

    /// <summary>Clusters on Google Cloud are always private, so the network visibility tells nothing.</summary>
    public bool LacksAdvancedSecurity(CrdbCluster cluster) => false;

    public ICmekKeyProvider Connect(CloudOptions options, SandboxClouds? sandbox) =>
        new GcpKeyProvider(this, GcpConnection.Create(options, sandbox));
}
