using System.Globalization;
using System.IO;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.Credentials.Internal;
using Amazon.Runtime.Endpoints;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Auth;
using Amazon.Runtime.Internal.Transform;
using Amazon.SecurityToken;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>A page of CloudTrail's event history.</summary>
/// <param name="Events">The records, newest first, as CloudTrail wrote them.</param>
/// <param name="NextToken">The token of the next page; null for the last one.</param>
internal sealed record TrailPage(IReadOnlyList<JsonObject> Events, string? NextToken);

/// <summary>
/// CloudTrail's LookupEvents (JSON 1.1) on AWSSDK.Core's own pipeline: its package cannot be restored, see
/// <see cref="IamClient"/>.
/// </summary>
internal sealed class CloudTrailClient : AmazonServiceClient
{
    /// <summary>With the SDK's credential chain.</summary>
    public CloudTrailClient(CloudTrailConfig config)
        : base(config) { }

    public CloudTrailClient(AWSCredentials credentials, CloudTrailConfig config)
        : base(credentials, config) { }

    protected override IServiceMetadata ServiceMetadata { get; } = new CloudTrailMetadata();

    /// <summary>A page of entries with one attribute, newest first.</summary>
    /// <param name="token">
    /// The token of the page before, which came from the same parameters; null for the first.
    /// </param>
    public async Task<TrailPage> LookupEventsAsync(
        string attribute,
        string value,
        DateTimeOffset since,
        string? token,
        CancellationToken cancellationToken
    )
    {
        var body = new JsonObject
        {
            ["LookupAttributes"] = new JsonArray(
                new JsonObject { ["AttributeKey"] = attribute, ["AttributeValue"] = value }
            ),
            ["StartTime"] = since.ToUnixTimeSeconds(),
            ["MaxResults"] = 50,
        };
        if (token is not null)
            body["NextToken"] = token;
        var options = new InvokeOptions
        {
            RequestMarshaller = CloudTrailMarshaller.Instance,
            ResponseUnmarshaller = CloudTrailUnmarshaller.Instance,
        };
        var response = await InvokeAsync<CloudTrailResponse>(new CloudTrailRequest(body), options, cancellationToken);
        return new TrailPage(
            [
                .. (response.Body["Events"] as JsonArray ?? [])
                    .Select(e => Parse((string?)e?["CloudTrailEvent"]))
                    .OfType<JsonObject>(),
            ],
            (string?)response.Body["NextToken"]
        );
    }

    protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
    {
        pipeline.RemoveHandler<EndpointResolver>();
        pipeline.AddHandlerAfter<Marshaller>(new IamEndpointResolver());
        pipeline.AddHandlerAfter<IamEndpointResolver>(new IamAuthHandler());
    }

    private static JsonObject? Parse(string? record)
    {
        try
        {
            return record is null ? null : JsonNode.Parse(record) as JsonObject;
        }
        catch (JsonException)
        {
            return null; // a record that was cut off: the others count
        }
    }
}

/// <summary>Names CloudTrail to the SDK.</summary>
internal sealed class CloudTrailMetadata : IServiceMetadata
{
    public string ServiceId => "CloudTrail";

    public IDictionary<string, string> OperationNameMapping { get; } = new Dictionary<string, string>();
}

/// <summary>Settings of the CloudTrail client of a region.</summary>
internal sealed class CloudTrailConfig : ClientConfig
{
    public CloudTrailConfig(string region)
        : base(new DefaultConfigurationProvider(AmazonSecurityTokenServiceDefaultConfiguration.GetAllConfigurations()))
    {
        ServiceId = "CloudTrail";
        AuthenticationServiceName = "cloudtrail";
        RegionEndpoint = RegionEndpoint.GetBySystemName(region);
        EndpointProvider = new CloudTrailEndpointProvider(this, region);
    }

    public override string RegionEndpointServiceName => "cloudtrail";

    public override string ServiceVersion => "2013-11-01";

