using System.Collections.Concurrent;
using Amazon;
using Amazon.KeyManagementService;
using Amazon.Runtime;
using Amazon.SecurityToken;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>The SDK's clients for one connection: KMS one for each region, IAM one for each partition. The SDK's retries are off: they know neither our clock nor which writes are safe.</summary>
internal sealed class AwsClients(AwsConnection connection) : IDisposable
{
    private readonly ConcurrentDictionary<string, IAmazonKeyManagementService> _kms = new();
    private readonly ConcurrentDictionary<string, IAwsIam> _iam = new();
    private readonly ConcurrentDictionary<string, IAmazonSecurityTokenService> _sts = new();
    private AWSCredentials? _credentials;

    public IAmazonKeyManagementService Kms(string region) => _kms.GetOrAdd(region, r =>
        {
            var config = new AmazonKeyManagementServiceConfig { RegionEndpoint = RegionEndpoint.GetBySystemName(r) };
            Configure(config);
            config.AuthenticationRegion = r; // with one address for all regions (AWS_ENDPOINT_URL too) the SDK would sign every one as us-east-1
            return Credentials is { } credentials
                ? new AmazonKeyManagementServiceClient(credentials, config)
                : new AmazonKeyManagementServiceClient(config);
        });

    public IAmazonSecurityTokenService Sts(string region) => _sts.GetOrAdd(region, r =>
        {
            var config = new AmazonSecurityTokenServiceConfig { RegionEndpoint = RegionEndpoint.GetBySystemName(r) };
            Configure(config);
            config.AuthenticationRegion = r; // with one address for all regions (AWS_ENDPOINT_URL too) the SDK would sign every one as us-east-1
            return Credentials is { } credentials
                ? new AmazonSecurityTokenServiceClient(credentials, config)
                : new AmazonSecurityTokenServiceClient(config);
        });

    public IAwsIam Iam(AwsPartition partition) =>
        _iam.GetOrAdd(partition.Name, _ =>
            Credentials is { } credentials
                ? new IamClient(credentials, partition, Configure)
                : new IamClient(partition, Configure)
        );

    public void Dispose()
    {
        foreach (var client in _kms.Values)
            client.Dispose();
        foreach (var client in _iam.Values)
            client.Dispose();
        foreach (var client in _sts.Values)
            client.Dispose();
    }

    private AWSCredentials? Credentials =>
        _credentials ??=
            connection.AccessKeyId is { } id
            && connection.SecretAccessKey is { } secret
            && connection.ProfileName is null
                ? connection.SessionToken is { } token
                    ? new SessionAWSCredentials(id, secret.Reveal(), token.Reveal())
                    : new BasicAWSCredentials(id, secret.Reveal())
                : null;

    private void Configure(ClientConfig config)
    {
        config.MaxErrorRetry = 0;
        // Not the same: it repeats a request, CreateKey too, whose pooled connection was reset after it may have been processed.
        config.MaxStaleConnectionRetries = 0;
        config.LogResponse = false;
        config.DisableLogging = true;
        if (connection.ProfileName is { } profile)
            config.Profile = new Profile(profile);
        if (connection.Endpoint is not { } endpoint)
            return;
        if (endpoint.Scheme != Uri.UriSchemeHttps && !endpoint.IsLoopback)
            throw Errors.InsecureEndpoint(endpoint);
        config.ServiceURL = endpoint.ToString();
    }
}
