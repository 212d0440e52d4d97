using System.Net.Http;
using System.Text.Json.Nodes;
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
    /// The connection of a session: to a sandbox's Google Cloud, or with the parameters of Connect-CrdbCloud.
    /// </summary>
    public static GcpConnection Create(CloudOptions options, JsonObject? sandbox)
    {
        var connection = new GcpConnection { Project = options.Get<string>("GcpProject") };
        return sandbox?["gcp"] is { } gcp
            ? connection with
            {
                Endpoint = new Uri((string)gcp["endpoint"]!),
                AccessToken = new Secret((string)gcp["accessToken"]!),
                Project = connection.Project ?? (string)gcp["project"]!,
            }
            : connection with
            {
                CredentialFile = options.Get<string>("GcpCredentialFile"),
                AccessToken = options.Get<Secret>("GcpAccessToken"),
                QuotaProject = options.Get<string>("GcpQuotaProject"),
            };
    }
}
