using System.Net;

namespace CockroachCmek;

/// <summary>A running rehearsal cloud on this machine's loopback address. Its credentials are made at start, are worth nothing elsewhere and end with it.</summary>
public sealed class CrdbSandbox
{
    /// <summary>Base address of the CockroachDB Cloud API.</summary>
    public Uri CloudEndpoint { get; internal init; } = null!;

    /// <summary>API key that may do everything. A sandbox's key is worth nothing elsewhere, so it is shown: other clients need it.</summary>
    public string ApiKey { get; internal set; } = "";

    /// <summary>API key that may list clusters, but see neither their CMEK nor the organization.</summary>
    public string ViewerApiKey { get; internal set; } = "";

    /// <summary>UUID of the organization.</summary>
    public string OrganizationId { get; internal set; } = "";

    /// <summary>Address of AWS STS, IAM and KMS, for example for AWS_ENDPOINT_URL.</summary>
    public Uri AwsEndpoint { get; internal init; } = null!;

    /// <summary>Access key id of an administrator of the sandbox's AWS account.</summary>
    public string AwsAccessKeyId { get; internal set; } = "";

    /// <summary>The secret that belongs to <see cref="AwsAccessKeyId"/>.</summary>
    public string AwsSecretAccessKey { get; internal set; } = "";

    /// <summary>The customer's AWS account id.</summary>
    public string AwsAccountId { get; internal init; } = "";

    /// <summary>Address of Google Cloud KMS and IAM.</summary>
    public Uri GcpEndpoint { get; internal init; } = null!;

    /// <summary>OAuth access token of an administrator of the sandbox's Google Cloud project.</summary>
    public string GcpAccessToken { get; internal set; } = "";

    /// <summary>The customer's Google Cloud project.</summary>
    public string GcpProject { get; internal init; } = "";

    /// <summary>Address of Azure: Entra ID, Microsoft Graph, Resource Manager and Key Vault answer here over TLS, each under its own host name.</summary>
    public Uri AzureEndpoint { get; internal init; } = null!;

    /// <summary>The certificate authority of <see cref="AzureEndpoint"/>, PEM. It was made at start; this machine does not trust it.</summary>
    public string AzureCertificate { get; internal init; } = "";

    /// <summary>The customer's Azure tenant.</summary>
    public string AzureTenantId { get; internal set; } = "";

    /// <summary>The customer's Azure subscription.</summary>
    public string AzureSubscriptionId { get; internal set; } = "";

    /// <summary>Client id of an application that may do everything in the tenant and the subscription.</summary>
    public string AzureClientId { get; internal set; } = "";

    /// <summary>The secret that belongs to <see cref="AzureClientId"/>.</summary>
    public string AzureClientSecret { get; internal set; } = "";

    /// <summary>Name of the Azure Key Vault that the sandbox has from the start.</summary>
    public string AzureKeyVaultName { get; internal init; } = "";

    /// <summary>The name of <see cref="AzureKeyVaultName"/> in version 0.2.0.</summary>
    public string AzureVaultName => AzureKeyVaultName;

    /// <summary>Address of the tokens of a managed identity, for IDENTITY_ENDPOINT.</summary>
    public Uri AzureIdentityEndpoint { get; internal init; } = null!;

    /// <summary>What belongs to <see cref="AzureIdentityEndpoint"/>, for IDENTITY_HEADER.</summary>
    public string AzureIdentityHeader { get; internal set; } = "";

    /// <summary>Address of HashiCorp Vault, for VAULT_ADDR.</summary>
    public Uri VaultEndpoint { get; internal init; } = null!;

    /// <summary>A token that may do everything in the sandbox's Vault.</summary>
    public string VaultToken { get; internal set; } = "";

    /// <summary>How many times faster than life the sandbox's clocks run.</summary>
    public double TimeScale { get; internal init; }

    /// <summary>Environment variables for other clients: name and value.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; internal set; } = new Dictionary<string, string>();

    /// <summary>Every request and its answer so far, in order; empty unless the sandbox was started with -Record. Authorization is left out.</summary>
    public IReadOnlyList<SandboxExchange> Exchanges => ReadExchanges().AsArray();

    /// <summary>Lets requests that match meet a fault: an answer that is late, refused or lost.</summary>
    public void AddFault(SandboxFault fault) => ApplyFault(fault ?? throw new ArgumentNullException(nameof(fault)));

    /// <summary>Makes an application in the sandbox's Azure tenant that may less, to rehearse what is refused: its client id and secret.</summary>
    /// <param name="rights">None, or any of Subscription (owner of it), Keys (administrator of vaults), GraphRead and Graph, separated by commas; or All.</param>
    public NetworkCredential AddAzurePrincipal(string rights) => MakeAzurePrincipal(rights);

    /// <summary>Takes all faults away.</summary>
    public void ClearFaults() => ApplyFault(null);

