using System.Net;

namespace CockroachCmek;

/// <summary>
/// A running sandbox on the loopback address of this machine. Its credentials are created at start, are worth nothing
/// elsewhere and end with it. Lists, JSON and files do not show them; <c>$sandbox.ApiKey</c> does.
/// </summary>
public sealed class CrdbSandbox
{
    /// <summary>Base address of the CockroachDB Cloud API.</summary>
    public Uri CloudEndpoint { get; internal init; } = null!;

    /// <summary>
    /// API key that is allowed to do everything.
    /// </summary>
    internal string ApiKey { get; set; } = "";

    /// <summary>API key that is allowed to list clusters, but not to read their CMEK or the organization.</summary>
    internal string ViewerApiKey { get; set; } = "";

    /// <summary>UUID of the organization.</summary>
    public string OrganizationId { get; internal set; } = "";

    /// <summary>Address of AWS STS, IAM and KMS, for example for AWS_ENDPOINT_URL.</summary>
    public Uri AwsEndpoint { get; internal init; } = null!;

    /// <summary>Access key id of an administrator of the sandbox's AWS account.</summary>
    public string AwsAccessKeyId { get; internal set; } = "";

    /// <summary>The secret that belongs to <see cref="AwsAccessKeyId"/>.</summary>
    internal string AwsSecretAccessKey { get; set; } = "";

    /// <summary>The customer's AWS account id.</summary>
    public string AwsAccountId { get; internal init; } = "";

    /// <summary>Address of Google Cloud KMS and IAM.</summary>
    public Uri GcpEndpoint { get; internal init; } = null!;

    /// <summary>OAuth access token of an administrator of the sandbox's Google Cloud project.</summary>
    internal string GcpAccessToken { get; set; } = "";

    /// <summary>The customer's Google Cloud project.</summary>
    public string GcpProject { get; internal init; } = "";

    /// <summary>
    /// Address of Azure: Entra ID, Microsoft Graph, Resource Manager and Key Vault over TLS, each under its own host
    /// name.
    /// </summary>
    public Uri AzureEndpoint { get; internal init; } = null!;

    /// <summary>
    /// The certificate authority of <see cref="AzureEndpoint"/> as PEM, created at start. This machine does not trust
    /// it.
    /// </summary>
    internal string AzureCertificate { get; init; } = "";

    /// <summary>
    /// A proxy for the variable HTTPS_PROXY of other clients. It connects Azure's host names to
    /// <see cref="AzureEndpoint"/> and refuses all others, so that Azure's own clients use the sandbox unchanged.
    /// </summary>
    public Uri AzureProxy { get; internal init; } = null!;

    /// <summary>The customer's Azure tenant.</summary>
    public string AzureTenantId { get; internal set; } = "";

    /// <summary>The customer's Azure subscription.</summary>
    public string AzureSubscriptionId { get; internal set; } = "";

    /// <summary>
    /// Client id of an application that is allowed to do everything in the tenant and the subscription.
    /// </summary>
    public string AzureClientId { get; internal set; } = "";

    /// <summary>The secret that belongs to <see cref="AzureClientId"/>.</summary>
    internal string AzureClientSecret { get; set; } = "";

    /// <summary>Name of a Key Vault set up as recommended: Azure roles, soft delete, purge protection.</summary>
    public string AzureKeyVaultName { get; internal init; } = "";

    /// <summary>The name of <see cref="AzureKeyVaultName"/> in version 0.2.0.</summary>
    public string AzureVaultName => AzureKeyVaultName;

    /// <summary>Address of the managed identity's tokens, for IDENTITY_ENDPOINT.</summary>
    public Uri AzureIdentityEndpoint { get; internal init; } = null!;

    /// <summary>The secret that belongs to <see cref="AzureIdentityEndpoint"/>, for IDENTITY_HEADER.</summary>
    internal string AzureIdentityHeader { get; set; } = "";

    /// <summary>Address of HashiCorp Vault, for VAULT_ADDR.</summary>
    public Uri VaultEndpoint { get; internal init; } = null!;

