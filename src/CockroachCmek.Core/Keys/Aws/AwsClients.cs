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
/// <remarks>
/// KMS may be called with other credentials than IAM: with the profile of the account that holds the keys.
/// </remarks>
internal sealed class AwsClients : IDisposable
{
    private readonly AwsConnection _connection;
    private readonly ConcurrentDictionary<string, IAmazonKeyManagementService> _kms = new();
    private readonly ConcurrentDictionary<string, IAwsIam> _iam = new();
    private readonly ConcurrentDictionary<(string Region, bool OfKeys), IAmazonSecurityTokenService> _sts = new();
    private readonly ConcurrentDictionary<(string, bool), CloudTrailClient> _cloudTrail = new();
    private readonly ConcurrentDictionary<(string, bool), TrailPace> _paceOfTrail = new();
    private readonly ConcurrentDictionary<string, bool> _newPrincipals = new();
    private readonly Lazy<AWSCredentials?> _credentials;
    private readonly AwsCredentialUse _use;
    private readonly AwsCredentialUse _useOfKeys;

    public AwsClients(AwsConnection connection)
    {
        _connection = connection;
        _credentials = new(() => CredentialsOf(connection));
        _use = new AwsCredentialUse(Sts);
        _useOfKeys = connection.KeyProfileName is null ? _use : new AwsCredentialUse(StsOfKeys);
    }

    /// <summary>True when the keys have credentials of their own.</summary>
    public bool HasKeyProfile => _connection.KeyProfileName is not null;

    /// <summary>KMS in a region, with the credentials for keys.</summary>
    public IAmazonKeyManagementService Kms(string region) => _kms.GetOrAdd(region, r =>
        {
            var config = Configured(new AmazonKeyManagementServiceConfig(), r, ofKeys: true);
            return _useOfKeys.Watch(
                CredentialsFor(ofKeys: true) is { } credentials
                    ? new AmazonKeyManagementServiceClient(credentials, config)
                    : new AmazonKeyManagementServiceClient(config),
                r
            );
        });

    /// <summary>STS in a region, with the credentials for IAM.</summary>
    public IAmazonSecurityTokenService Sts(string region) => Sts(region, ofKeys: false);

    /// <summary>STS in a region, with the credentials for keys.</summary>
    public IAmazonSecurityTokenService StsOfKeys(string region) => Sts(region, ofKeys: HasKeyProfile);

    /// <summary>IAM of a partition.</summary>
    public IAwsIam Iam(AwsPartition partition) => _iam.GetOrAdd(partition.Name, _ =>
        {
            var config = ThinServiceConfig.Iam(partition);
            Configure(config, ofKeys: false);
            return _use.Watch(
                CredentialsFor(ofKeys: false) is { } credentials
                    ? new IamClient(credentials, config)
                    : new IamClient(config),
                partition.IamSigningRegion
            );
        });

    /// <summary>CloudTrail in a region, with the credentials for IAM or for keys.</summary>
    public CloudTrailClient CloudTrail(string region, bool ofKeys) =>
        _cloudTrail.GetOrAdd((region, ofKeys && HasKeyProfile), _ =>
        {
            var config = Configured(ThinServiceConfig.CloudTrail(region), region, ofKeys);
            return (ofKeys ? _useOfKeys : _use).Watch(
                CredentialsFor(ofKeys) is { } credentials
                    ? new CloudTrailClient(credentials, config)
                    : new CloudTrailClient(config),
                region
            );
        });

    /// <summary>The pace of the calls to CloudTrail in a region.</summary>
    public TrailPace PaceOfTrail(string region, bool ofKeys) =>
        _paceOfTrail.GetOrAdd((region, ofKeys && HasKeyProfile), _ => new TrailPace());

    /// <summary>Notes a principal that this session created: the other services do not know it for a while.</summary>
    public void AddNew(string principal) => _newPrincipals[principal] = true;

    /// <summary>True for a principal that this session created.</summary>
    public bool IsNew(string principal) => _newPrincipals.ContainsKey(principal);

    public void Dispose()
    {
        foreach (
            var client in _kms.Values.Concat<IDisposable>(_iam.Values).Concat(_sts.Values).Concat(_cloudTrail.Values)
        )
            client.Dispose();
    }

    private IAmazonSecurityTokenService Sts(string region, bool ofKeys) => _sts.GetOrAdd((region, ofKeys), _ =>
        {
            var config = Configured(new AmazonSecurityTokenServiceConfig(), region, ofKeys);
            return (ofKeys ? _useOfKeys : _use).Watch(
                CredentialsFor(ofKeys) is { } credentials
                    ? new AmazonSecurityTokenServiceClient(credentials, config)
                    : new AmazonSecurityTokenServiceClient(config),
                region
            );
        });

    private AWSCredentials? CredentialsFor(bool ofKeys) => ofKeys && HasKeyProfile ? null : _credentials.Value;

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

    private T Configured<T>(T config, string region, bool ofKeys)
        where T : ClientConfig
    {
        config.RegionEndpoint = RegionEndpoint.GetBySystemName(region);
        Configure(config, ofKeys);
        // With one address for all regions (a sandbox, AWS_ENDPOINT_URL) the SDK would sign for us-east-1 everywhere.
        config.AuthenticationRegion = region;
        return config;
    }

    private void Configure(ClientConfig config, bool ofKeys)
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
        if (((ofKeys ? _connection.KeyProfileName : null) ?? _connection.ProfileName) is { } profile)
            config.Profile = new Profile(profile);
        if (_connection.Endpoint is not { } endpoint)
            return;
        if (endpoint.Scheme != Uri.UriSchemeHttps && !endpoint.IsLoopback)
            throw Errors.InsecureEndpoint(endpoint);
        config.ServiceURL = endpoint.ToString();
#if NETFRAMEWORK
        if (endpoint.IsLoopback)
            // None, because a proxy reads what is sent in clear. The SDK needs an address: this one serves nobody.
            config.SetWebProxy(new System.Net.WebProxy(endpoint, BypassOnLocal: true, BypassList: [".*"]));
#endif
    }
}