    public override string UserAgent { get; } = "CockroachCmek";

    public override Endpoint DetermineServiceOperationEndpoint(ServiceOperationEndpointParameters parameters) =>
        EndpointProvider.ResolveEndpoint(new EndpointParameters());
}

/// <summary>The region's address, unless the configuration has one of its own.</summary>
internal sealed class CloudTrailEndpointProvider(ClientConfig config, string region) : IEndpointProvider
{
    public Endpoint ResolveEndpoint(EndpointParameters parameters)
    {
        var suffix = RegionEndpoint.GetBySystemName(region).PartitionDnsSuffix;
        var url = string.IsNullOrEmpty(config.ServiceURL) ? $"https://cloudtrail.{region}.{suffix}" : config.ServiceURL;
        var scheme = $$"""{"name":"sigv4","signingName":"cloudtrail","signingRegion":"{{region}}"}""";
        return new Endpoint(url.TrimEnd('/'), $$"""{"authSchemes":[{{scheme}}]}""", "{}");
    }
}

/// <summary>A call of LookupEvents.</summary>
internal sealed class CloudTrailRequest(JsonObject body) : AmazonWebServiceRequest
{
    public JsonObject Body { get; } = body;
}

/// <summary>The response to a call.</summary>
internal sealed class CloudTrailResponse : AmazonWebServiceResponse
{
    public JsonObject Body { get; init; } = [];
}

/// <summary>Writes a call as JSON.</summary>
internal sealed class CloudTrailMarshaller : IMarshaller<IRequest, AmazonWebServiceRequest>
{
    private const string Target = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents";

    public static CloudTrailMarshaller Instance { get; } = new();

    public IRequest Marshall(AmazonWebServiceRequest input)
    {
        var request = new DefaultRequest(input, "Amazon.CloudTrail")
        {
            HttpMethod = "POST",
            ResourcePath = "/",
            Content = Encoding.UTF8.GetBytes(((CloudTrailRequest)input).Body.ToJsonString()),
        };
        request.Headers["X-Amz-Target"] = Target;
        request.Headers["Content-Type"] = "application/x-amz-json-1.1";
        return request;
    }
}

/// <summary>
/// Reads responses and errors. Only the stream of the SDK's XML context is used: it parses nothing itself.
/// </summary>
internal sealed class CloudTrailUnmarshaller : XmlResponseUnmarshaller
{
    public static CloudTrailUnmarshaller Instance { get; } = new();

    public override AmazonWebServiceResponse Unmarshall(XmlUnmarshallerContext input) =>
        new CloudTrailResponse
        {
            Body = Read(input.Stream)
                ?? throw new AmazonUnmarshallingException("CloudTrail's response is not JSON.", null, (Exception?)null),
            ResponseMetadata = new ResponseMetadata { RequestId = RequestIdOf(input) },
        };

    public override AmazonServiceException UnmarshallException(
        XmlUnmarshallerContext input,
        Exception innerException,
        HttpStatusCode statusCode
    )
    {
        var body = Read(input.Stream);
        return new AmazonServiceException(
            (string?)(body?["message"] ?? body?["Message"])
                ?? string.Format(CultureInfo.InvariantCulture, "HTTP {0}", (int)statusCode),
            innerException,
            ErrorType.Unknown,
            ((string?)body?["__type"])?.Split('#').Last() ?? statusCode.ToString(),
            RequestIdOf(input),
            statusCode
        );
    }

    private static string? RequestIdOf(XmlUnmarshallerContext input) =>
        input.ResponseData.IsHeaderPresent("x-amzn-RequestId")
            ? input.ResponseData.GetHeaderValue("x-amzn-RequestId")
            : null;

    private static JsonObject? Read(Stream stream)
    {
        try
        {
            return JsonNode.Parse(stream) as JsonObject;
        }
        catch (JsonException)
        {
            return null; // for example a proxy's page
        }
    }
}
