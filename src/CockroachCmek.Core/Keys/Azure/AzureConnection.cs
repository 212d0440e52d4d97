using System.Globalization;
using System.Net.Http;
using CockroachCmek.Core.Http;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// How to connect to the customer's Azure. Default: the public cloud, the default credential chain, and its tenant.
/// </summary>
internal sealed record AzureConnection
{
    /// <summary>Which of Microsoft's clouds.</summary>
    public AzureEnvironment Environment { get; init; }

    /// <summary>Which credentials to use.</summary>
    public AzureCredential Credential { get; init; }

    /// <summary>
    /// Client id of a user-assigned managed identity, or of the application that <see cref="ClientSecret"/> belongs to.
    /// Only sent when given, because Azure Automation refuses it.
    /// </summary>
    public string? ClientId { get; init; }

    /// <summary>
    /// Secret of the application <see cref="ClientId"/>. With it, no other credentials are looked for.
    /// </summary>
    public Secret? ClientSecret { get; init; }

    /// <summary>The tenant. Default: the one that the credentials belong to.</summary>
    public string? TenantId { get; init; }

    /// <summary>The subscription that holds the Key Vaults. Default: all that the credentials can see.</summary>
    public string? SubscriptionId { get; init; }

    /// <summary>The Key Vaults of new keys, for runs that name none.</summary>
    public IReadOnlyList<string> KeyVaultNames { get; init; } = [];

    /// <summary>A sandbox on this machine that serves every host of Azure; null for Azure itself.</summary>
    public AzureLoopback? Loopback { get; init; }

    /// <summary>Carries the requests in unit tests; null for the platform's own.</summary>
    internal HttpMessageHandler? Handler { get; init; }

    /// <summary>
    /// The connection of a session: what Connect-CrdbCloud was given. On a sandbox the address is always the
    /// sandbox's, and its credentials are the default.
    /// </summary>
    public static AzureConnection Create(CloudOptions options, SandboxClouds? sandbox)
    {
        var connection = new AzureConnection
        {
            Environment = options.Get<AzureEnvironment>("AzureEnvironment"),
            Credential = options.Get<AzureCredential>("AzureCredential"),
            ClientId = options.Get<string>("AzureClientId"),
            TenantId = options.Get<string>("AzureTenantId"),
            SubscriptionId = options.Get<string>("AzureSubscriptionId"),
            KeyVaultNames = options.Get<string[]>("AzureKeyVaultName") ?? [],
        };
        if (sandbox?.Find("azure") is not { } azure)
            return connection;
        var authority = Convert.FromBase64String(azure["caCertificate"]);
        connection = connection with
        {
            Loopback = new AzureLoopback(int.Parse(azure["port"], CultureInfo.InvariantCulture), authority),
        };
        return connection.Credential != AzureCredential.Default
            ? connection
            : connection with
            {
                TenantId = connection.TenantId ?? azure["tenantId"],
                ClientId = azure["clientId"],
                ClientSecret = new Secret(azure["clientSecret"]),
            };
    }
}

/// <summary>
/// A sandbox on the loopback address: requests keep the names of Azure's hosts, but go to this port. Its certificate
/// authority is trusted for this connection only, never by the machine.
/// </summary>
/// <param name="Port">Port on 127.0.0.1.</param>
/// <param name="Authority">The certificate authority that the sandbox created at start, DER-encoded.</param>
internal sealed record AzureLoopback(int Port, ReadOnlyMemory<byte> Authority);
