using System.Globalization;
using System.IO;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Transform;

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
    public CloudTrailClient(ThinServiceConfig config)
        : base(config) { }

    public CloudTrailClient(AWSCredentials credentials, ThinServiceConfig config)
        : base(credentials, config) { }

    protected override IServiceMetadata ServiceMetadata { get; } = new ThinServiceMetadata("CloudTrail");

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
        pipeline.AddHandlerAfter<Marshaller>(new ThinEndpointResolver());
        pipeline.AddHandlerAfter<ThinEndpointResolver>(new ThinAuthHandler());
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
