using System.Net;
using System.Xml.Linq;
using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.Credentials.Internal;
using Amazon.Runtime.Endpoints;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Transform;
using Amazon.SecurityToken;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>A role as IAM tells it.</summary>
internal sealed record IamRole(
    string Name,
    string Arn,
    string UniqueId,
    string TrustPolicy,
    IReadOnlyDictionary<string, string> Tags
);

/// <summary>The operations of IAM that CMEK needs, named as in the vendor's SDK, which can replace this when its package can be had.</summary>
internal interface IAwsIam : IDisposable
{
    Task<IamRole> GetRoleAsync(string roleName, CancellationToken cancellationToken);

    Task<IamRole> CreateRoleAsync(
        string roleName,
        string path,
        string trustPolicy,
        string description,
        IReadOnlyDictionary<string, string> tags,
        CancellationToken cancellationToken
    );

    Task UpdateAssumeRolePolicyAsync(string roleName, string trustPolicy, CancellationToken cancellationToken);

    Task TagRoleAsync(string roleName, IReadOnlyDictionary<string, string> tags, CancellationToken cancellationToken);

    Task<IReadOnlyList<string>> ListRolePoliciesAsync(string roleName, CancellationToken cancellationToken);

    Task<IReadOnlyList<string>> ListAttachedRolePoliciesAsync(string roleName, CancellationToken cancellationToken);
}

/// <summary>
/// IAM's Query protocol on AWSSDK.Core's own pipeline: credentials, signing, clock skew, proxies and logging are the SDK's. AWSSDK.IdentityManagement
/// cannot be restored from the registry that CI reaches. Types of *.Internal namespaces are public without a promise: the version is pinned and tests cover this.
/// </summary>
internal sealed class IamClient : AmazonServiceClient, IAwsIam
{
    private const string Version = "2010-05-08";

    public IamClient(AwsPartition partition, Action<ClientConfig> configure)
        : base(Configured(partition, configure)) { }

    public IamClient(AWSCredentials credentials, AwsPartition partition, Action<ClientConfig> configure)
        : base(credentials, Configured(partition, configure)) { }

    protected override IServiceMetadata ServiceMetadata { get; } = new Metadata();

    public async Task<IamRole> GetRoleAsync(string roleName, CancellationToken cancellationToken) =>
        Role(await CallAsync("GetRole", cancellationToken, ("RoleName", roleName)));

    public async Task<IamRole> CreateRoleAsync(
        string roleName,
        string path,
        string trustPolicy,
        string description,
        IReadOnlyDictionary<string, string> tags,
        CancellationToken cancellationToken
    ) =>
        Role(
            await CallAsync(
                "CreateRole",
                cancellationToken,
                [
                    ("RoleName", roleName),
                    ("Path", path),
                    ("AssumeRolePolicyDocument", trustPolicy),
                    ("Description", description),
                    .. Tagged(tags),
                ]
            )
        );

    public Task UpdateAssumeRolePolicyAsync(string roleName, string trustPolicy, CancellationToken cancellationToken) =>
        CallAsync("UpdateAssumeRolePolicy", cancellationToken, ("RoleName", roleName), ("PolicyDocument", trustPolicy));

    public Task TagRoleAsync(
        string roleName,
        IReadOnlyDictionary<string, string> tags,
        CancellationToken cancellationToken
    ) => CallAsync("TagRole", cancellationToken, [("RoleName", roleName), .. Tagged(tags)]);

    public Task<IReadOnlyList<string>> ListRolePoliciesAsync(string roleName, CancellationToken cancellationToken) =>
        ListAsync(
            "ListRolePolicies",
            roleName,
            answer => [.. Named(answer, "PolicyNames").Elements().Select(m => m.Value)],
            cancellationToken
        );

    public Task<IReadOnlyList<string>> ListAttachedRolePoliciesAsync(
        string roleName,
        CancellationToken cancellationToken
    ) =>
        ListAsync(
            "ListAttachedRolePolicies",
            roleName,
            answer => [.. Named(answer, "AttachedPolicies").Elements().Select(m => Named(m, "PolicyArn").Value)],
            cancellationToken
        );

    protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
    {
        pipeline.RemoveHandler<EndpointResolver>();
        pipeline.AddHandlerAfter<Marshaller>(new IamEndpointResolver());
        pipeline.AddHandlerAfter<IamEndpointResolver>(new IamAuthHandler());
    }

    private async Task<IReadOnlyList<string>> ListAsync(
        string action,
        string roleName,
        Func<XElement, IEnumerable<string>> read,
        CancellationToken cancellationToken
    )
    {
        var all = new List<string>();
        string? marker = null;
        do
        {
            var answer = await CallAsync(
                action,
                cancellationToken,
                marker is null ? [("RoleName", roleName)] : [("RoleName", roleName), ("Marker", marker)]
            );
            all.AddRange(read(answer));
            marker =
                answer.Descendants().FirstOrDefault(e => e.Name.LocalName == "IsTruncated")?.Value == "true"
                    ? answer.Descendants().FirstOrDefault(e => e.Name.LocalName == "Marker")?.Value
                    : null;
        } while (marker is not null);

        return all;
    }

    private async Task<XElement> CallAsync(
        string action,
        CancellationToken cancellationToken,
        params (string Name, string Value)[] parameters
    )
    {
        var options = new InvokeOptions
        {
            RequestMarshaller = QueryMarshaller.Instance,
            ResponseUnmarshaller = QueryUnmarshaller.Instance,
        };
        return (
            await InvokeAsync<QueryResponse>(new QueryRequest(action, parameters), options, cancellationToken)
        ).Body;
    }

    private static IamConfig Configured(AwsPartition partition, Action<ClientConfig> configure)
    {
        var config = new IamConfig(partition);
        configure(config);
        return config;
    }

    private static IEnumerable<(string, string)> Tagged(IReadOnlyDictionary<string, string> tags) =>
        tags.SelectMany(
            (tag, i) => new[] { ($"Tags.member.{i + 1}.Key", tag.Key), ($"Tags.member.{i + 1}.Value", tag.Value) }
        );

    private static IamRole Role(XElement answer)
    {
        var role = Named(answer, "Role");
        var policy = Named(role, "AssumeRolePolicyDocument").Value;
        return new IamRole(
            Named(role, "RoleName").Value,
            Named(role, "Arn").Value,
            Named(role, "RoleId").Value,
            policy.StartsWith("%", StringComparison.Ordinal) ? Uri.UnescapeDataString(policy) : policy, // RFC 3986-encoded by IAM; some emulators send it plain
            role.Elements()
                .Where(e => e.Name.LocalName == "Tags")
                .Elements()
                .ToDictionary(t => Named(t, "Key").Value, t => Named(t, "Value").Value)
        );
    }

    private static XElement Named(XElement parent, string name) =>
        parent.DescendantsAndSelf().FirstOrDefault(e => e.Name.LocalName == name)
        ?? throw new AmazonUnmarshallingException($"IAM's answer has no {name}.", null, (Exception?)null);

    private sealed class Metadata : IServiceMetadata
    {
        public string ServiceId => "IAM";

        public IDictionary<string, string> OperationNameMapping { get; } = new Dictionary<string, string>();
    }

    private sealed class IamConfig : ClientConfig
    {
        public IamConfig(AwsPartition partition)
            : base(
                new DefaultConfigurationProvider(AmazonSecurityTokenServiceDefaultConfiguration.GetAllConfigurations())
            )
        {
            ServiceId = "IAM";
            AuthenticationServiceName = "iam";
            // Set now: the getter, when it has to look for a region, throws away a ServiceURL that came from AWS_ENDPOINT_URL.
            RegionEndpoint = RegionEndpoint.GetBySystemName(partition.IamSigningRegion);
            EndpointProvider = new IamEndpointProvider(this, partition);
        }

        public override string RegionEndpointServiceName => "iam";

