using System.IO;
using System.Net.Http;
using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Apis.Auth.OAuth2;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>The clients for one connection, with its credentials; made when first asked for.</summary>
internal sealed class GcpClients(GcpConnection connection) : IDisposable
{
    private const string Scope = "https://www.googleapis.com/auth/cloud-platform";

    private readonly SemaphoreSlim _once = new(1, 1);
    private readonly List<GcpRest> _services = [];
    private IGcpKms? _kms;
    private IGcpIam? _iam;
    private IGcpProjects? _projects;
    private GoogleCredential? _credential;

    /// <summary>Cloud KMS. <see cref="OpenAsync"/> comes first.</summary>
    public IGcpKms Kms => _kms ?? throw new InvalidOperationException("OpenAsync was not called.");

    /// <summary>IAM. <see cref="OpenAsync"/> comes first.</summary>
    public IGcpIam Iam => _iam ?? throw new InvalidOperationException("OpenAsync was not called.");

    /// <summary>Cloud Resource Manager. <see cref="OpenAsync"/> comes first.</summary>
    public IGcpProjects Projects => _projects ?? throw new InvalidOperationException("OpenAsync was not called.");

    /// <summary>The file that was named, or that the environment names: the SDK reads that variable once in the life of a process, and keeps what it found, a failure too.</summary>
    private string? CredentialFile =>
        connection.CredentialFile
        ?? (Environment.GetEnvironmentVariable("GOOGLE_APPLICATION_CREDENTIALS") is { Length: > 0 } file ? file : null);

    /// <summary>Finds the credentials: nothing is sent yet, but the metadata server may be asked whether it is there.</summary>
    /// <exception cref="CmekException">GcpCredentialsMissing.</exception>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        await _once.WaitAsync(cancellationToken);
        try
        {
            if (_kms is not null)
                return;
            try
            {
                _credential = await CredentialAsync(cancellationToken);
            }
            catch (Exception fault)
                when (fault
                        is InvalidOperationException
                            or IOException
                            or UnauthorizedAccessException
                            or JsonException
                            or ArgumentException
                            or FormatException
                )
            {
                throw GcpErrors.GcpCredentialsMissing(
                    CredentialFile is { } file ? $"{file}: {fault.Message}" : fault.Message,
                    fault
                );
            }

            if (_credential.IsCreateScopedRequired)
                _credential = _credential.CreateScoped(Scope);
            if (connection.QuotaProject is { } quota)
                _credential = _credential.CreateWithQuotaProject(quota);
            _iam = new GcpIamClient(Service("iam", "https://iam.googleapis.com/"));
            _projects = new GcpProjectsClient(
                Service("cloudresourcemanager", "https://cloudresourcemanager.googleapis.com/")
            );
            _kms = new GcpKmsClient(Service("cloudkms", "https://cloudkms.googleapis.com/"));
        }
        finally
        {
            _once.Release();
        }
    }

    /// <summary>The project to make things in: what was asked for, the session's, another that is known, the environment's, the credentials', the machine's.</summary>
    /// <exception cref="CmekException">ProjectUnknown.</exception>
    public async Task<string> ProjectAsync(string? asked, string? known, CancellationToken cancellationToken)
    {
        foreach (
            var project in new[]
            {
                asked,
                connection.Project,
                known,
                Environment.GetEnvironmentVariable("GOOGLE_CLOUD_PROJECT"),
                (_credential?.UnderlyingCredential as ServiceAccountCredential)?.ProjectId,
            }
        )
            if (!string.IsNullOrWhiteSpace(project))
                return project!.Trim();
        return _credential?.UnderlyingCredential is ComputeCredential
            ? await MachineProjectAsync(cancellationToken)
            : throw GcpErrors.ProjectUnknown();
    }

    public void Dispose()
    {
        foreach (var service in _services)
            service.Dispose();
        _once.Dispose();
    }

    private GcpRest Service(string name, string uri)
    {
        var service = new GcpRest(name, uri, connection, _credential!);
        _services.Add(service);
        return service;
    }

    private async Task<GoogleCredential> CredentialAsync(CancellationToken cancellationToken)
    {
        if (connection.AccessToken is { } token)
            return GoogleCredential.FromAccessToken(token.Reveal());
        if (CredentialFile is not { } file)
            return await GoogleCredential.GetApplicationDefaultAsync(cancellationToken);
        // The file says itself what it is; the SDK wants to be told, so that nobody takes a file of an unexpected kind from a stranger: this one is the user's own.
        using var reader = new StreamReader(file);
        var json = await reader.ReadToEndAsync(
#if NET
            cancellationToken
#endif
        );
        var type = (string?)JsonNode.Parse(json)?["type"]
            ?? throw new FormatException("it has no \"type\", so it is no file of Google credentials");
        return CredentialFactory.FromJson(json, type);
    }

    /// <summary>Where the machine's own account is used, its project is the metadata server's to say (cloud.google.com/compute/docs/metadata).</summary>
    private static async Task<string> MachineProjectAsync(CancellationToken cancellationToken)
    {
        try
        {
            var host = Environment.GetEnvironmentVariable("GCE_METADATA_HOST") is { Length: > 0 } other
                ? other
                : "169.254.169.254";
            using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
            using var request = new HttpRequestMessage(
                HttpMethod.Get,
                new Uri($"http://{host}/computeMetadata/v1/project/project-id")
            );
            request.Headers.Add("Metadata-Flavor", "Google");
            using var response = await client.SendAsync(request, cancellationToken);
            if (!response.IsSuccessStatusCode)
                throw GcpErrors.ProjectUnknown();
#if NET
            return (await response.Content.ReadAsStringAsync(cancellationToken)).Trim();
#else
            return (await response.Content.ReadAsStringAsync()).Trim();
#endif
        }
        catch (Exception fault)
            when (fault is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw GcpErrors.ProjectUnknown();
        }
    }
}
