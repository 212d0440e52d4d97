using System.Net;
using System.Xml;
using System.Xml.Linq;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Transform;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>A call of IAM's Query protocol.</summary>
internal sealed class IamRequest(string action, (string Name, string Value)[] parameters) : AmazonWebServiceRequest
{
    public string Action { get; } = action;

    public (string Name, string Value)[] Parameters { get; } = parameters;
}

/// <summary>A response of IAM: an XML document.</summary>
internal sealed class IamResponse : AmazonWebServiceResponse
{
    public XElement Body { get; init; } = new("Empty");
}

/// <summary>Writes a call as form fields.</summary>
internal sealed class IamMarshaller : IMarshaller<IRequest, AmazonWebServiceRequest>
{
    /// <summary>The version of IAM's API.</summary>
    public const string Version = "2010-05-08";

    public static IamMarshaller Instance { get; } = new();

    public IRequest Marshall(AmazonWebServiceRequest input)
    {
        var query = (IamRequest)input;
        var request = new DefaultRequest(query, "Amazon.IdentityManagement");
        request.Parameters.Add("Action", query.Action);
        request.Parameters.Add("Version", Version);
        foreach (var (name, value) in query.Parameters)
            request.Parameters.Add(name, value);
        return request;
    }
}

/// <summary>Reads responses and errors.</summary>
internal sealed class IamUnmarshaller : XmlResponseUnmarshaller
{
    public static IamUnmarshaller Instance { get; } = new();

    public override AmazonWebServiceResponse Unmarshall(XmlUnmarshallerContext input)
    {
        var body = XDocument.Load(input.Stream).Root!;
        return new IamResponse
        {
            Body = body,
            ResponseMetadata = new ResponseMetadata { RequestId = body.Optional("RequestId") },
        };
    }

    public override AmazonServiceException UnmarshallException(
        XmlUnmarshallerContext input,
        Exception innerException,
        HttpStatusCode statusCode
    )
    {
        string? message;
        string? code = null;
        string? requestId = null;
        try
        {
            var body = XDocument.Load(input.Stream).Root!;
            message = body.Optional("Message");
            code = body.Optional("Code");
            requestId = body.Optional("RequestId");
        }
        catch (XmlException)
        {
            message = $"HTTP {(int)statusCode}, not a response of IAM"; // for example a proxy's page
        }

        return new AmazonServiceException(
            message ?? $"HTTP {(int)statusCode}",
            innerException,
            ErrorType.Unknown,
            code ?? statusCode.ToString(),
            requestId,
            statusCode
        );
    }
}

/// <summary>
/// Reads elements by their local name: IAM's responses have a namespace, those of some emulators do not.
/// </summary>
internal static class IamElements
{
    /// <exception cref="AmazonUnmarshallingException">There is no such element.</exception>
    public static XElement Required(this XElement parent, string name) =>
        parent.DescendantsAndSelf().FirstOrDefault(e => e.Name.LocalName == name)
        ?? throw new AmazonUnmarshallingException($"IAM's response has no {name}.", null, (Exception?)null);

    /// <summary>The text of an element; null when there is none.</summary>
    public static string? Optional(this XElement parent, string name) =>
        parent.Descendants().FirstOrDefault(e => e.Name.LocalName == name)?.Value;
}
