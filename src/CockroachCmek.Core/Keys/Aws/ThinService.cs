using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.Credentials.Internal;
using Amazon.Runtime.Endpoints;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Auth;
using Amazon.SecurityToken;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>Names a service to the SDK.</summary>
internal sealed class ThinServiceMetadata(string serviceId) : IServiceMetadata
{
    public string ServiceId => serviceId;

    public IDictionary<string, string> OperationNameMapping { get; } = new Dictionary<string, string>();
}

/// <summary>Settings of a thin client: one address and one signing region.</summary>
internal sealed class ThinServiceConfig : ClientConfig
{
    private readonly string _signingName;
    private readonly string _version;

    private ThinServiceConfig(string serviceId, string signingName, string version, string region, string host)
        : base(new DefaultConfigurationProvider(AmazonSecurityTokenServiceDefaultConfiguration.GetAllConfigurations()))
    {
        (_signingName, _version) = (signingName, version);
        ServiceId = serviceId;
        AuthenticationServiceName = signingName;
        // Set now: the getter, when it has to look for a region, discards a ServiceURL that came from AWS_ENDPOINT_URL.
        RegionEndpoint = RegionEndpoint.GetBySystemName(region);
        EndpointProvider = new ThinEndpointProvider(this, signingName, region, host);
    }

    /// <summary>IAM has one address for each partition.</summary>
    public static ThinServiceConfig Iam(AwsPartition partition) =>
        new("IAM", "iam", IamMarshaller.Version, partition.IamSigningRegion, partition.IamHost);

    /// <summary>CloudTrail has one in each region.</summary>
    public static ThinServiceConfig CloudTrail(string region) =>
        new(
            "CloudTrail",
            "cloudtrail",
            "2013-11-01",
            region,
            $"cloudtrail.{region}.{RegionEndpoint.GetBySystemName(region).PartitionDnsSuffix}"
        );

    public override string RegionEndpointServiceName => _signingName;

    public override string ServiceVersion => _version;

    public override string UserAgent { get; } = "CockroachCmek";

    public override Endpoint DetermineServiceOperationEndpoint(ServiceOperationEndpointParameters parameters) =>
        EndpointProvider.ResolveEndpoint(new EndpointParameters());
}

/// <summary>The service's address, unless the configuration has one of its own.</summary>
internal sealed class ThinEndpointProvider(ClientConfig config, string signingName, string region, string host)
    : IEndpointProvider
{
    public Endpoint ResolveEndpoint(EndpointParameters parameters)
    {
        var url = string.IsNullOrEmpty(config.ServiceURL) ? $"https://{host}" : config.ServiceURL;
        var scheme = $$"""{"name":"sigv4","signingName":"{{signingName}}","signingRegion":"{{region}}"}""";
        return new Endpoint(url.TrimEnd('/'), $$"""{"authSchemes":[{{scheme}}]}""", "{}");
    }
}

/// <summary>Resolves the address in the SDK's pipeline.</summary>
internal sealed class ThinEndpointResolver : BaseEndpointResolver
{
    protected override void ServiceSpecificHandler(IExecutionContext executionContext, EndpointParameters parameters) =>
        InjectHostPrefix(executionContext.RequestContext);

    protected override EndpointParameters MapEndpointsParameters(IRequestContext requestContext) => new();
}

/// <summary>Signs with Signature Version 4.</summary>
internal sealed class ThinAuthHandler : BaseAuthResolverHandler
{
    protected override List<IAuthSchemeOption> ResolveAuthOptions(IExecutionContext executionContext) =>
        [.. AuthSchemeOption.DEFAULT_SIGV4];
}