    /// <summary>A token that is allowed to do everything in the sandbox's HashiCorp Vault.</summary>
    internal string VaultToken { get; set; } = "";

    /// <summary>How many times faster than real time the sandbox's clock runs.</summary>
    public double TimeScale { get; internal init; }

    /// <summary>Environment variables for other clients, by name.</summary>
    internal IReadOnlyDictionary<string, string> Environment { get; set; } = new Dictionary<string, string>();

    /// <summary>
    /// Every request so far with its response, in the order of arrival; empty unless the sandbox was started with
    /// -Record. Credentials are redacted.
    /// </summary>
    public IReadOnlyList<SandboxExchange> Exchanges => ReadExchanges().AsCmekList();

    /// <summary>
    /// A credential, by its name. <c>$sandbox.ApiKey</c> is the same in PowerShell: a hidden property.
    /// </summary>
    /// <param name="name">
    /// ApiKey, ViewerApiKey, AwsSecretAccessKey, GcpAccessToken, AzureCertificate, AzureClientSecret,
    /// AzureIdentityHeader
    /// or VaultToken.
    /// </param>
    /// <exception cref="ArgumentException">There is no such credential.</exception>
    public string GetSecret(string name) =>
        name switch
        {
            nameof(ApiKey) => ApiKey,
            nameof(ViewerApiKey) => ViewerApiKey,
            nameof(AwsSecretAccessKey) => AwsSecretAccessKey,
            nameof(GcpAccessToken) => GcpAccessToken,
            nameof(AzureCertificate) => AzureCertificate,
            nameof(AzureClientSecret) => AzureClientSecret,
            nameof(AzureIdentityHeader) => AzureIdentityHeader,
            nameof(VaultToken) => VaultToken,
            _ => throw new ArgumentException($"The sandbox has no credential '{name}'.", nameof(name)),
        };

    /// <summary>Environment variables for other clients, by name. They hold credentials.</summary>
    public IReadOnlyDictionary<string, string> GetEnvironment() => Environment;

    /// <summary>Injects a fault: matching requests get a late response, an error or none.</summary>
    public void AddFault(SandboxFault fault) => ApplyFault(fault ?? throw new ArgumentNullException(nameof(fault)));

    /// <summary>
    /// Creates an application with limited rights in the sandbox's Azure tenant, to rehearse refusals.
    /// </summary>
    /// <param name="rights">
    /// None, All, or any of these separated by commas: Subscription (owner of the subscription), Keys (administrator
    /// of the key vaults), GraphRead, Graph.
    /// </param>
    /// <returns>Client id and secret.</returns>
    public NetworkCredential AddAzurePrincipal(string rights) => MakeAzurePrincipal(rights);

    /// <summary>
    /// Creates a user with exactly these permissions in the sandbox's Google Cloud, to rehearse refusals.
    /// </summary>
    /// <param name="permissions">For example cloudkms.cryptoKeys.get; none for a user who may do nothing.</param>
    /// <returns>An access token, for Connect-CrdbCloud -GcpAccessToken.</returns>
    public string AddGcpPrincipal(params string[] permissions) => MakeGcpPrincipal(permissions, false);

    /// <summary>Creates a user with every permission but these in the sandbox's Google Cloud.</summary>
    /// <param name="permissions">For example resourcemanager.projects.getIamPolicy.</param>
    /// <returns>An access token, for Connect-CrdbCloud -GcpAccessToken.</returns>
    public string AddGcpPrincipalWithout(params string[] permissions) => MakeGcpPrincipal(permissions, true);

    /// <summary>
    /// Writes what other clients read from files only: a token and credentials of Google Cloud, the certificate
    /// authority of Azure.
    /// </summary>
    /// <param name="folder">An empty folder, which should be its owner's only.</param>
    /// <returns>The environment variables that name the files, beside <see cref="Environment"/>.</returns>
    public IReadOnlyDictionary<string, string> SaveClientFiles(string folder) => SaveFiles(folder);