        public override string ServiceVersion => Version;

        public override string UserAgent { get; } = "CockroachCmek";

        public override Endpoint DetermineServiceOperationEndpoint(ServiceOperationEndpointParameters parameters) =>
            EndpointProvider.ResolveEndpoint(new EndpointParameters());
    }

    private sealed class IamEndpointProvider(ClientConfig config, AwsPartition partition) : IEndpointProvider
    {
        public Endpoint ResolveEndpoint(EndpointParameters parameters) =>
            new(
                string.IsNullOrEmpty(config.ServiceURL)
                    ? $"https://{partition.IamHost}"
                    : config.ServiceURL.TrimEnd('/'),
                $$"""{"authSchemes":[{"name":"sigv4","signingName":"iam","signingRegion":"{{partition.IamSigningRegion}}"}]}""",
                "{}"
            );
    }

    private sealed class IamEndpointResolver : BaseEndpointResolver
    {
        protected override void ServiceSpecificHandler(
            IExecutionContext executionContext,
            EndpointParameters parameters
        ) => InjectHostPrefix(executionContext.RequestContext);

        protected override EndpointParameters MapEndpointsParameters(IRequestContext requestContext) => new();
    }

    private sealed class IamAuthHandler : BaseAuthResolverHandler
    {
        protected override List<Amazon.Runtime.Internal.Auth.IAuthSchemeOption> ResolveAuthOptions(
            IExecutionContext executionContext
        ) => [.. AuthSchemeOption.DEFAULT_SIGV4];
    }

    private sealed class QueryRequest(string action, (string Name, string Value)[] parameters) : AmazonWebServiceRequest
    {
        public string Action { get; } = action;

        public (string Name, string Value)[] Parameters { get; } = parameters;
    }

    private sealed class QueryResponse : AmazonWebServiceResponse
    {
        public XElement Body { get; init; } = new("Empty");
    }

    private sealed class QueryMarshaller : IMarshaller<IRequest, AmazonWebServiceRequest>
    {
        public static QueryMarshaller Instance { get; } = new();

        public IRequest Marshall(AmazonWebServiceRequest input)
        {
            var query = (QueryRequest)input;
            var request = new DefaultRequest(query, "Amazon.IdentityManagement");
            request.Parameters.Add("Action", query.Action);
            request.Parameters.Add("Version", Version);
            foreach (var (name, value) in query.Parameters)
                request.Parameters.Add(name, value);
            return request;
        }
    }

    private sealed class QueryUnmarshaller : XmlResponseUnmarshaller
    {
        public static QueryUnmarshaller Instance { get; } = new();

        public override AmazonWebServiceResponse Unmarshall(XmlUnmarshallerContext input)
        {
            var body = XDocument.Load(input.Stream).Root!;
            return new QueryResponse
            {
                Body = body,
                ResponseMetadata = new ResponseMetadata
                {
                    RequestId = body.Descendants().FirstOrDefault(e => e.Name.LocalName == "RequestId")?.Value,
                },
            };
        }

        public override AmazonServiceException UnmarshallException(
            XmlUnmarshallerContext input,
            Exception innerException,
            HttpStatusCode statusCode
        )
        {
            try
            {
                var body = XDocument.Load(input.Stream).Root!;
                string? Text(string name) => body.Descendants().FirstOrDefault(e => e.Name.LocalName == name)?.Value;
                return new AmazonServiceException(
                    Text("Message") ?? $"HTTP {(int)statusCode}",
                    innerException,
                    ErrorType.Unknown,
                    Text("Code") ?? statusCode.ToString(),
                    Text("RequestId"),
                    statusCode
                );
            }
            catch (System.Xml.XmlException)
            {
                // A proxy's page.
                return new AmazonServiceException(
                    $"HTTP {(int)statusCode}, and no answer of IAM",
                    innerException,
                    ErrorType.Unknown,
                    statusCode.ToString(),
                    null,
                    statusCode
                );
            }
        }
    }
}
