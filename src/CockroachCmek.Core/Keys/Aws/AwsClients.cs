using System.Collections.Concurrent;
using Amazon;
using Amazon.KeyManagementService;
using Amazon.Runtime;
using Amazon.SecurityToken;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// The SDK's clients of one connection: one for each region, IAM one for each partition. They live as long as the
/// session. The SDK's own retries are off: it does not know the injected clock, nor which writes are safe to repeat.
/// </summary>
internal sealed class AwsClients(AwsConnection connection) : IDisposable
{
    private readonly ConcurrentDictionary<string, IAmazonKeyManagementService> _kms = new();
    private readonly ConcurrentDictionary<string, IAwsIam> _iam = new();
    private readonly ConcurrentDictionary<string, IAmazonSecurityTokenService> _sts = new();
    private readonly Lazy<AWSCredentials?> _credentials = new(() => CredentialsOf(connection));

    /// <summary>KMS in a region.</summary>
    public IAmazonKeyManagementService Kms(string region) => _kms.GetOrAdd(region, r =>
        {
            var config = Configured(new AmazonKeyManagementServiceConfig(), r);
            return _credentials.Value is { } credentials
                ? new AmazonKeyManagementServiceClient(credentials, config)
                : new AmazonKeyManagementServiceClient(config);
        });

    /// <summary>STS in a region.</summary>
    public IAmazonSecurityTokenService Sts(string region) => _sts.GetOrAdd(region, r =>
        {
            var config = Configured(new AmazonSecurityTokenServiceConfig(), r);
            return _credentials.Value is { } credentials
                ? new AmazonSecurityTokenServiceClient(credentials, config)
                : new AmazonSecurityTokenServiceClient(config);
        });

    /// <summary>IAM of a partition.</summary>
    public IAwsIam Iam(AwsPartition partition) => _iam.GetOrAdd(partition.Name, _ =>
        {
            var config = new IamConfig(partition);
            Configure(config);
            return _credentials.Value is { } credentials ? new IamClient(credentials, config) : new IamClient(config);
        });

    public void Dispose()
    {
        foreach (var client in _kms.Values.Concat<IDisposable>(_iam.Values).Concat(_sts.Values))
            client.Dispose();
    }

    private static AWSCredentials? CredentialsOf(AwsConnection connection)
    {
        if (
            connection.ProfileName is not null
            || connection.AccessKeyId is not { } id
            || connection.SecretAccessKey is not { } secret
        )
            return null;
        return connection.SessionToken is { } token
            ? new SessionAWSCredentials(id, secret.Reveal(), token.Reveal())
            : new BasicAWSCredentials(id, secret.Reveal());
    }

    private T Configured<T>(T config, string region)
        where T : ClientConfig
    {
        config.RegionEndpoint = RegionEndpoint.GetBySystemName(region);
        Configure(config);
        // With one address for all regions (a sandbox, AWS_ENDPOINT_URL) the SDK would sign for us-east-1 everywhere.
        config.AuthenticationRegion = region;
        return config;
    }

    private void Configure(ClientConfig config)
    {
        config.MaxErrorRetry = 0;
        // A separate retry: it repeats any request, CreateKey too, when a pooled connection was reset.
        config.MaxStaleConnectionRetries = 0;
        config.LogResponse = false;
        config.DisableLogging = true;
        config.AllowAutoRedirect = false;
#if NET
        config.HttpClientFactory = new AwsHttp();
#endif
        if (connection.ProfileName is { } profile)
            config.Profile = new Profile(profile);
        if (connection.Endpoint is not { } endpoint)
            return;
        if (endpoint.Scheme != Uri.UriSchemeHttps && !endpoint.IsLoopback)
            throw Errors.InsecureEndpoint(endpoint);
        config.ServiceURL = endpoint.ToString();
#if NETFRAMEWORK
        if (endpoint.IsLoopback)
            config.SetWebProxy(new System.Net.WebProxy()); // none: a proxy reads what is sent in clear
#endif
    }
}
