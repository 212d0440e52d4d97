using System.Net.Http;
using CockroachCmek.Core.Http;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// How the module reaches the customer's Google Cloud. Default: application default credentials, and the project that
/// they or the environment name.
/// </summary>
internal sealed record GcpConnection
{
    /// <summary>
    /// Project that keys and service accounts are created in. Default: GOOGLE_CLOUD_PROJECT, then the credentials'
    /// project, then the machine's.
    /// </summary>
    public string? Project { get; init; }

    /// <summary>
    /// Credential file: a service account's key, workload identity (external_account), authorized_user or
    /// impersonated_service_account. Default: application default credentials.
    /// </summary>
    public string? CredentialFile { get; init; }

    /// <summary>An OAuth access token, used as it is. It cannot be renewed.</summary>
    public Secret? AccessToken { get; init; }

    /// <summary>Project whose quota the calls count against. Default: the credentials' own.</summary>
    public string? QuotaProject { get; init; }

    /// <summary>One address for all services, for a sandbox; null for Google Cloud itself.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>Carries the requests, in tests; null for the platform's own handler.</summary>
    internal HttpMessageHandler? Handler { get; init; }

    /// <summary>
    /// The connection of a session, from the parameters of Connect-CrdbCloud. On a sandbox the address is always the
    /// sandbox's, and its credentials and project are the default.
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