    /// <summary>Removes all faults.</summary>
    public void ClearFaults() => ApplyFault(null);

    /// <summary>Empties <see cref="Exchanges"/>. The next request continues the numbering.</summary>
    public void ClearExchanges() => ForgetExchanges();

    /// <summary>
    /// Restarts the nodes of a cluster, as maintenance does: those that cannot use their key stay down.
    /// </summary>
    public void RestartNodes(string cluster) => Restart(cluster);

    /// <summary>
    /// Does what only Cockroach Labs support can do for a revoked cluster: brings it back once its keys can be used.
    /// </summary>
    /// <exception cref="InvalidOperationException">A key cannot be used, or an operation is running.</exception>
    public void RecoverCluster(string cluster) => Recover(cluster);

    /// <summary>
    /// Moves the sandbox's clock forward, without waiting: everything due by then is due now, and who waits for it goes
    /// on. The sessions of this process share the clock; one of another process has to connect again. The clock keeps
    /// running at <see cref="TimeScale"/>.
    /// </summary>
    /// <param name="span">Sandbox time.</param>
    public void Advance(TimeSpan span) => AdvanceClock(span);

    /// <summary>
    /// Saves the whole state of the sandbox: accounts, credentials, clusters, keys, time. Faults and recorded requests
    /// are not part of it. The state can be loaded any number of times, in this process.
    /// </summary>
    /// <returns>An opaque object for <see cref="Load"/>.</returns>
    public object Save() => SaveState();

    /// <summary>
    /// Replaces the whole state of the sandbox by a saved one, of this sandbox or of another. The credentials become
    /// those of the saved sandbox, so a session that was connected with other ones must connect again. Addresses and
    /// the TLS certificate stay.
    /// </summary>
    /// <param name="state">What <see cref="Save"/> returned.</param>
    /// <exception cref="ArgumentException">The object is not a saved state of a sandbox.</exception>
    public void Load(object state)
    {
        var loaded = LoadState(state ?? throw new ArgumentNullException(nameof(state)));
        (ApiKey, ViewerApiKey, OrganizationId) = (loaded.ApiKey, loaded.ViewerApiKey, loaded.OrganizationId);
        (AwsAccessKeyId, AwsSecretAccessKey) = (loaded.AwsAccessKeyId, loaded.AwsSecretAccessKey);
        GcpAccessToken = loaded.GcpAccessToken;
        (AzureTenantId, AzureSubscriptionId) = (loaded.AzureTenantId, loaded.AzureSubscriptionId);
        (AzureClientId, AzureClientSecret) = (loaded.AzureClientId, loaded.AzureClientSecret);
        (AzureIdentityHeader, VaultToken) = (loaded.AzureIdentityHeader, loaded.VaultToken);
        Environment = loaded.Environment;
    }

    internal Action<TimeSpan> AdvanceClock { get; init; } = _ => { };

    internal Func<object> SaveState { get; init; } = () => new object();

    /// <summary>Loads a state and returns the new description of the sandbox.</summary>
    internal Func<object, CrdbSandbox> LoadState { get; init; } = _ => new CrdbSandbox();

    internal Action<string> Restart { get; init; } = _ => { };

    internal Action<string> Recover { get; init; } = _ => { };

    internal Func<string, NetworkCredential> MakeAzurePrincipal { get; init; } = _ => new NetworkCredential();

    /// <summary>Makes a user with these permissions, or with all others.</summary>
    internal Func<string[], bool, string> MakeGcpPrincipal { get; init; } = (_, _) => "";

    internal Func<string, IReadOnlyDictionary<string, string>> SaveFiles { get; init; } =
        _ => new Dictionary<string, string>();

    internal Func<IReadOnlyList<SandboxExchange>> ReadExchanges { get; init; } = () => [];

    internal Action ForgetExchanges { get; init; } = () => { };

    internal Action<SandboxFault?> ApplyFault { get; init; } = _ => { };

    /// <inheritdoc/>
    public override string ToString() => CloudEndpoint.ToString();
}