    /// <summary>Restarts the nodes of a cluster, as a maintenance would: those that cannot use their key stay down.</summary>
    public void RestartNodes(string cluster) => Restart(cluster);

    /// <summary>Does what only Cockroach Labs support can do for a revoked cluster: brings it back, once its keys can be used again.</summary>
    /// <exception cref="InvalidOperationException">A key still cannot be used.</exception>
    public void RecoverCluster(string cluster) => Recover(cluster);

    /// <summary>
    /// Moves the sandbox's clock forward, without waiting: everything due by then is due now. The clock keeps running at
    /// <see cref="TimeScale"/>.
    /// </summary>
    /// <param name="span">Sandbox time.</param>
    public void Advance(TimeSpan span) => AdvanceClock(span);

    /// <summary>
    /// Saves the whole state of the sandbox: accounts, credentials, clusters, keys, time. Faults and recorded requests are not
    /// part of it. The state can be loaded any number of times, in this process.
    /// </summary>
    /// <returns>An opaque object for <see cref="Load"/>.</returns>
    public object Save() => SaveState();

    /// <summary>
    /// Replaces the whole state of the sandbox by a saved one, of this sandbox or of another. The credentials become those of
    /// the saved sandbox, so a session that was connected with other ones must connect again. Addresses and the TLS certificate
    /// stay.
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

    /// <summary>Loads a state and describes the sandbox anew.</summary>
    internal Func<object, CrdbSandbox> LoadState { get; init; } = _ => new CrdbSandbox();

    internal Action<string> Restart { get; init; } = _ => { };

    internal Action<string> Recover { get; init; } = _ => { };

    internal Func<string, NetworkCredential> MakeAzurePrincipal { get; init; } = _ => new NetworkCredential();

    internal Func<IReadOnlyList<SandboxExchange>> ReadExchanges { get; init; } = () => [];

    internal Action<SandboxFault?> ApplyFault { get; init; } = _ => { };

    /// <inheritdoc/>
    public override string ToString() => CloudEndpoint.ToString();
}

/// <summary>A request that the sandbox was sent, and what it answered.</summary>
public sealed record SandboxExchange
{
    /// <summary>Order of arrival, from 1.</summary>
    public int Index { get; internal init; }

    /// <summary>cloud, aws, gcp, azure, msi, ...</summary>
    public string Service { get; internal init; } = "";

    /// <summary>HTTP method.</summary>
    public string Method { get; internal init; } = "";

    /// <summary>Path and query.</summary>
    public string Target { get; internal init; } = "";

    /// <summary>What is asked for: of AWS the operation, for example kms:CreateKey, of Azure method, host and path; otherwise method and path.</summary>
    public string Operation { get; internal init; } = "";

    /// <summary>Header fields of the request; Authorization is redacted.</summary>
    public IReadOnlyDictionary<string, string> RequestHeaders { get; internal init; } =
        new Dictionary<string, string>();

    /// <summary>Body of the request.</summary>
    public string RequestBody { get; internal init; } = "";

    /// <summary>HTTP status; null when the connection was cut.</summary>
    public int? Status { get; internal init; }

    /// <summary>HTTP status of an answer that was lost: the request was processed, and the connection cut. Null otherwise.</summary>
    public int? LostStatus { get; internal init; }

    /// <summary>Body of the answer.</summary>
    public string ResponseBody { get; internal init; } = "";

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Index} {Operation}: {Status?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "cut"}";
}

/// <summary>A fault for the sandbox to commit, for rehearsing what a script does when a cloud has a bad day.</summary>
public sealed class SandboxFault
{
    /// <summary>cloud, aws, gcp, azure, msi, ...; null for any.</summary>
    public string? Service { get; set; }

    /// <summary>HTTP method; null for any.</summary>
    public string? Method { get; set; }

    /// <summary>Regular expression over method, target, AWS operation and body; null for any.</summary>
    public string? Pattern { get; set; }

    /// <summary>Matching requests that are let through first.</summary>
    public int Skip { get; set; }

    /// <summary>Matching requests that meet the fault.</summary>
    public int Count { get; set; } = 1;

    /// <summary>Delay, Status, CutBefore (nothing happened) or CutAfter (it happened, the answer is lost).</summary>
    public SandboxFaultAction Action { get; set; }

    /// <summary>HTTP status of a Status fault.</summary>
    public int Status { get; set; } = 503;

    /// <summary>Seconds of Retry-After of a Status fault; null for none.</summary>
    public int? RetryAfter { get; set; }
}

/// <summary>What is done to a request.</summary>
public enum SandboxFaultAction
{
    /// <summary>Answered five seconds late, in sandbox time.</summary>
    Delay,

    /// <summary>Refused with an HTTP status, and not processed.</summary>
    Status,

    /// <summary>The connection is cut before the request is processed.</summary>
    CutBefore,

    /// <summary>The connection is cut after the request was processed.</summary>
    CutAfter,
}
