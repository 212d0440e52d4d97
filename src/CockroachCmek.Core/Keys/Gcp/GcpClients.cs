using System.Net.Http;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys.Gcp.Logs;
using Google.Apis.Auth.OAuth2;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>The clients of one connection. They share its credentials, and so one access token.</summary>
internal sealed class GcpClients : IDisposable
{
    private readonly GcpConnection _connection;
    private readonly GoogleCredential _credential;
    private readonly List<GcpRest> _services = [];

    private GcpClients(GcpConnection connection, GoogleCredential credential)
    {
        _connection = connection;
        _credential = credential;
        Iam = new GcpIamClient(Service("iam"));
        Projects = new GcpProjectsClient(Service("cloudresourcemanager"));
        OrgPolicy = new GcpOrgPolicyClient(Service("orgpolicy"));
        Kms = new GcpKmsClient(Service("cloudkms"));
        Troubleshooter = new GcpTroubleshooterClient(Service("policytroubleshooter"));
        Logging = new GcpLoggingClient(Service("logging"));
    }

    /// <summary>Cloud KMS.</summary>
    public IGcpKms Kms { get; }

    /// <summary>IAM.</summary>
    public IGcpIam Iam { get; }

    /// <summary>Cloud Resource Manager.</summary>
    public IGcpProjects Projects { get; }

    /// <summary>Organization Policy.</summary>
    public IGcpOrgPolicy OrgPolicy { get; }

    /// <summary>Policy Troubleshooter.</summary>
    public IGcpTroubleshooter Troubleshooter { get; }

    /// <summary>Cloud Logging.</summary>
    public IGcpLogging Logging { get; }

    /// <summary>Paces the lists of log entries.</summary>
    public GcpLogQuota LogQuota { get; } = new();

    /// <summary>The account of the credentials; null where only the token knows it.</summary>
    public string? CallerEmail =>
        _credential.UnderlyingCredential switch
        {
            ImpersonatedCredential impersonated => impersonated.TargetPrincipal,
            ServiceAccountCredential account => account.Id,
            _ => null,
        };

    /// <summary>Finds the credentials and creates the clients. No API call is sent.</summary>
    /// <exception cref="CmekException">GcpCredentialsMissing, InsecureEndpoint.</exception>
    public static async Task<GcpClients> ConnectAsync(GcpConnection connection, CancellationToken cancellationToken)
    {
        if (connection.Endpoint is { } endpoint && endpoint.Scheme != Uri.UriSchemeHttps && !endpoint.IsLoopback)
            throw Errors.InsecureEndpoint(endpoint);
        return new GcpClients(connection, await GcpCredentials.FindAsync(connection, cancellationToken));
    }

    /// <summary>
    /// The project to create things in, from the first that names one: the request, the session, another known
    /// project, the environment, the credentials, the machine.
    /// </summary>
    /// <exception cref="CmekException">ProjectUnknown.</exception>
    public async Task<string> ResolveProjectAsync(string? requested, string? known, CancellationToken cancellationToken)
    {
        var project = new[]
        {
            requested,
            _connection.Project,
            known,
            Environment.GetEnvironmentVariable("GOOGLE_CLOUD_PROJECT"),
            (_credential.UnderlyingCredential as ServiceAccountCredential)?.ProjectId,
        }.FirstOrDefault(p => !string.IsNullOrWhiteSpace(p));
        if (project is not null)
            return project.Trim();
        return _credential.UnderlyingCredential is ComputeCredential
            ? await ReadMachineProjectAsync(cancellationToken)
            : throw GcpErrors.ProjectUnknown();
    }

    public void Dispose()
    {
        foreach (var service in _services)
            service.Dispose();
    }

    private GcpRest Service(string name)
    {
        var service = new GcpRest(name, $"https://{name}.googleapis.com/", _connection, _credential);
        _services.Add(service);
        return service;
    }

    /// <summary>The machine's project, from the metadata server (cloud.google.com/compute/docs/metadata).</summary>
    private static async Task<string> ReadMachineProjectAsync(CancellationToken cancellationToken)
    {
        var host = Environment.GetEnvironmentVariable("GCE_METADATA_HOST") is { Length: > 0 } given
            ? given
            : "169.254.169.254";
        using var client = new HttpClient(Handlers.Create(GcpHttp.Peer)) { Timeout = TimeSpan.FromSeconds(10) };
        using var request = new HttpRequestMessage(
            HttpMethod.Get,
            new Uri($"http://{host}/computeMetadata/v1/project/project-id")
        );
        request.Headers.Add("Metadata-Flavor", "Google");
        try
        {
            using var response = await client.SendAsync(request, cancellationToken);
            if (!response.IsSuccessStatusCode)
                throw GcpErrors.ProjectUnknown();
            return (await GcpRest.ReadTextAsync(response.Content, cancellationToken)).Trim();
        }
        catch (Exception error)
            when (error is HttpRequestException or TaskCanceledException or CmekException
                && !cancellationToken.IsCancellationRequested
            )
        {
            throw GcpErrors.ProjectUnknown();
        }
    }
}
