using System.Globalization;
using System.Net.Http;
using CockroachCmek.Core.Http;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>How the customer's Azure is reached. Without anything set: the public cloud, the usual chain of credentials, the tenant that these belong to.</summary>
internal sealed record AzureConnection
{
    /// <summary>Which of Microsoft's clouds.</summary>
    public AzureEnvironment Environment { get; init; }

    /// <summary>Whose credentials.</summary>
    public AzureCredential Credential { get; init; }

    /// <summary>Client id of a user-assigned managed identity, or of the application that <see cref="ClientSecret"/> belongs to. Never sent unless given: Azure Automation refuses it.</summary>
    public string? ClientId { get; init; }

    /// <summary>Secret of the application <see cref="ClientId"/>, where credentials are given and not looked for.</summary>
    public Secret? ClientSecret { get; init; }

    /// <summary>The tenant; null for the one that the credentials belong to.</summary>
    public string? TenantId { get; init; }

    /// <summary>The subscription that holds the vaults; null to search all that the credentials see.</summary>
    public string? SubscriptionId { get; init; }

    /// <summary>A sandbox on this machine that answers for every host of Azure; null for Azure itself.</summary>
    public AzureLoopback? Loopback { get; init; }

    /// <summary>What carries the requests, in unit tests; null for the platform's own.</summary>
    internal HttpMessageHandler? Handler { get; init; }

    /// <summary>
    /// The connection of a session: what Connect-CrdbCloud was given. On a sandbox the address is always the sandbox's, and its
    /// credentials are the default.
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
/// A sandbox on the loopback address: requests keep the names of Azure's hosts, and go to this port instead. Its certificate authority is
/// trusted for this connection alone, never by the machine.
/// </summary>
/// <param name="Port">Port on 127.0.0.1.</param>
/// <param name="Authority">The certificate authority that the sandbox made at start, DER.</param>
internal sealed record AzureLoopback(int Port, ReadOnlyMemory<byte> Authority);
