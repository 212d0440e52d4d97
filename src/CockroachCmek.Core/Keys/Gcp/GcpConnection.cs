using System.Net.Http;
using CockroachCmek.Core.Http;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>How the customer's Google Cloud is reached. Without anything set: application default credentials, and the project that they or the environment name.</summary>
internal sealed record GcpConnection
{
    /// <summary>Project that keys and service accounts are made in; null for that of GOOGLE_CLOUD_PROJECT, of the credentials, or of the metadata server.</summary>
    public string? Project { get; init; }

    /// <summary>File of credentials: a service account's key, workload identity (external_account), authorized_user or impersonated_service_account; null for the default ones.</summary>
    public string? CredentialFile { get; init; }

    /// <summary>An OAuth access token that is used as it is, instead of credentials that can be renewed.</summary>
    public Secret? AccessToken { get; init; }

    /// <summary>Project whose quota the calls are counted against; null for the credentials' own.</summary>
    public string? QuotaProject { get; init; }

    /// <summary>One address for all services, for a sandbox; null for Google Cloud itself.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>What carries the requests; null for the platform's own.</summary>
    internal HttpMessageHandler? Handler { get; init; }

    /// <summary>
    /// The connection of a session: what Connect-CrdbCloud was given. On a sandbox the address is always the sandbox's, and its
    /// credentials are the default.
    /// </summary>
    public static GcpConnection Create(CloudOptions options, SandboxClouds? sandbox)
    {
        var connection = new GcpConnection
        {
            Project = options.Get<string>("GcpProject"),
            CredentialFile = options.Get<string>("GcpCredentialFile"),
            AccessToken = options.Get<Secret>("GcpAccessToken"),
            QuotaProject = options.Get<string>("GcpQuotaProject"),
        };
        if (sandbox?.Find("gcp") is not { } gcp)
            return connection;
        return connection with
        {
            Endpoint = new Uri(gcp["endpoint"]),
            Project = connection.Project ?? gcp["project"],
            AccessToken =
                connection.AccessToken is null && connection.CredentialFile is null
                    ? new Secret(gcp["accessToken"])
                    : connection.AccessToken,
        };
    }
}
