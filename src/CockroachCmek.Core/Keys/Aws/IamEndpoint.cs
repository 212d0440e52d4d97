using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.Credentials.Internal;
using Amazon.Runtime.Endpoints;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Auth;
using Amazon.SecurityToken;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>Names IAM to the SDK.</summary>
internal sealed class IamMetadata : IServiceMetadata
{
    public string ServiceId => "IAM";

    public IDictionary<string, string> OperationNameMapping { get; } = new Dictionary<string, string>();
}

/// <summary>Settings of the IAM client: one address and one signing region for each partition.</summary>
internal sealed class IamConfig : ClientConfig
{
    public IamConfig(AwsPartition partition)
        : base(new DefaultConfigurationProvider(AmazonSecurityTokenServiceDefaultConfiguration.GetAllConfigurations()))
    {
        ServiceId = "IAM";
        AuthenticationServiceName = "iam";
        // Set now: the getter, when it has to look for a region, discards a ServiceURL that came from AWS_ENDPOINT_URL.
        RegionEndpoint = RegionEndpoint.GetBySystemName(partition.IamSigningRegion);
        EndpointProvider = new IamEndpointProvider(this, partition);
    }

    public override string RegionEndpointServiceName => "iam";

    public override string ServiceVersion => IamMarshaller.Version;

    public override string UserAgent { get; } = "CockroachCmek";

    public override Endpoint DetermineServiceOperationEndpoint(ServiceOperationEndpointParameters parameters) =>
        EndpointProvider.ResolveEndpoint(new EndpointParameters());
}

/// <summary>The partition's address, unless the configuration has one of its own.</summary>
internal sealed class IamEndpointProvider(ClientConfig config, AwsPartition partition) : IEndpointProvider
{
    public Endpoint ResolveEndpoint(EndpointParameters parameters)
    {
        var url = string.IsNullOrEmpty(config.ServiceURL) ? $"https://{partition.IamHost}" : config.ServiceURL;
        var scheme = $$"""{"name":"sigv4","signingName":"iam","signingRegion":"{{partition.IamSigningRegion}}"}""";
        return new Endpoint(url.TrimEnd('/'), $$"""{"authSchemes":[{{scheme}}]}""", "{}");
    }
}

/// <summary>Resolves the address in the SDK's pipeline.</summary>
internal sealed class IamEndpointResolver : BaseEndpointResolver
{
    protected override void ServiceSpecificHandler(IExecutionContext executionContext, EndpointParameters parameters) =>
        InjectHostPrefix(executionContext.RequestContext);

    protected override EndpointParameters MapEndpointsParameters(IRequestContext requestContext) => new();
}

/// <summary>Signs with Signature Version 4.</summary>
internal sealed class IamAuthHandler : BaseAuthResolverHandler
{
    protected override List<IAuthSchemeOption> ResolveAuthOptions(IExecutionContext executionContext) =>
        [.. AuthSchemeOption.DEFAULT_SIGV4];
}
